/* Ends a case that found something wrong, and prints what one has measured. See check.h. */
#include "tests/schemes/conformance/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *check_context = "";
bool check_verbose;

void check_measured(const char *what, const char *format, ...)
{
    if (!check_verbose)
        return;
    char value[100];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(value, sizeof value, format, arguments);
    va_end(arguments);
    printf("measured %s: %s: %s\n", check_context, what, value);
}

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
