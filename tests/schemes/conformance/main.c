/* conformance: runs the suite on one variant. Each case runs in a process of its own, so that one which
 * crashes or hangs is one failure, and so that every case finds the model as new.
 *
 *   conformance --variant NAME [--case NAME]... [--here] [--verbose]     0: all passed, 1: not all
 *   conformance --list                                                   variants and cases
 *
 * --here runs the cases in this process, for a debugger. --verbose prints what cases have measured. */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/platform.h"
#include "tests/schemes/conformance/check.h"
#include "tests/schemes/conformance/memory.h"
#include "tests/schemes/conformance/suite.h"

#ifndef CONFORMANCE_REGISTRY
#define CONFORMANCE_REGISTRY "variants/variants.def"
#endif

#define VARIANT(name, ...) extern const struct suite conformance_##name;
#include CONFORMANCE_REGISTRY
#undef VARIANT

#define VARIANT(name, ...) &conformance_##name,
static const struct suite *const suites[] = {
#include CONFORMANCE_REGISTRY
};
#undef VARIANT

enum { SUITES = sizeof suites / sizeof *suites, EXIT_USAGE = 2, HANG_SECONDS = 120 };

static const struct suite *find_suite(const char *name)
{
    for (size_t i = 0; i < SUITES; i++)
        if (strcmp(suites[i]->variant, name) == 0)
            return suites[i];
    return NULL;
}

static const struct suite_case *find_case(const struct suite *suite, const char *name)
{
    for (size_t i = 0; i < suite->count; i++)
        if (strcmp(suite->cases[i].name, name) == 0)
            return &suite->cases[i];
    return NULL;
}

static void list_all(void)
{
    puts("variants:");
    for (size_t i = 0; i < SUITES; i++)
        printf("  %s\n", suites[i]->variant);
    puts("cases:");
    for (size_t i = 0; i < suites[0]->count; i++)
        printf("  %s\n", suites[0]->cases[i].name);
}

static void run_here(const struct suite *suite, const struct suite_case *one)
{
    static char context[100];
    snprintf(context, sizeof context, "%s/%s", suite->variant, one->name);
    check_context = context;
    one->run();
}

/* The status that waitpid gives. */
static int run_apart(const struct suite *suite, const struct suite_case *one)
{
    fflush(NULL);
    pid_t child = fork();
    if (child < 0)
        return -1;
    if (child == 0) {
        alarm(HANG_SECONDS); /* not caught: ends the process */
        run_here(suite, one);
        exit(0);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return status;
}

static bool run_case(const struct suite *suite, const struct suite_case *one, bool here)
{
    if (one->skip != NULL) {
        printf("skipped  %s: %s\n", one->name, one->skip);
        return true;
    }
    uint64_t begin = clock_ns();
    int status = 0;
    if (here)
        run_here(suite, one);
    else
        status = run_apart(suite, one);
    unsigned ms = (unsigned)((clock_ns() - begin) / 1000000);
    if (status == 0)
        printf("ok       %s (%u ms)\n", one->name, ms);
    else if (status > 0 && WIFSIGNALED(status))
        printf("FAIL     %s (signal %d after %u ms)\n", one->name, WTERMSIG(status), ms);
    else
        printf("FAIL     %s (status %d after %u ms)\n", one->name, status < 0 ? status : WEXITSTATUS(status), ms);
    return status == 0;
}

static int bad_usage(const char *what, const char *value)
{
    fprintf(stderr, "conformance: %s '%s'; usage: --variant NAME [--case NAME]... [--here] [--verbose] | --list\n",
            what, value);
    return EXIT_USAGE;
}

struct choice {
    const struct suite *suite;
    bool here;
    int cases; /* how many --case there are */
};

/* Is the case among those that --case chose? All are where there is none. */
static bool chosen(const struct choice *choice, const char *name, int argc, char **argv)
{
    bool found = choice->cases == 0;
    for (int i = 1; i + 1 < argc; i++)
        found |= strcmp(argv[i], "--case") == 0 && strcmp(argv[i + 1], name) == 0;
    return found;
}

static int parse(struct choice *choice, int argc, char **argv)
{
    const char *first_case = NULL;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--here") == 0) {
            choice->here = true;
        } else if (strcmp(argv[i], "--verbose") == 0) {
            check_verbose = true;
        } else if (strcmp(argv[i], "--variant") == 0 && i + 1 < argc) {
            if ((choice->suite = find_suite(argv[++i])) == NULL)
                return bad_usage("there is no variant", argv[i]);
        } else if (strcmp(argv[i], "--case") == 0 && i + 1 < argc) {
            first_case = argv[++i];
            choice->cases++;
            if (find_case(suites[0], first_case) == NULL)
                return bad_usage("there is no case", first_case);
        } else {
            return bad_usage("cannot use", argv[i]);
        }
    }
    return choice->suite != NULL ? 0 : bad_usage("missing", "--variant");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0) {
        list_all();
        return 0;
    }
    struct choice choice = {0};
    int bad = parse(&choice, argc, argv);
    if (bad != 0)
        return bad;
    unsigned failed = 0;
    for (size_t i = 0; i < choice.suite->count; i++) {
        const struct suite_case *one = &choice.suite->cases[i];
        if (chosen(&choice, one->name, argc, argv))
            failed += !run_case(choice.suite, one, choice.here);
    }
    printf("%s: %u failed\n", choice.suite->variant, failed);
    return failed != 0;
}
