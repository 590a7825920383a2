#include "tests/schemes/explore/axioms.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A relation between events: bit b of row a. */
typedef uint16_t row;
struct relation {
    row of[TINY_EVENTS + TINY_PLACES];
};

enum { EVENTS_MAX = TINY_EVENTS + TINY_PLACES };

struct event {
    const struct tiny_op *op; /* NULL: the first value of a place */
    int thread, place;
    bool reads, writes, acquires, releases, seq_cst, fence;
    int read_from; /* an event */
    int value;     /* written */
    int found;     /* read */
};

static struct {
    const struct tiny *program;
    struct tiny_outcomes *outcomes;
    struct event events[EVENTS_MAX];
    int length;
    struct relation sb;
    int order[TINY_PLACES][EVENTS_MAX]; /* mo */
    int ordered[TINY_PLACES];
} all;

void tiny_add(struct tiny_outcomes *outcomes, uint64_t outcome)
{
    if (tiny_has(outcomes, outcome))
        return;
    if (outcomes->length == TINY_OUTCOMES) {
        fputs("axioms: too many outcomes\n", stderr);
        exit(2);
    }
    outcomes->items[outcomes->length++] = outcome;
}

bool tiny_has(const struct tiny_outcomes *outcomes, uint64_t outcome)
{
    for (size_t i = 0; i < outcomes->length; i++)
        if (outcomes->items[i] == outcome)
            return true;
    return false;
}

bool tiny_reads(const struct tiny_op *op) { return op->kind != TINY_STORE && op->kind != TINY_FENCE; }

/* ---- relations --------------------------------------------------------------------------------------- */

static bool has(const struct relation *r, int a, int b) { return r->of[a] >> b & 1; }
static void put(struct relation *r, int a, int b) { r->of[a] |= (row)(1u << b); }

static void join(struct relation *r, const struct relation *more)
{
    for (int a = 0; a < all.length; a++)
        r->of[a] |= more->of[a];
}

static struct relation follow(const struct relation *first, const struct relation *second)
{
    struct relation r = {0};
    for (int a = 0; a < all.length; a++)
        for (int b = 0; b < all.length; b++)
            if (has(first, a, b))
                r.of[a] |= second->of[b];
    return r;
}

static void close_over(struct relation *r)
{
    for (int b = 0; b < all.length; b++)
        for (int a = 0; a < all.length; a++)
            if (has(r, a, b))
                r->of[a] |= r->of[b];
}

static bool cyclic(struct relation r)
{
    close_over(&r);
    for (int a = 0; a < all.length; a++)
        if (has(&r, a, a))
            return true;
    return false;
}

typedef bool pair_fn(const struct event *a, const struct event *b);

static struct relation only(const struct relation *r, pair_fn *wanted)
{
    struct relation kept = {0};
    for (int a = 0; a < all.length; a++)
        for (int b = 0; b < all.length; b++)
            if (has(r, a, b) && wanted(&all.events[a], &all.events[b]))
                put(&kept, a, b);
    return kept;
}

static bool is_access(const struct event *e) { return !e->fence; }
static bool same_place(const struct event *a, const struct event *b)
{
    return is_access(a) && is_access(b) && a->place == b->place;
}
static bool elsewhere(const struct event *a, const struct event *b) { return !same_place(a, b); }
static bool from_fence_to_fence(const struct event *a, const struct event *b)
{
    return a->fence && a->seq_cst && b->fence && b->seq_cst;
}

/* ---- one execution ------------------------------------------------------------------------------------- */

struct execution {
    struct relation rf, mo, fr, hb, eco;
};

static struct relation reads_from(void)
{
    struct relation rf = {0};
    for (int r = 0; r < all.length; r++)
        if (all.events[r].reads)
            put(&rf, all.events[r].read_from, r);
    return rf;
}

static void order_places(struct execution *x)
{
    for (int place = 0; place < all.program->places; place++)
        for (int i = 0; i < all.ordered[place]; i++)
            for (int j = i + 1; j < all.ordered[place]; j++)
                put(&x->mo, all.order[place][i], all.order[place][j]);
    for (int r = 0; r < all.length; r++)
        for (int w = 0; all.events[r].reads && w < all.length; w++)
            if (w != r && has(&x->mo, all.events[r].read_from, w))
                put(&x->fr, r, w);
}

/* From what releases (a store, or a fence before it) to what acquires (a load, or a fence after it): the load reads the
 * store, or a read-modify-write that goes back to it by read-modify-writes alone. */
static struct relation synchronizes(void)
{
    struct relation sw = {0};
    for (int r = 0; r < all.length; r++) {
        if (!all.events[r].reads)
            continue;
        for (int w = all.events[r].read_from;; w = all.events[w].read_from) {
            for (int a = 0; a < all.length; a++) {
                bool releases = all.events[a].releases && (a == w || (all.events[a].fence && has(&all.sb, a, w)));
                for (int b = 0; releases && b < all.length; b++)
                    if (all.events[b].acquires && (b == r || (all.events[b].fence && has(&all.sb, r, b))))
                        put(&sw, a, b);
            }
            if (!all.events[w].reads)
                break;
        }
    }
    return sw;
}

static bool coherent(const struct execution *x)
{
    for (int a = 0; a < all.length; a++)
        for (int b = 0; b < all.length; b++)
            if (has(&x->hb, a, b) && (a == b || has(&x->eco, b, a)))
                return false;
    return true;
}

/* RC11's psc. It goes from seq_cst to seq_cst by program order, by what happens before to another place and on, by what
 * happens before at one place, by mo, by fr; and before and after a fence by what happens before. */
static bool seq_cst_ordered(const struct execution *x)
{
    struct relation away = only(&all.sb, elsewhere), scb = follow(&away, &x->hb);
    scb = follow(&scb, &away);
    struct relation here = only(&x->hb, same_place);
    join(&scb, &all.sb);
    join(&scb, &here);
    join(&scb, &x->mo);
    join(&scb, &x->fr);
    struct relation before = {0}, after = {0};
    for (int a = 0; a < all.length; a++) {
        if (!all.events[a].seq_cst)
            continue;
        put(&before, a, a);
        put(&after, a, a);
        for (int b = 0; all.events[a].fence && b < all.length; b++) {
            if (has(&x->hb, a, b))
                put(&before, a, b);
            if (has(&x->hb, b, a))
                put(&after, b, a);
        }
    }
    struct relation psc = follow(&before, &scb);
    psc = follow(&psc, &after);
    struct relation fences = follow(&x->hb, &x->eco);
    fences = follow(&fences, &x->hb);
    join(&fences, &x->hb);
    fences = only(&fences, from_fence_to_fence);
    join(&psc, &fences);
    return !cyclic(psc);
}

static bool allowed(void)
{
    struct execution x = {.rf = reads_from()};
    order_places(&x);
    struct relation thin = x.rf, sw = synchronizes();
    join(&thin, &all.sb);
    x.hb = all.sb;
    join(&x.hb, &sw);
    close_over(&x.hb);
    x.eco = x.rf;
    join(&x.eco, &x.mo);
    join(&x.eco, &x.fr);
    close_over(&x.eco);
    return !cyclic(thin) && coherent(&x) && seq_cst_ordered(&x);
}

/* Values by the stores that were read; false: a compare-and-swap does otherwise than was assumed, or values come out of
 * thin air. */
static bool evaluate(void)
{
    bool known[EVENTS_MAX] = {false};
    for (int round = 0; round <= all.length; round++)
        for (int i = 0; i < all.length; i++) {
            struct event *e = &all.events[i];
            if (known[i] || (e->reads && !known[e->read_from]))
                continue;
            known[i] = true;
            e->found = e->reads ? all.events[e->read_from].value : 0;
            e->value = e->op == NULL ? 0 : e->op->kind == TINY_ADD ? e->found + e->op->value : e->op->value;
        }
    for (int i = 0; i < all.length; i++) {
        const struct event *e = &all.events[i];
        if (!known[i] || (e->op != NULL && e->op->kind == TINY_CAS && e->writes != (e->found == e->op->expected)))
            return false;
    }
    return true;
}

static void note_outcome(void)
{
    uint64_t outcome = 0;
    for (int i = 0; i < all.length; i++)
        if (all.events[i].reads)
            outcome = outcome << 4 | (uint64_t)all.events[i].found;
    for (int place = 0; place < all.program->places; place++)
        outcome = outcome << 4 | (uint64_t)all.events[all.order[place][all.ordered[place] - 1]].value;
    tiny_add(all.outcomes, outcome);
}

/* ---- all executions -------------------------------------------------------------------------------------- */

/* Atomicity: what is put at the end of a place's order reads the store before it, if it reads. */
static void try_orders(int place)
{
    if (place == all.program->places) {
        if (allowed())
            note_outcome();
        return;
    }
    int *order = all.order[place], last = order[all.ordered[place] - 1];
    bool complete = true;
    for (int w = 0; w < all.length; w++) {
        const struct event *e = &all.events[w];
        bool there = !e->writes || e->place != place;
        for (int i = 0; !there && i < all.ordered[place]; i++)
            there = order[i] == w;
        if (there)
            continue;
        complete = false;
        if (e->reads && e->read_from != last)
            continue;
        order[all.ordered[place]++] = w;
        try_orders(place);
        all.ordered[place]--;
    }
    if (complete)
        try_orders(place + 1);
}

static void try_reads(int r)
{
    while (r < all.length && !all.events[r].reads)
        r++;
    if (r == all.length) {
        if (evaluate())
            try_orders(0);
        return;
    }
    struct event *e = &all.events[r];
    for (int w = 0; w < all.length; w++) {
        if (w == r || !all.events[w].writes || all.events[w].place != e->place)
            continue;
        bool taken = false; /* no two read-modify-writes read the same store */
        for (int other = 0; e->writes && other < r; other++)
            taken |= all.events[other].reads && all.events[other].writes && all.events[other].read_from == w;
        e->read_from = w;
        if (!taken)
            try_reads(r + 1);
    }
}

static void set_order(struct event *e, int order)
{
    e->seq_cst = order == __ATOMIC_SEQ_CST;
    bool both = order == __ATOMIC_ACQ_REL || e->seq_cst;
    e->acquires = (both || order == __ATOMIC_ACQUIRE) && (e->reads || e->fence);
    e->releases = (both || order == __ATOMIC_RELEASE) && (e->writes || e->fence);
}

/* Each compare-and-swap is assumed to succeed, and to fail. */
static void try_successes(int i)
{
    while (i < all.length && (all.events[i].op == NULL || all.events[i].op->kind != TINY_CAS))
        i++;
    if (i == all.length) {
        try_reads(0);
        return;
    }
    struct event *e = &all.events[i];
    for (int success = 0; success < 2; success++) {
        e->writes = success;
        set_order(e, success ? e->op->order : e->op->failure);
        try_successes(i + 1);
    }
}

static void add_event(const struct tiny_op *op, int thread, int place)
{
    struct event *e = &all.events[all.length++];
    *e = (struct event){.op = op, .thread = thread, .place = place, .writes = op == NULL};
    if (op == NULL)
        return;
    e->fence = op->kind == TINY_FENCE;
    e->reads = tiny_reads(op);
    e->writes = !e->fence && op->kind != TINY_LOAD;
    set_order(e, op->order);
}

void axioms_allow(const struct tiny *program, struct tiny_outcomes *outcomes)
{
    memset(&all, 0, sizeof all);
    all.program = program;
    all.outcomes = outcomes;
    outcomes->length = 0;
    for (int place = 0; place < program->places; place++) {
        all.order[place][0] = all.length;
        all.ordered[place] = 1;
        add_event(NULL, -1, place);
    }
    for (int t = 0; t < program->threads; t++)
        for (int i = 0; i < program->length[t]; i++)
            add_event(&program->ops[t][i], t, program->ops[t][i].place);
    for (int a = 0; a < all.length; a++)
        for (int b = 0; b < all.length; b++)
            if (all.events[b].op != NULL && (all.events[a].op == NULL || (a < b && all.events[a].thread == all.events[b].thread)))
                put(&all.sb, a, b);
    try_successes(0);
}
