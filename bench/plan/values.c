/* The values that flags take. See values.h. */
#include "bench/plan/values.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/plan/refuse.h"

int value_whole(const char *flag, const char *value, struct whole_range range, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long number = strtoull(value, &end, 10);
    if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || number < range.least || number > range.most)
        return refuse(flag, value, "is not right; accepted: a whole number from %llu to %llu",
                      (unsigned long long)range.least, (unsigned long long)range.most);
    *out = number;
    return 0;
}

int value_decimal(const char *flag, const char *value, struct decimal_range range, double *out)
{
    char *end;
    double number = strtod(value, &end);
    if (end == value || *end != '\0' || !(number >= range.least && number <= range.most)) /* NaN is in no range */
        return refuse(flag, value, "is not right; accepted: %s from %.10g to %.10g", range.unit, range.least,
                      range.most);
    *out = number;
    return 0;
}

int value_word(const char *flag, const char *value, const char *kind, const char *const *words, unsigned *out)
{
    unsigned count = 0;
    for (; words[count] != NULL; count++) {
        if (strcmp(value, words[count]) == 0) {
            *out = count;
            return 0;
        }
    }
    return refuse_name(flag, value, kind, words, count);
}

int value_new_file(const char *flag, const char *path)
{
    struct stat found;
    if (path[0] == '\0')
        return refuse(flag, path, "is no file name; accepted: a new file name, or - for standard output");
    if (stat(path, &found) == 0 && S_ISREG(found.st_mode))
        return refuse(flag, path,
                      "is there already and would be lost; accepted: a new file name, or - for standard "
                      "output");
    return 0;
}
