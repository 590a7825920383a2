/* relacy_SCHEME: runs one scheme's own header under Relacy.
 *
 *   relacy_SCHEME [--scenario NAME] [--full | --bound N] [ITERATIONS]   0: all clean, 1: the first that was found
 *
 * --full searches all interleavings instead of drawing ITERATIONS of them, --bound N all with up to N switches
 * between threads that could have gone on. Each iteration draws from its own number, so a run finds the same things
 * each time. */
#include "tests/schemes/relacy/shim.h"

#include "tests/schemes/relacy/broken.h"

#include RELACY_SCHEME
#ifdef RELACY_BROKEN_UNPUBLISHED
#define rc_publish(head) ((void)(head))
#endif

#include <cstdio>
#include <string>

/* What an iteration that failed has left in the scheme's static variables. */
static void scheme_forget()
{
#ifdef RCBENCH_VARIANTS_SCHEMES_BIASED_QUEUE_H
    for (struct biased_bucket &bucket : biased_buckets)
        bucket.threads = NULL;
#endif
}

#include "tests/schemes/relacy/model.h"
#include "tests/schemes/relacy/scenarios.h"

struct options {
    std::string scenario; /* empty: all */
    rl::scheduler_type_e search = rl::sched_random;
    unsigned bound = 0;
    unsigned iterations = 20000;
};

/* The first thing that is found ends the program: the iteration that failed leaves memory that is not taken back. */
template <typename Scenario> static void run(const char *name, const options &options)
{
    if (!options.scenario.empty() && options.scenario != name)
        return;
    rl::test_params params;
    params.iteration_count = options.iterations;
    params.search_type = options.search;
    params.context_bound = options.bound;
    bool clean = rl::simulate<Scenario>(params);
    printf("%s %s: %s, iteration %llu\n", clean ? "clean" : "FOUND", name, rl::test_result_str(params.test_result),
           (unsigned long long)params.stop_iteration);
    fflush(stdout);
    if (!clean)
        _Exit(1);
}

int main(int argc, char **argv)
{
    options options;
    for (int i = 1; i < argc; i++) {
        std::string word = argv[i];
        if (word == "--full")
            options.search = rl::sched_full;
        else if (word == "--bound" && i + 1 < argc)
            options.search = rl::sched_bound, options.bound = (unsigned)strtoul(argv[++i], NULL, 10);
        else if (word == "--scenario" && i + 1 < argc)
            options.scenario = argv[++i];
        else
            options.iterations = (unsigned)strtoul(argv[i], NULL, 10);
    }
#define RUN_(scenario) run<scenario>(#scenario, options);
#define RUN(scenario)  RUN_(scenario) /* RELACY_ONLY is a name for one */
    SCENARIOS(RUN)
    return 0;
}
