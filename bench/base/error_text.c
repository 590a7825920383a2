/* error_text.c - error texts of one line. See error_text.h. */
#include "bench/base/error_text.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>

int error_set(char *error, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (error != NULL && size > 0)
        (void)vsnprintf(error, size, format, arguments);
    va_end(arguments);
    return -1;
}

const char *error_quote(char out[ERROR_QUOTE_SIZE], const char *text, size_t length)
{
    size_t room = ERROR_QUOTE_SIZE - 4;
    size_t n = length < room ? length : room;
    for (size_t i = 0; i < n; i++)
        out[i] = iscntrl((unsigned char)text[i]) ? '?' : text[i];
    out[n] = '\0';
    if (n < length)
        (void)snprintf(out + n, ERROR_QUOTE_SIZE - n, "...");
    return out;
}
