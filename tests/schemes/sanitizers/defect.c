/* defect WHAT: does one thing that a sanitizer must report, so that a silent sanitizer is a failed test. Leaks are
 * left in a child that calls exit, as the cases of the conformance suite are. */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Read by volatile pointers and values: the compiler knows nothing of them. */
static volatile int one = 1;
static int *volatile kept;

static void leak(void)
{
    pid_t child = fork();
    if (child == 0) {
        kept = malloc(40);
        kept = NULL;
        exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status != 0)
        printf("the child has failed\n");
}

static void use_after_free(void)
{
    kept = malloc(40);
    free(kept);
    *kept = 1;
}

static __attribute__((noinline)) void keep_local(void)
{
    int local = 1;
    kept = &local;
}

static void use_after_return(void)
{
    keep_local();
    *kept = 2;
}

static void signed_overflow(void) { printf("%d\n", INT32_MAX + one); }
static void shift_too_far(void) { printf("%d\n", one << (31 + one)); }
static void null_access(void) { printf("%d\n", *kept); }

static void index_past_end(void)
{
    int array[4] = {0};
    printf("%d\n", array[3 + one]);
}

static void misaligned(void)
{
    char bytes[16] = {0};
    kept = (int *)(void *)(bytes + ((uintptr_t)bytes % 4 == 0));
    printf("%d\n", *kept);
}

static void cast_too_large(void) { printf("%d\n", (int)(1e20 * one)); }

static void *count_up(void *argument)
{
    for (int i = 0; i < 100000; i++)
        (*(int *)argument)++;
    return NULL;
}

static void race(void)
{
    static int counter;
    pthread_t threads[2];
    for (int i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, count_up, &counter);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
}

#define DEFECTS(apply)                                                                                               \
    apply(leak) apply(use_after_free) apply(use_after_return) apply(signed_overflow) apply(shift_too_far)            \
        apply(null_access) apply(index_past_end) apply(misaligned) apply(cast_too_large) apply(race)

int main(int argc, char **argv)
{
#define RUN(name)                                                                                                    \
    if (argc == 2 && strcmp(argv[1], #name) == 0) {                                                                  \
        name();                                                                                                      \
        puts("done");                                                                                                \
        return 0;                                                                                                    \
    }
    DEFECTS(RUN)
    return 2;
}
