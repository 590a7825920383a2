/* Ends a case that found something wrong. See check.h. */
#include "tests/conformance/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *check_context = "";

void check_failed(const char *file, int line, const char *format, ...)
{
    const char *slash = strrchr(file, '/');
    char message[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    fprintf(stderr, "%s: %s:%d: %s\n", check_context, slash != NULL ? slash + 1 : file, line, message);
    /* No handlers, no leak check: other threads are still running. */
    _exit(1);
}
