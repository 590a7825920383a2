/* random_litmus: draws tiny programs of atomic operations and compares the outcomes that the explorer finds with those
 * that the axioms allow (axioms.h).
 *
 *   random_litmus [--programs N] [--seed N] [--verbose]      0: the same for all, 1: not
 *
 * Programs without seq_cst must have the same outcomes. With seq_cst the explorer may show fewer, since it executes these
 * operations in one order (README.md), and never others; how many programs lack one is said. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/schemes/explore/axioms.h"
#include "tests/schemes/explore/engine/atomic.h"
#include "tests/schemes/explore/engine/engine.h"

static struct tiny tiny;
static struct tiny_outcomes expected, seen;
static uint64_t places[TINY_PLACES];

/* ---- by the explorer ----------------------------------------------------------------------------------- */

static uint64_t perform(const struct tiny_op *op)
{
    uintptr_t place = (uintptr_t)&places[op->place];
    const void *here = __builtin_return_address(0);
    uint64_t found = (uint64_t)op->expected;
    switch (op->kind) {
    case TINY_LOAD: return atomic_load(place, 8, op->order, here);
    case TINY_STORE: atomic_store(place, 8, (uint64_t)op->value, op->order, here); return 0;
    case TINY_ADD: return atomic_rmw(place, 8, RMW_ADD, (uint64_t)op->value, op->order, here);
    case TINY_EXCHANGE: return atomic_rmw(place, 8, RMW_EXCHANGE, (uint64_t)op->value, op->order, here);
    case TINY_CAS:
        (void)atomic_cas(place, 8, &found, (uint64_t)op->value, op->order, op->failure, here);
        return found;
    default: atomic_fence(op->order, here); return 0;
    }
}

static void run(int thread)
{
    int64_t read = 0;
    for (int i = 0; i < tiny.length[thread - 1]; i++) {
        const struct tiny_op *op = &tiny.ops[thread - 1][i];
        uint64_t found = perform(op);
        if (tiny_reads(op))
            read = read << 4 | (int64_t)found;
    }
    engine_outcome(thread - 1, read);
}

static void finish(void)
{
    for (int place = 0; place < tiny.places; place++)
        engine_outcome(TINY_THREADS + place,
                       (int64_t)atomic_load((uintptr_t)&places[place], 8, __ATOMIC_RELAXED, __builtin_return_address(0)));
}

static void prepare(void) { memset(places, 0, sizeof places); }

static void ended(const int64_t outcomes[8])
{
    uint64_t outcome = 0;
    for (int t = 0; t < tiny.threads; t++) {
        int reads = 0;
        for (int i = 0; i < tiny.length[t]; i++)
            reads += tiny_reads(&tiny.ops[t][i]);
        outcome = outcome << 4 * reads | (uint64_t)outcomes[t];
    }
    for (int place = 0; place < tiny.places; place++)
        outcome = outcome << 4 | (uint64_t)outcomes[TINY_THREADS + place];
    tiny_add(&seen, outcome);
}

static struct verdict explore_it(void)
{
    struct program program = {.threads = tiny.threads, .prepare = prepare, .run = run, .finish = finish};
    struct limits limits = {.budget = {BUDGET_MOST, BUDGET_MOST, 0}, .mode = SEARCH_ALL};
    seen.length = 0;
    engine_ended = ended;
    return explore(&program, &limits, stdout);
}

/* ---- programs --------------------------------------------------------------------------------------------- */

static uint64_t random_state;
static int draw(int n)
{
    random_state ^= random_state << 13; /* xorshift64 */
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (int)((random_state >> 11) % (uint64_t)n);
}

static int draw_order(enum tiny_kind kind, bool seq_cst)
{
    static const int loads[] = {__ATOMIC_RELAXED, __ATOMIC_ACQUIRE}, stores[] = {__ATOMIC_RELAXED, __ATOMIC_RELEASE};
    static const int both[] = {__ATOMIC_RELAXED, __ATOMIC_ACQUIRE, __ATOMIC_RELEASE, __ATOMIC_ACQ_REL};
    if (seq_cst && draw(2) == 0)
        return __ATOMIC_SEQ_CST;
    switch (kind) {
    case TINY_LOAD: return loads[draw(3) != 0];
    case TINY_STORE: return stores[draw(3) != 0];
    case TINY_FENCE: return both[1 + draw(3)];
    default: return both[draw(4)];
    }
}

/* As C has it: what a compare-and-swap of this order reads with when it fails. */
static int failure_of(int order)
{
    return order == __ATOMIC_ACQ_REL ? __ATOMIC_ACQUIRE : order == __ATOMIC_RELEASE ? __ATOMIC_RELAXED : order;
}

static void draw_program(bool seq_cst)
{
    static const enum tiny_kind kinds[] = {TINY_LOAD, TINY_LOAD, TINY_LOAD, TINY_STORE, TINY_STORE, TINY_STORE,
                                           TINY_ADD,  TINY_EXCHANGE, TINY_CAS, TINY_FENCE};
    memset(&tiny, 0, sizeof tiny);
    tiny.threads = 2 + draw(2);
    tiny.places = draw(4) == 0 ? 1 + 2 * draw(2) : 2; /* a message and a flag, mostly */
    int most = tiny.threads == 2 ? 4 : 3, left = 8;
    for (int t = 0; t < tiny.threads; t++) {
        tiny.length[t] = 1 + draw(most) + (draw(2) == 0);
        if (tiny.length[t] > most)
            tiny.length[t] = most;
        if (tiny.length[t] > left - (tiny.threads - 1 - t))
            tiny.length[t] = left - (tiny.threads - 1 - t);
        left -= tiny.length[t];
        for (int i = 0; i < tiny.length[t]; i++) {
            struct tiny_op *op = &tiny.ops[t][i];
            op->kind = kinds[draw(sizeof kinds / sizeof *kinds)];
            op->place = draw(tiny.places);
            op->order = draw_order(op->kind, seq_cst);
            op->failure = failure_of(op->order);
            op->value = 1 + draw(2);
            op->expected = draw(3);
        }
    }
    /* Values stay below 16: additions of 1 or 2, at most 8 of them, but 8 of 2 are 16. */
    for (int t = 0; t < tiny.threads; t++)
        for (int i = 0; i < tiny.length[t]; i++)
            if (tiny.ops[t][i].kind == TINY_ADD)
                tiny.ops[t][i].value = 1;
}

static void print_program(void)
{
    static const char *const kinds[] = {"load", "store", "add", "exchange", "compare and swap", "fence"};
    static const char *const orders[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
    for (int t = 0; t < tiny.threads; t++)
        for (int i = 0; i < tiny.length[t]; i++) {
            const struct tiny_op *op = &tiny.ops[t][i];
            printf("  thread %d: %s %s", t + 1, kinds[op->kind], orders[op->order]);
            if (op->kind != TINY_FENCE)
                printf(" of place %d", op->place);
            if (op->kind == TINY_CAS)
                printf(", %d ->", op->expected);
            printf(op->kind == TINY_LOAD || op->kind == TINY_FENCE ? "\n" : " %d\n", op->value);
        }
}

static size_t print_missing(const char *what, const struct tiny_outcomes *from, const struct tiny_outcomes *in, bool print)
{
    size_t missing = 0;
    for (size_t i = 0; i < from->length; i++) {
        if (tiny_has(in, from->items[i]))
            continue;
        missing++;
        if (print)
            printf("  %s: %#llx\n", what, (unsigned long long)from->items[i]);
    }
    return missing;
}

static uint64_t number(const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (end == text || *end != 0 || *text == '-') {
        fprintf(stderr, "random_litmus: '%s' is not a number\n", text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    uint64_t programs = 1000, seed = 1, wrong = 0, fewer = 0, outcomes = 0;
    bool verbose = false;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--programs") == 0 && i + 1 < argc) {
            programs = number(argv[++i]);
        } else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) {
            seed = number(argv[++i]);
        } else if (strcmp(argv[i], "--verbose") == 0) {
            verbose = true;
        } else {
            fprintf(stderr, "random_litmus: '%s'; usage: [--programs N] [--seed N] [--verbose]\n", argv[i]);
            return 2;
        }
    }
    random_state = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    for (uint64_t i = 0; i < programs; i++) {
        bool seq_cst = i % 3 == 2;
        draw_program(seq_cst);
        axioms_allow(&tiny, &expected);
        struct verdict verdict = explore_it();
        bool lacks = print_missing("", &expected, &seen, false) > 0;
        bool invents = print_missing("", &seen, &expected, false) > 0;
        outcomes += expected.length;
        fewer += lacks && seq_cst;
        bool bad = verdict.failed || !verdict.exhausted || invents || (lacks && !seq_cst);
        wrong += bad;
        if (!bad && !(verbose && lacks))
            continue;
        printf("program %llu of seed %llu, %s:\n", (unsigned long long)i, (unsigned long long)seed, bad ? "WRONG" : "fewer");
        print_program();
        print_missing("allowed and not seen", &expected, &seen, true);
        print_missing("seen and not allowed", &seen, &expected, true);
    }
    printf("%llu of %llu programs have the outcomes that the axioms allow, %llu in all; with seq_cst, %llu of %llu show "
           "fewer\n",
           (unsigned long long)(programs - wrong), (unsigned long long)programs, (unsigned long long)outcomes,
           (unsigned long long)fewer, (unsigned long long)(programs / 3));
    return wrong != 0;
}
