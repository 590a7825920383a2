/* What a reference costs. See calibration.h. */
#include "bench/trial/calibration.h"

/* Short windows, the two kinds by turns, so that the clock is the same for both. */
enum { PAIRS = 15 };
#define WINDOW_NS UINT64_C(5000000)

bool calibration_needed(const struct cell *cell)
{
    return cell->skipped[0] == '\0' && cell->workload->calibration.unit != NULL;
}

static const struct variant *reference_variant(void)
{
    for (size_t i = 0; i < variant_count; i++)
        if (variants[i]->gil && !variants[i]->thread_safe)
            return variants[i];
    return NULL;
}

static const struct workload *reference_workload(const struct variant *variant)
{
    for (size_t i = 0; i < variant->workload_count; i++)
        if (variant->workloads[i]->calibration.unit != NULL)
            return variant->workloads[i];
    return NULL;
}

/* Nanoseconds of an operation; 0: not measured. */
static double time_once(struct trial_run *run)
{
    const struct trial_result *result = trial_run_thread(run, 0);
    double ns = result->status == STATUS_INVALID ? 0 : result->ns_per_op;
    trial_run_leave(run);
    return ns;
}

static double shorter(double so_far, double ns) { return ns > 0 && (so_far <= 0 || ns < so_far) ? ns : so_far; }

/* Of the shortest times: whatever disturbs a trial makes it longer. */
static double quotient(struct trial_run *unit, struct trial_run *reference)
{
    double unit_ns = 0, reference_ns = 0;
    for (unsigned i = 0; i < PAIRS; i++) {
        unit_ns = shorter(unit_ns, time_once(unit));
        reference_ns = shorter(reference_ns, time_once(reference));
    }
    return unit_ns > 0 ? reference_ns / unit_ns : 0;
}

double calibration_reference_cost(const struct options *options)
{
    struct options own = *options;
    own.window_ns = WINDOW_NS;
    own.ramp_ns = WINDOW_NS / 2;
    const struct variant *variant = reference_variant();
    const struct workload *workload = variant != NULL ? reference_workload(variant) : NULL;
    double cost = 0;
    if (workload != NULL) {
        struct cell unit = {.variant = variant, .workload = workload, .params = workload->calibration.unit, .threads = 1};
        snprintf(unit.name, sizeof unit.name, "--calibrate/%s", workload->name); /* where it crashes */
        struct cell reference = unit;
        reference.params = workload->calibration.reference;
        struct trial_run *unit_run = trial_run_new(&unit, &own), *reference_run = trial_run_new(&reference, &own);
        if (unit_run != NULL && reference_run != NULL)
            cost = quotient(unit_run, reference_run);
        if (unit_run != NULL)
            trial_run_free(unit_run);
        if (reference_run != NULL)
            trial_run_free(reference_run);
    }
    if (cost <= 0)
        fprintf(stderr, "rcbench: the cost of a reference could not be measured; --reference-cost says it\n");
    return cost;
}
