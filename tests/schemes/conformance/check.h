/* How a case says that something is wrong: the first failed check ends the case's process, since what a
 * wrong count leaves behind cannot be trusted. Usable on any thread. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CHECK_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CHECK_H

#include <stdbool.h>
#include <stdint.h>

/* What is printed before the message: the running case. */
extern const char *check_context;

__attribute__((noreturn, format(printf, 3, 4))) void check_failed(const char *file, int line, const char *format,
                                                                  ...);

/* Whether somebody wants to know what cases measure (conformance --verbose), and a line for it. */
extern bool check_verbose;
__attribute__((format(printf, 2, 3))) void check_measured(const char *what, const char *format, ...);

#define CHECK(condition)                                                                                             \
    do {                                                                                                             \
        if (!(condition))                                                                                            \
            check_failed(__FILE__, __LINE__, "does not hold: %s", #condition);                                       \
    } while (0)

#define CHECK_INT(actual, expected)                                                                                  \
    do {                                                                                                             \
        int64_t check_actual = (int64_t)(actual), check_expected = (int64_t)(expected);                              \
        if (check_actual != check_expected)                                                                          \
            check_failed(__FILE__, __LINE__, "%s is %lld, not %lld", #actual, (long long)check_actual,               \
                         (long long)check_expected);                                                                 \
    } while (0)

#endif
