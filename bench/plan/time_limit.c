/* Which cells fit into a time. See time_limit.h.
 *
 * Cells are chosen by slices: all of one count of threads, with a GIL or without. Under a GIL every thread must have
 * its turns, so a trial takes 40 ms more for each thread, and shows what two threads show: that one of them works at
 * a time.
 */
#include "bench/plan/time_limit.h"

struct slice {
    unsigned threads;
    bool chosen, gil_chosen;
    double seconds, gil_seconds; /* of all its cells */
};

struct choice {
    struct slice *slices; /* by the count of threads, ascending */
    size_t count;
    double left_s;
};

static bool has_gil(const struct cell *cell) { return cell->variant->gil && cell->threads > 1; }

static struct slice *slice_of(const struct choice *choice, const struct cell *cell)
{
    for (size_t i = 0; i < choice->count; i++)
        if (choice->slices[i].threads == cell->threads)
            return &choice->slices[i];
    return NULL; /* a count of the workload's own: it stays */
}

static void price(const struct choice *choice, const struct cell *cells, size_t count, const struct options *options)
{
    for (size_t i = 0; i < count; i++) {
        struct slice *slice = slice_of(choice, &cells[i]);
        if (slice == NULL || cells[i].skipped[0] != '\0')
            continue;
        *(has_gil(&cells[i]) ? &slice->gil_seconds : &slice->seconds) += cell_seconds(&cells[i], options);
    }
}

/* False: it does not fit. */
static bool take(struct choice *choice, double seconds, bool *chosen)
{
    if (!*chosen && seconds > choice->left_s)
        return false;
    if (!*chosen)
        choice->left_s -= seconds;
    *chosen = true;
    return true;
}

/* In the middle of the widest gap, in steps of the list, which doubles: 1, 2 and 64 become 1, 2, 16 and 64. NULL:
 * there is none. */
static struct slice *widest_gap(const struct choice *choice)
{
    size_t last = 0, best = 0, width = 1;
    for (size_t i = 1; i < choice->count; i++) {
        if (!choice->slices[i].chosen)
            continue;
        if (i - last > width) {
            width = i - last;
            best = last + width / 2;
        }
        last = i;
    }
    return width > 1 ? &choice->slices[best] : NULL;
}

static void choose(struct choice *choice)
{
    struct slice *one = &choice->slices[0], *all = &choice->slices[choice->count - 1], *next;
    one->chosen = one->gil_chosen = all->chosen = true;
    choice->left_s -= one->seconds + one->gil_seconds + (all != one ? all->seconds : 0);
    if (choice->count > 1 && take(choice, one[1].seconds, &one[1].chosen))
        (void)take(choice, one[1].gil_seconds, &one[1].gil_chosen);
    while ((next = widest_gap(choice)) != NULL && take(choice, next->seconds, &next->chosen))
        ;
    for (size_t i = 1; i < choice->count; i++)
        if (choice->slices[i].chosen && !take(choice, choice->slices[i].gil_seconds, &choice->slices[i].gil_chosen))
            return;
}

static size_t keep(const struct choice *choice, struct cell *cells, size_t count, const struct options *options)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct cell *cell = &cells[i];
        const struct slice *slice = slice_of(choice, cell);
        if (slice != NULL && !slice->chosen)
            continue;
        if (slice != NULL && has_gil(cell) && !slice->gil_chosen && cell->skipped[0] == '\0')
            snprintf(cell->skipped, sizeof cell->skipped,
                     "all %u turns of %u threads under a GIL do not fit into --within %g", GIL_TURNS_MIN,
                     cell->threads, options->within_s);
        cells[kept++] = *cell;
    }
    return kept;
}

size_t cells_keep_within(struct cell *cells, size_t count, const struct options *options)
{
    struct choice choice = {.count = options->thread_counts, .left_s = options->within_s};
    choice.slices = calloc(choice.count, sizeof *choice.slices);
    if (choice.slices == NULL)
        return count;
    for (size_t i = 0; i < choice.count; i++)
        choice.slices[i].threads = options->threads[i];
    price(&choice, cells, count, options);
    choose(&choice);
    count = keep(&choice, cells, count, options);
    free(choice.slices);
    return count;
}
