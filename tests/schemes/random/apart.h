/* Runs something in a process of its own, since what a wrong count leaves behind cannot be trusted. */
#ifndef RCBENCH_TESTS_SCHEMES_RANDOM_APART_H
#define RCBENCH_TESTS_SCHEMES_RANDOM_APART_H

#include <stdbool.h>
#include <stddef.h>

typedef void apart_fn(void *argument);

/* The status that waitpid gives; 0: it returned and found nothing wrong. After `hang_seconds` (0: never) the process
 * is ended. `quiet`: what it says is thrown away. */
int apart_run(apart_fn *run, void *argument, bool quiet, unsigned hang_seconds);

/* Memory, zeroed, that such a process shares with this one. */
void *apart_shared(size_t size);

/* "exit status 1", "signal 11". Valid until the next call. */
const char *apart_says(int status);

#endif
