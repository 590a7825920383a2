/* pair_cost: runs the workload `pair` of rcbench's own variants for a given number of pairs, on one thread, for a
 * tool that counts what they execute. Nothing here reads a clock.
 *
 *   pair_cost --list KIND                 name and header bytes of each variant that can do it
 *   pair_cost --libraries                 of peers, with their versions; nothing for our own variants
 *   pair_cost VARIANT KIND PAIRS          KIND: hot (one object), set (once on each of PAIRS objects), stranger (one that
 *                                         another thread has made), none (None) */
#include "bench/libraries/peer.h"

static const struct kind {
    const char *name, *workload;
    bool stranger;
} kinds[] = {
    {"hot", "pair", false},
    {"set", "pair", false},
    {"stranger", "shared_one", true},
    {"none", "shared_none", false},
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return &kinds[i];
    return NULL;
}

static const struct workload *find_workload(const struct variant *variant, const char *name)
{
    for (size_t i = 0; i < variant->workload_count; i++)
        if (strcmp(variant->workloads[i]->name, name) == 0)
            return variant->workloads[i];
    return NULL;
}

static bool can(const struct variant *variant, const struct kind *kind)
{
    bool pair = strcmp(kind->workload, "pair") == 0; /* what peers are counted by */
    return find_workload(variant, kind->workload) != NULL && (pair || variant->peer == NULL) &&
           !(kind->stranger && variant->threads_max == 1);
}

static int list(const struct kind *kind)
{
    for (size_t i = 0; i < variant_count; i++)
        if (can(variants[i], kind))
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

/* A second thread of the model, on the same thread of the system: the first one is detached meanwhile. */
static uint64_t batch_of_stranger(struct worker *worker, uint64_t pairs)
{
    const struct variant *variant = worker->trial->variant;
    void *owner = worker->thread;
    variant->detach(owner);
    worker->thread = variant->enter();
    uint64_t done = worker->thread != NULL ? worker->trial->workload->batch(worker, pairs) : 0;
    if (worker->thread != NULL)
        variant->leave(worker->thread);
    variant->attach(owner);
    worker->thread = owner;
    return done;
}

/* The steps of a trial, as bench/trial/trial.c makes them, around one batch. */
static void run_batch(struct trial *trial, const struct kind *kind, uint64_t pairs)
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
    else if ((kind->stranger ? batch_of_stranger(&worker, pairs) : workload->batch(&worker, pairs)) != pairs)
        trial_fail(trial, "the batch was not one run of the loop");
    workload->stop(&worker);
    workload->finish(trial);
    trial->variant->depopulate();
    trial->variant->leave(worker.thread);
}

static int run(const struct variant *variant, const struct kind *kind, uint64_t pairs)
{
    char params[64];
    bool set = strcmp(kind->name, "set") == 0;
    snprintf(params, sizeof params, "set=%llu;order=sequential", set ? (unsigned long long)pairs : 1);
    static const volatile int never;
    struct trial trial = {.variant = variant,
                          .interrupted = &never,
                          .workload = find_workload(variant, kind->workload),
                          .params = params,
                          .threads = 1,
                          .memory_bytes = SIZE_MAX};
    if (!can(variant, kind)) {
        trial_fail(&trial, "the variant cannot do '%s'", kind->name);
    } else {
        variant->open(UINT64_C(1000000000));
        run_batch(&trial, kind, pairs);
        variant->close();
    }
    if (trial.failed)
        fprintf(stderr, "pair_cost: %s: %s\n", variant->name, trial.failure);
    return trial.failed ? 1 : 0;
}

int main(int argc, char **argv)
{
    const struct kind *kind = argc >= 3 ? find_kind(argv[2]) : NULL;
    if (argc == 3 && strcmp(argv[1], "--list") == 0 && kind != NULL)
        return list(kind);
    if (argc == 2 && strcmp(argv[1], "--libraries") == 0)
        return libraries();
    if (argc != 4 || kind == NULL) {
        fprintf(stderr, "usage: pair_cost --list KIND | --libraries | VARIANT KIND PAIRS; KIND: hot, set, stranger, none\n");
        return 2;
    }
    for (size_t i = 0; i < variant_count; i++)
        if (strcmp(variants[i]->name, argv[1]) == 0)
            return run(variants[i], kind, strtoull(argv[3], NULL, 10));
    fprintf(stderr, "pair_cost: '%s' is not a variant; --list names them\n", argv[1]);
    return 2;
}
