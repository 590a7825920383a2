/* pair_cost: runs the workload `pair` of rcbench's own variants for a given number of pairs, on one thread, for a
 * tool that counts what they execute. Nothing here reads a clock.
 *
 *   pair_cost --list                      name and header bytes of each variant
 *   pair_cost --libraries                 of peers, with their versions; nothing for our own variants
 *   pair_cost VARIANT hot|set PAIRS       on one object, or once on each of PAIRS objects */
#include "bench/peers/peer.h"

static int list(void)
{
    for (size_t i = 0; i < variant_count; i++)
        printf("%s %u\n", variants[i]->name, variants[i]->object_bytes);
    return 0;
}

/* One line. The peers of one library are neighbours. */
static int libraries(void)
{
    const char *last = NULL;
    for (size_t i = 0; i < variant_count; i++) {
        const struct peer *peer = variants[i]->peer;
        if (peer == NULL || (last != NULL && strcmp(last, peer->library) == 0))
            continue;
        printf("%s%s %s", last != NULL ? ", " : "", peer->library, peer->version);
        last = peer->library;
    }
    putchar('\n');
    return 0;
}

/* The steps of a trial, as bench/trial.c makes them, around one batch. */
static void run_batch(struct trial *trial, uint64_t pairs)
{
    const struct workload *workload = trial->workload;
    struct worker worker = {.trial = trial, .role = "worker", .random = 1};
    worker.thread = trial->variant->enter();
    if (worker.thread == NULL || trial->variant->populate() != 0) {
        trial_fail(trial, "no memory for the model");
        return;
    }
    if (workload->prepare(trial) != 0 || workload->start(&worker) != 0)
        trial_fail(trial, "no memory for the objects");
    else if (workload->batch(&worker, pairs) != pairs)
        trial_fail(trial, "the batch was not one run of the loop");
    workload->stop(&worker);
    workload->finish(trial);
    trial->variant->depopulate();
    trial->variant->leave(worker.thread);
}

static const struct workload *find_workload(const struct variant *variant, const char *name)
{
    for (size_t i = 0; i < variant->workload_count; i++)
        if (strcmp(variant->workloads[i]->name, name) == 0)
            return variant->workloads[i];
    return NULL;
}

static int run(const struct variant *variant, bool set, uint64_t pairs)
{
    char params[64];
    snprintf(params, sizeof params, "set=%llu;order=sequential", set ? (unsigned long long)pairs : 1);
    static const volatile int never;
    struct trial trial = {.variant = variant,
                          .interrupted = &never,
                          .workload = find_workload(variant, "pair"),
                          .params = params,
                          .threads = 1,
                          .memory_bytes = SIZE_MAX};
    if (trial.workload == NULL)
        trial_fail(&trial, "there is no workload 'pair'");
    else {
        variant->open(UINT64_C(1000000000));
        run_batch(&trial, pairs);
        variant->close();
    }
    if (trial.failed)
        fprintf(stderr, "pair_cost: %s: %s\n", variant->name, trial.failure);
    return trial.failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    if (argc == 2 && strcmp(argv[1], "--libraries") == 0)
        return libraries();
    if (argc != 4 || (strcmp(argv[2], "hot") != 0 && strcmp(argv[2], "set") != 0)) {
        fprintf(stderr, "usage: pair_cost --list | --libraries | VARIANT hot|set PAIRS\n");
        return 2;
    }
    for (size_t i = 0; i < variant_count; i++)
        if (strcmp(variants[i]->name, argv[1]) == 0)
            return run(variants[i], strcmp(argv[2], "set") == 0, strtoull(argv[3], NULL, 10));
    fprintf(stderr, "pair_cost: '%s' is not a variant; --list names them\n", argv[1]);
    return 2;
}
