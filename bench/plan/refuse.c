/* What rcbench says about a command line that it cannot take. See refuse.h. */
#include "bench/plan/refuse.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "bench/base/suggest.h"

int refuse(const char *flag, const char *value, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "rcbench: %s: ", flag);
    if (value != NULL)
        fprintf(stderr, "'%s' ", value);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return -1;
}

int refuse_name(const char *flag, const char *value, const char *kind, const char *const *names, size_t count)
{
    const char *near = suggest(value, names, count);
    const char *article = strchr("aeiou", kind[0]) != NULL ? "an" : "a";
    if (near != NULL)
        return refuse(flag, value, "is not %s %s; did you mean '%s'?", article, kind, near);
    char all[1024] = "";
    for (size_t i = 0; i < count; i++) {
        strncat(all, i > 0 ? ", " : "", sizeof all - strlen(all) - 1);
        strncat(all, names[i], sizeof all - strlen(all) - 1);
    }
    return refuse(flag, value, "is not %s %s; accepted: %s", article, kind, all);
}
