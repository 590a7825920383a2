/* See watch.h. What runs in a handler of signals here calls nothing that is not safe there. */
#include "bench/trial/watch.h"

#include <stdio.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "bench/plan/cell.h"

static const struct crash {
    int number;
    const char *name;
} crashes[] = {{SIGSEGV, "SIGSEGV"}, {SIGBUS, "SIGBUS"}, {SIGILL, "SIGILL"}, {SIGFPE, "SIGFPE"}, {SIGABRT, "SIGABRT"}};

enum { CRASHES = sizeof crashes / sizeof *crashes };

/* So many alarms in a trial are a hang, not one: a process that was stopped finds one alarm when it goes on, however
 * long that was. */
enum { ALARMS = 4 };

static struct sigaction before[CRASHES];
static char cell_name[CELL_NAME_BYTES];
static volatile sig_atomic_t alarms;
static volatile sig_atomic_t watching;

static void say(const char *what, const char *detail)
{
    const char *const parts[] = {"rcbench: ", cell_name, ": ", what, detail,
                                 "; --resume --leave-out CELL goes on without it\n"};
    char line[CELL_NAME_BYTES + 160];
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const char *at = parts[i]; *at != '\0' && length < sizeof line; at++)
            line[length++] = *at;
    if (write(STDERR_FILENO, line, length) < 0)
        return; /* there is nobody else to tell */
}

/* The handler that was there before, or the default, then has the same crash: where an instruction has caused it, by
 * executing it again. */
static void on_crash(int number, siginfo_t *info, void *context)
{
    (void)context;
    for (size_t i = 0; i < CRASHES; i++) {
        if (crashes[i].number != number)
            continue;
        if (watching)
            say("the process crashed: ", crashes[i].name);
        sigaction(number, &before[i], NULL);
    }
    if (info->si_code <= 0) /* somebody has sent it */
        raise(number);
}

static void on_alarm(int number)
{
    (void)number;
    if (!watching || ++alarms < ALARMS)
        return;
    say("the trial hangs", "");
    _exit(1);
}

/* A sanitizer ends the process without a signal. */
static void on_death(void)
{
    if (watching)
        say("the process ends with a sanitizer's report", "");
}
extern void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

void watch_open(void)
{
    struct sigaction crash = {.sa_sigaction = on_crash, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i].number, &crash, &before[i]);
    struct sigaction alarm = {.sa_handler = on_alarm, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigaction(SIGALRM, &alarm, NULL);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(on_death);
}

static void set_alarms(uint64_t every_us)
{
    struct timeval every = {.tv_sec = (time_t)(every_us / 1000000), .tv_usec = (suseconds_t)(every_us % 1000000)};
    struct itimerval timer = {.it_interval = every, .it_value = every};
    setitimer(ITIMER_REAL, &timer, NULL);
}

void watch_begin(const char *cell, uint64_t expected_ns, unsigned patience_s)
{
    snprintf(cell_name, sizeof cell_name, "%s", cell);
    alarms = 0;
    watching = 1;
    set_alarms((expected_ns / 1000 + patience_s * UINT64_C(1000000)) / ALARMS);
}

void watch_end(void)
{
    set_alarms(0);
    watching = 0;
}

void watch_stack_use(struct watch_stack *stack)
{
    stack_t use = {.ss_sp = stack->bytes, .ss_size = sizeof stack->bytes};
    sigaltstack(&use, &stack->before);
}

void watch_stack_unuse(const struct watch_stack *stack) { sigaltstack(&stack->before, NULL); }
