/* The child of a fork: what it does, and that it ended well. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_CHILD_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_CHILD_H

#include <sys/wait.h>
#include <unistd.h>

#include "tests/schemes/conformance/fixture.h"

/* What sanitizers cannot do: ThreadSanitizer starts no threads in the child of a process with threads, and the locks
 * of AddressSanitizer's allocator (gcc's before 14) stay held in a child whose parent's threads were allocating. */
#if defined(__SANITIZE_THREAD__)
#define FORK_CHILD_THREADS 0
#elif defined(__SANITIZE_ADDRESS__)
#define FORK_AT_WORK 0
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define FORK_CHILD_THREADS 0
#elif __has_feature(address_sanitizer)
#define FORK_AT_WORK 0
#endif
#endif
#ifndef FORK_CHILD_THREADS
#define FORK_CHILD_THREADS 1
#endif
#ifndef FORK_AT_WORK
#define FORK_AT_WORK 1
#endif

enum { FORK_HANG_SECONDS = 60 };

typedef void child_fn(void *argument);

/* Returns in the parent alone. */
static pid_t fork_child(child_fn *child, void *argument)
{
    struct thread *self = thread_self();
    fflush(NULL);
    thread_before_fork(self);
    pid_t pid = fork();
    thread_after_fork(self, pid == 0);
    CHECK(pid >= 0);
    if (pid == 0) {
        alarm(FORK_HANG_SECONDS);
        memory_fail_at(0);
        child(argument);
        _exit(0);
    }
    return pid;
}

/* Waits, detached, until the child has ended well. */
static void fork_await(pid_t pid)
{
    struct thread *self = thread_self();
    int status = 0;
    thread_detach(self);
    CHECK_INT(waitpid(pid, &status, 0), pid);
    thread_attach(self);
    if (status != 0)
        check_failed(__FILE__, __LINE__, "the child of a fork ended with status %#x", (unsigned)status);
}

#endif
