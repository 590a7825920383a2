/* Known litmus tests: the explorer must give each outcome that its memory model allows, and no other. The model is in
 * README.md; what C11 (as repaired by RC11: Lahav, Vafeiadis, Kang, Hur, Dreyer, PLDI 2017) allows for each test
 * stands beside it. Compiled like the code that is explored, with __atomic builtins, around tests/schemes/explore/engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/schemes/explore/engine/engine.h"
#include "tests/schemes/explore/engine/hooks.h"

/* core's own lock, where waiting is the engine's. */
#define lock8_pause(spins) ((void)(spins), explore_yield())
#include "core/base/lock8.h"

enum { RLX = __ATOMIC_RELAXED, ACQ = __ATOMIC_ACQUIRE, REL = __ATOMIC_RELEASE, AR = __ATOMIC_ACQ_REL, SC = __ATOMIC_SEQ_CST };

static int x, y, z, data;

#define LOAD(v, order) __atomic_load_n(&(v), order)
#define STORE(v, value, order) __atomic_store_n(&(v), value, order)
#define ADD(v, value, order) __atomic_fetch_add(&(v), value, order)
#define FENCE(order) __atomic_thread_fence(order)
#define OUT(i, value) engine_outcome(i, value)

static void finish_xy(void)
{
    OUT(0, LOAD(x, RLX));
    OUT(1, LOAD(y, RLX));
}

/* Store buffering. */
#define SB(name, order_store, order_load, fence)                                                                     \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        STORE(*(t == 1 ? &x : &y), 1, order_store);                                                                  \
        fence;                                                                                                       \
        OUT(t - 1, LOAD(*(t == 1 ? &y : &x), order_load));                                                           \
    }
SB(sb_relaxed, RLX, RLX, (void)0)
SB(sb_acq_rel, REL, ACQ, (void)0)
SB(sb_seq_cst, SC, SC, (void)0)
SB(sb_fences, RLX, RLX, FENCE(SC))
SB(sb_weak_fences, RLX, RLX, FENCE(AR))
SB(sb_store_seq_cst, SC, RLX, (void)0)

/* Store buffering with read-modify-writes in the place of stores: they are not fences. */
static void sb_rmw(int t)
{
    ADD(*(t == 1 ? &x : &y), 1, SC);
    OUT(t - 1, LOAD(*(t == 1 ? &y : &x), RLX));
}

/* Message passing: outcome 0 the flag, 1 the message. */
#define MP(name, order_store, order_load, fence_store, fence_load)                                                   \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 1, RLX);                                                                                        \
            fence_store;                                                                                             \
            STORE(y, 1, order_store);                                                                                \
        } else {                                                                                                     \
            OUT(0, LOAD(y, order_load));                                                                             \
            fence_load;                                                                                              \
            OUT(1, LOAD(x, RLX));                                                                                    \
        }                                                                                                            \
    }
MP(mp_relaxed, RLX, RLX, (void)0, (void)0)
MP(mp_release_acquire, REL, ACQ, (void)0, (void)0)
MP(mp_release_relaxed, REL, RLX, (void)0, (void)0)
MP(mp_relaxed_acquire, RLX, ACQ, (void)0, (void)0)
MP(mp_fences, RLX, RLX, FENCE(REL), FENCE(ACQ))
MP(mp_release_fence, RLX, ACQ, FENCE(REL), (void)0)
MP(mp_acquire_fence, REL, RLX, (void)0, FENCE(ACQ))
MP(mp_wrong_fences, RLX, RLX, FENCE(ACQ), FENCE(REL))

/* A plain message: a race unless the flag hands it over. */
#define MP_PLAIN(name, order_store, order_load)                                                                      \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            data = 1;                                                                                                \
            STORE(y, 1, order_store);                                                                                \
        } else if (LOAD(y, order_load)) {                                                                            \
            OUT(0, 1 + data);                                                                                        \
        }                                                                                                            \
    }
MP_PLAIN(mp_plain, REL, ACQ)
MP_PLAIN(mp_plain_relaxed, REL, RLX)

/* Load buffering: no outcome out of thin air, nor any cycle of program order and reads-from. */
static void load_buffering(int t)
{
    OUT(t - 1, LOAD(*(t == 1 ? &x : &y), RLX));
    STORE(*(t == 1 ? &y : &x), 1, RLX);
}

/* Independent reads of independent writes. */
#define IRIW(name, order_store, order_load)                                                                          \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t <= 2) {                                                                                                \
            STORE(*(t == 1 ? &x : &y), 1, order_store);                                                              \
        } else {                                                                                                     \
            OUT(2 * (t - 3), LOAD(*(t == 3 ? &x : &y), order_load));                                                 \
            OUT(2 * (t - 3) + 1, LOAD(*(t == 3 ? &y : &x), order_load));                                             \
        }                                                                                                            \
    }
IRIW(iriw_acq_rel, REL, ACQ)
IRIW(iriw_seq_cst, SC, SC)

/* Write-to-read causality: thread 2 passes on what it has read. */
#define WRC(name, order_store, order_load)                                                                           \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 1, RLX);                                                                                        \
        } else if (t == 2) {                                                                                         \
            OUT(0, LOAD(x, RLX));                                                                                    \
            STORE(y, 1, order_store);                                                                                \
        } else {                                                                                                     \
            OUT(1, LOAD(y, order_load));                                                                             \
            OUT(2, LOAD(x, RLX));                                                                                    \
        }                                                                                                            \
    }
WRC(wrc_relaxed, RLX, RLX)
WRC(wrc_release_acquire, REL, ACQ)

/* Coherence: two loads of one location do not go back, even when relaxed. */
static void coherence_rr(int t)
{
    if (t == 1) {
        STORE(x, 1, RLX);
        STORE(x, 2, RLX);
    } else {
        OUT(0, LOAD(x, RLX));
        OUT(1, LOAD(x, RLX));
    }
}

/* A thread reads its own store or a later one. */
static void coherence_wr(int t)
{
    STORE(x, t, RLX);
    OUT(t - 1, LOAD(x, RLX));
}

/* A thread that has read a store writes after it: outcome 0 what was read, 1 what is there at the end. */
static void coherence_rw(int t)
{
    if (t == 1) {
        STORE(x, 1, RLX);
    } else {
        OUT(0, LOAD(x, RLX));
        STORE(x, 2, RLX);
    }
}
static void coherence_rw_finish(void) { OUT(1, LOAD(x, RLX)); }

/* Two threads, two stores each, in opposite orders: the last ones may be the first ones. */
#define TWO_PLUS_TWO(name, order)                                                                                    \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        STORE(*(t == 1 ? &x : &y), 1, order);                                                                        \
        STORE(*(t == 1 ? &y : &x), 2, order);                                                                        \
    }
TWO_PLUS_TWO(two_plus_two_relaxed, RLX)
TWO_PLUS_TWO(two_plus_two_seq_cst, SC)

/* Release sequences: thread 2's read-modify-write keeps what thread 1 has released; a plain store does not. */
#define SEQUENCE(name, second)                                                                                       \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 1, RLX);                                                                                        \
            STORE(y, 1, REL);                                                                                        \
        } else if (t == 2) {                                                                                         \
            second;                                                                                                  \
        } else {                                                                                                     \
            OUT(0, LOAD(y, ACQ));                                                                                    \
            OUT(1, LOAD(x, RLX));                                                                                    \
        }                                                                                                            \
    }
SEQUENCE(sequence_rmw, ADD(y, 10, RLX))
SEQUENCE(sequence_store, if (LOAD(y, RLX) == 1) STORE(y, 11, RLX))

/* A later plain store of the releasing thread: outcome 0 the flag, 1 the message. In C11 it belongs to the release
 * sequence, so that 2 would bring the message; in C++20 it does not, and the explorer allows what either does. */
static void sequence_same_thread(int t)
{
    if (t == 1) {
        STORE(x, 1, RLX);
        STORE(y, 1, REL);
        STORE(y, 2, RLX);
    } else {
        OUT(0, LOAD(y, ACQ));
        OUT(1, LOAD(x, RLX));
    }
}

/* A release sequence through an exchange: outcome 0 what it found, 1 the flag, 2 the message. */
static void sequence_exchange(int t)
{
    if (t == 1) {
        STORE(x, 1, RLX);
        STORE(y, 1, REL);
    } else if (t == 2) {
        OUT(0, __atomic_exchange_n(&y, 2, RLX));
    } else {
        OUT(1, LOAD(y, ACQ));
        OUT(2, LOAD(x, RLX));
    }
}

/* R: outcome 0 the last value of y, 1 what thread 2 reads of x. */
#define R(name, order)                                                                                               \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 1, order);                                                                                      \
            STORE(y, 1, order);                                                                                      \
        } else {                                                                                                     \
            STORE(y, 2, order);                                                                                      \
            OUT(1, LOAD(x, order));                                                                                  \
        }                                                                                                            \
    }
R(r_relaxed, RLX)
R(r_seq_cst, SC)
static void r_finish(void) { OUT(0, LOAD(y, RLX)); }

/* S: outcome 0 the flag, 1 the last value of x. */
#define S(name, order_store, order_load)                                                                             \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 2, RLX);                                                                                        \
            STORE(y, 1, order_store);                                                                                \
        } else {                                                                                                     \
            OUT(0, LOAD(y, order_load));                                                                             \
            STORE(x, 1, RLX);                                                                                        \
        }                                                                                                            \
    }
S(s_relaxed, RLX, RLX)
S(s_release_acquire, REL, ACQ)
static void s_finish(void) { OUT(1, LOAD(x, RLX)); }

/* Read-to-write causality: thread 2 has seen x and looks for y, thread 3 writes y and looks for x. */
#define RWC(name, order_store, order_load)                                                                           \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 1, order_store);                                                                                \
        } else if (t == 2) {                                                                                         \
            OUT(0, LOAD(x, order_load));                                                                             \
            OUT(1, LOAD(y, order_load));                                                                             \
        } else {                                                                                                     \
            STORE(y, 1, order_store);                                                                                \
            OUT(2, LOAD(x, order_load));                                                                             \
        }                                                                                                            \
    }
RWC(rwc_release_acquire, REL, ACQ)
RWC(rwc_seq_cst, SC, SC)

/* ISA2: a message that two threads pass on by two flags. */
#define ISA2(name, order_store, order_load)                                                                          \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1) {                                                                                                \
            STORE(x, 1, RLX);                                                                                        \
            STORE(y, 1, order_store);                                                                                \
        } else if (t == 2) {                                                                                         \
            OUT(0, LOAD(y, order_load));                                                                             \
            STORE(data, 1, order_store);                                                                             \
        } else {                                                                                                     \
            OUT(1, LOAD(data, order_load));                                                                          \
            OUT(2, LOAD(x, RLX));                                                                                    \
        }                                                                                                            \
    }
ISA2(isa2_relaxed, RLX, RLX)
ISA2(isa2_release_acquire, REL, ACQ)

/* Z6.U (Lahav and others, PLDI 2017): outcome 0 what the addition finds, 1 what is there afterwards, 2 what thread 3
 * reads of x. RC11 allows 130: its order of seq_cst operations need not agree with a release that is none. The explorer
 * executes them in one order, which does, and so does not show it: the one outcome known that it misses. No scheme
 * relies on an order of seq_cst operations of more than one location. */
static void z6_u(int t)
{
    if (t == 1) {
        STORE(x, 1, SC);
        STORE(y, 1, REL);
    } else if (t == 2) {
        OUT(0, ADD(y, 1, SC));
        OUT(1, LOAD(y, RLX));
    } else {
        STORE(y, 3, SC);
        OUT(2, LOAD(x, SC));
    }
}

/* Two exchanges: one finds what the other has left. */
static void exchange_once(int t) { OUT(t - 1, __atomic_exchange_n(&x, t, RLX)); }

/* A compare-and-swap that fails may have read an old store, and one that is strong fails for no other reason: outcome 0
 * the flag, 1 whether x was replaced. */
#define STALE_CAS(name, order_store, order_load)                                                                     \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        int expected = 1;                                                                                            \
        if (t == 1) {                                                                                                \
            STORE(x, 1, RLX);                                                                                        \
            STORE(y, 1, order_store);                                                                                \
        } else {                                                                                                     \
            OUT(0, LOAD(y, order_load));                                                                             \
            OUT(1, __atomic_compare_exchange_n(&x, &expected, 2, 0, RLX, RLX));                                      \
        }                                                                                                            \
    }
STALE_CAS(stale_cas_relaxed, RLX, RLX)
STALE_CAS(stale_cas_release_acquire, REL, ACQ)

/* The shim's own operations, as schemes use them: a message is handed over by a compare-and-swap that releases, and by
 * setting a bit. */
static struct a64 word;
static void shim_cas_release(int t)
{
    int64_t expected = 0;
    if (t == 1) {
        data = 1;
        OUT(1, a64_cas_release(&word, &expected, 1));
    } else if (a64_load_acquire(&word) == 1) {
        OUT(0, 1 + data);
    }
}
static void shim_fetch_or(int t)
{
    if (t == 1)
        data = 1;
    int64_t before = a64_fetch_or_acq_rel(&word, t);
    OUT(t - 1, before);
    if (t == 2 && before != 0)
        data = 2;
}

/* Read-modify-writes are atomic: no two of them read the same store. */
static void rmw_atomic(int t) { OUT(t - 1, ADD(x, 1, RLX)); }

/* Compare and swap: one of two wins. */
static void cas_once(int t)
{
    int expected = 0;
    OUT(t - 1, __atomic_compare_exchange_n(&x, &expected, t, 0, RLX, RLX));
}

/* The count of an object: the last of two that decrement finds the other's plain write. */
#define COUNT(name, order_down, acquire)                                                                             \
    static void name(int t)                                                                                          \
    {                                                                                                                \
        if (t == 1)                                                                                                  \
            data = 1;                                                                                                \
        if (__atomic_sub_fetch(&z, 1, order_down) == 0) {                                                            \
            acquire;                                                                                                 \
            data = 2;                                                                                                \
        }                                                                                                            \
    }
COUNT(count_acq_rel, AR, (void)0)
COUNT(count_fence, REL, FENCE(ACQ))
COUNT(count_load, REL, (void)LOAD(z, ACQ))
COUNT(count_no_acquire, REL, (void)0)
COUNT(count_relaxed, RLX, (void)LOAD(z, ACQ))

/* The lock of one byte: what it guards is plain, so that two inside are a race, and so is a missing order. */
static struct lock8 lock;
static void lock_guards(int t)
{
    lock8_acquire(&lock);
    data += t;
    lock8_release(&lock);
}
static void lock_finish(void) { OUT(0, data); }

static void prepare(void)
{
    x = y = data = 0;
    a64_init(&word, 0);
    z = 2;
}

/* What is allowed: outcomes as text, one digit or two a place, apart by spaces; "race": a data race. */
struct litmus {
    const char *name;
    int threads;
    void (*run)(int);
    void (*finish)(void);
    int places;
    const char *allowed;
};

static const struct litmus tests[] = {
    {"store buffering, relaxed", 2, sb_relaxed, NULL, 2, "00 01 10 11"},
    {"store buffering, release/acquire", 2, sb_acq_rel, NULL, 2, "00 01 10 11"},
    {"store buffering, seq_cst", 2, sb_seq_cst, NULL, 2, "01 10 11"},
    {"store buffering, seq_cst fences", 2, sb_fences, NULL, 2, "01 10 11"},
    {"store buffering, acq_rel fences", 2, sb_weak_fences, NULL, 2, "00 01 10 11"},
    {"store buffering, seq_cst stores alone", 2, sb_store_seq_cst, NULL, 2, "00 01 10 11"},
    {"store buffering, seq_cst read-modify-writes", 2, sb_rmw, NULL, 2, "00 01 10 11"},
    {"message passing, relaxed", 2, mp_relaxed, NULL, 2, "00 01 10 11"},
    {"message passing, release/acquire", 2, mp_release_acquire, NULL, 2, "00 01 11"},
    {"message passing, release alone", 2, mp_release_relaxed, NULL, 2, "00 01 10 11"},
    {"message passing, acquire alone", 2, mp_relaxed_acquire, NULL, 2, "00 01 10 11"},
    {"message passing, fences", 2, mp_fences, NULL, 2, "00 01 11"},
    {"message passing, release fence, acquire load", 2, mp_release_fence, NULL, 2, "00 01 11"},
    {"message passing, release store, acquire fence", 2, mp_acquire_fence, NULL, 2, "00 01 11"},
    {"message passing, the fences swapped", 2, mp_wrong_fences, NULL, 2, "00 01 10 11"},
    {"message passing, plain message", 2, mp_plain, NULL, 1, "0 2"},
    {"message passing, plain message, relaxed flag", 2, mp_plain_relaxed, NULL, 1, "race"},
    {"load buffering", 2, load_buffering, NULL, 2, "00 01 10"},
    {"independent reads of independent writes, release/acquire", 4, iriw_acq_rel, NULL, 4,
     "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1010 1011 1100 1101 1110 1111"},
    {"independent reads of independent writes, seq_cst", 4, iriw_seq_cst, NULL, 4,
     "0000 0001 0010 0011 0100 0101 0110 0111 1000 1001 1011 1100 1101 1110 1111"},
    {"write-to-read causality, relaxed", 3, wrc_relaxed, NULL, 3, "000 001 010 011 100 101 110 111"},
    {"write-to-read causality, release/acquire", 3, wrc_release_acquire, NULL, 3, "000 001 010 011 100 101 111"},
    {"coherence, read-read", 2, coherence_rr, NULL, 2, "00 01 02 11 12 22"},
    {"coherence, write-read", 2, coherence_wr, NULL, 2, "11 12 22"},
    {"coherence, read-write", 2, coherence_rw, coherence_rw_finish, 2, "01 02 12"},
    {"2+2W, relaxed", 2, two_plus_two_relaxed, finish_xy, 2, "11 12 21 22"},
    {"2+2W, seq_cst", 2, two_plus_two_seq_cst, finish_xy, 2, "12 21 22"},
    {"release sequence through a read-modify-write", 3, sequence_rmw, NULL, 2, "00 01 11 100 101 111"},
    {"no release sequence through another thread's store", 3, sequence_store, NULL, 2, "00 01 11 110 111"},
    {"no release sequence through a later store of the same thread", 2, sequence_same_thread, NULL, 2, "00 01 11 20 21"},
    {"release sequence through an exchange", 3, sequence_exchange, NULL, 3,
     "000 001 011 020 021 100 101 111 121"},
    {"R, relaxed", 2, r_relaxed, r_finish, 2, "10 11 20 21"},
    {"R, seq_cst", 2, r_seq_cst, r_finish, 2, "10 11 21"},
    {"S, relaxed", 2, s_relaxed, s_finish, 2, "01 02 11 12"},
    {"S, release/acquire", 2, s_release_acquire, s_finish, 2, "01 02 11"},
    {"read-to-write causality, release/acquire", 3, rwc_release_acquire, NULL, 3, "000 001 010 011 100 101 110 111"},
    {"read-to-write causality, seq_cst", 3, rwc_seq_cst, NULL, 3, "000 001 010 011 101 110 111"},
    {"ISA2, relaxed", 3, isa2_relaxed, NULL, 3, "000 001 010 011 100 101 110 111"},
    {"ISA2, release/acquire", 3, isa2_release_acquire, NULL, 3, "000 001 010 011 100 101 111"},
    {"Z6.U, without what RC11 allows beyond one order", 3, z6_u, NULL, 3,
     "010 011 030 031 120 121 131 310 311 340 341"},
    {"exchange", 2, exchange_once, NULL, 2, "01 20"},
    {"compare and swap that fails on an old store, relaxed", 2, stale_cas_relaxed, NULL, 2, "00 01 10 11"},
    {"compare and swap that fails, release/acquire", 2, stale_cas_release_acquire, NULL, 2, "00 01 11"},
    {"the shim: compare and swap, release", 2, shim_cas_release, NULL, 2, "01 21"},
    {"the shim: fetch_or", 2, shim_fetch_or, NULL, 2, "01 20"},
    {"read-modify-writes are atomic", 3, rmw_atomic, NULL, 3, "012 021 102 120 201 210"},
    {"compare and swap", 2, cas_once, NULL, 2, "01 10"},
    {"count: acq_rel", 2, count_acq_rel, NULL, 1, "0"},
    {"count: release, acquire fence", 2, count_fence, NULL, 1, "0"},
    {"count: release, acquire load", 2, count_load, NULL, 1, "0"},
    {"count: no acquire", 2, count_no_acquire, NULL, 1, "race"},
    {"the lock of one byte", 3, lock_guards, lock_finish, 1, "6"},
    {"count: relaxed decrement", 2, count_relaxed, NULL, 1, "race"},
};

enum { TESTS = sizeof tests / sizeof *tests, OUTCOMES_MAX = 64 };

static struct {
    int places, length;
    char seen[OUTCOMES_MAX][32];
} result;

static void ended(const int64_t outcomes[8])
{
    char text[32] = "";
    for (int i = 0; i < result.places; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%d", (int)outcomes[i]);
    for (int i = 0; i < result.length; i++)
        if (strcmp(result.seen[i], text) == 0)
            return;
    if (result.length < OUTCOMES_MAX)
        strcpy(result.seen[result.length++], text);
}

static int compare(const void *a, const void *b)
{
    size_t la = strlen(a), lb = strlen(b);
    return la != lb ? (la < lb ? -1 : 1) : strcmp(a, b);
}

static int check(const struct litmus *test)
{
    struct program program = {.threads = test->threads, .prepare = prepare, .run = test->run, .finish = test->finish};
    struct limits limits = {.budget = {BUDGET_MOST, BUDGET_MOST, 0}, .mode = SEARCH_ALL};
    bool race = strcmp(test->allowed, "race") == 0;
    FILE *report = tmpfile();
    result.places = test->places;
    result.length = 0;
    struct verdict verdict = explore(&program, &limits, report);
    char seen[OUTCOMES_MAX * 32] = "";
    qsort(result.seen, (size_t)result.length, sizeof *result.seen, compare);
    for (int i = 0; i < result.length; i++)
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%s%s", i ? " " : "", result.seen[i]);
    fseek(report, 0, SEEK_END);
    char text[4096] = "";
    rewind(report);
    text[fread(text, 1, sizeof text - 1, report)] = 0;
    fclose(report);
    bool right = race ? verdict.failed && strstr(text, "data race") != NULL
                      : !verdict.failed && verdict.exhausted && strcmp(seen, test->allowed) == 0;
    printf("%-58s %6lu executions  %s\n", test->name, (unsigned long)verdict.executions, right ? "ok" : "WRONG");
    if (!right)
        printf("  allowed: %s\n  seen:    %s\n%s", test->allowed, seen, text);
    return right ? 0 : 1;
}

int main(void)
{
    int wrong = 0;
    engine_ended = ended;
    for (size_t i = 0; i < TESTS; i++)
        wrong += check(&tests[i]);
    printf("%d of %d litmus tests give the allowed outcomes and no other\n", TESTS - wrong, TESTS);
    return wrong ? 1 : 0;
}
