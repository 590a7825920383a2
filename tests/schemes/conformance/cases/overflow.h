/* More references than a scheme can count: what it promises then (core/scheme/contract.h: RC_COUNT_MAX, RC_COUNT_ABORTS). */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_OVERFLOW_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_OVERFLOW_H

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/schemes/conformance/fixture.h"

#if RC_COUNT_MAX
static struct object *nearly_too_many(void)
{
    struct object *o = probe_new(0);
    rc_set_count(&o->rc, RC_COUNT_MAX - 1);
    check_count(o, RC_COUNT_MAX - 1);
    object_incref(o); /* the last one that is counted */
    probe_check(o);
    return o;
}
#else
static struct object *nearly_too_many(void) { return probe_new(0); }
#endif

/* The object stays, whatever is dropped afterwards; the test frees it. */
static void case_overflow_lives(void)
{
    fixture_open();
    struct object *o = nearly_too_many();
    for (int i = 0; i < 3; i++)
        object_incref(o);
    for (int i = 0; i < 1000; i++)
        object_decref(o);
    settle();
    check_deaths(0);
    probe_check(o);
    object_free(o, sizeof(struct probe));
    fixture_close();
}

static void overflow_in_child(void)
{
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    object_incref(nearly_too_many());
    _exit(0);
}

/* The process ends by SIGABRT with the increment that is one too many, and not before. */
static void case_overflow_aborts(void)
{
    fixture_open();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        overflow_in_child();
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGABRT);
    fixture_close();
}

#endif
