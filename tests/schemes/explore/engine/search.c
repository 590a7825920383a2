#include "tests/schemes/explore/engine/search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/schemes/explore/engine/clock.h"

struct choice {
    uint8_t taken, ways;
};

/* Which budgets a state has been seen with: the best ones, one entry each. */
struct visit {
    uint64_t state;
    uint32_t generation;
    uint8_t preemptions, stale, faults;
};

static struct {
    enum search_mode mode;
    uint64_t random;
    struct choice *choices;
    size_t length, at, capacity;
    struct visit *visits;
    size_t visits_capacity, visits_used;
    uint32_t generation;
    char *text;
} search;

static const char digits[] = "0123456789abcdefghijklmnopqrstuvwxyz";

enum { VISITS_FIRST = 1 << 16, VISITS_MOST = 1 << 25, WAYS_MAX = sizeof digits - 1 };

static void *checked(void *memory)
{
    if (memory == NULL) {
        fputs("explore: out of memory\n", stderr);
        exit(1);
    }
    return memory;
}

void search_begin(enum search_mode mode, uint64_t seed)
{
    search.mode = mode;
    search.random = seed;
    search.length = search.at = 0;
    search.generation++;
    search.visits_used = 0;
    if (search.visits == NULL) {
        search.visits_capacity = VISITS_FIRST;
        search.visits = checked(calloc(search.visits_capacity, sizeof *search.visits));
    }
}

static void push(int taken, int ways)
{
    if (search.at == search.capacity) {
        search.capacity = search.capacity ? search.capacity * 2 : 1024;
        search.choices = checked(realloc(search.choices, search.capacity * sizeof *search.choices));
    }
    search.choices[search.at++] = (struct choice){.taken = (uint8_t)taken, .ways = (uint8_t)ways};
}

bool search_set_replay(const char *text)
{
    search.length = search.at = 0;
    if (strcmp(text, "-") == 0)
        return true;
    for (const char *c = text; *c != 0; c++) {
        const char *digit = strchr(digits, *c);
        if (digit == NULL)
            return false;
        push((int)(digit - digits), WAYS_MAX);
    }
    search.length = search.at;
    return true;
}

void search_start_execution(void) { search.at = 0; }

void search_repeat(void)
{
    search.length = search.at;
    search.mode = SEARCH_REPLAY;
}

/* Depth first: the last choice that has another way left takes it. */
bool search_advance(void)
{
    if (search.mode == SEARCH_REPLAY)
        return false;
    if (search.mode == SEARCH_RANDOM)
        return true;
    search.length = search.at;
    while (search.length > 0) {
        struct choice *last = &search.choices[search.length - 1];
        if (++last->taken < last->ways)
            return true;
        search.length--;
    }
    return false;
}

static int draw(int n, unsigned weight)
{
    search.random += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t random = mix(search.random, 0);
    return random % weight != 0 ? 0 : (int)((random >> 32) % (uint64_t)n);
}

int search_choose(int n, unsigned weight)
{
    if (n == 1)
        return 0;
    if (n > WAYS_MAX)
        n = WAYS_MAX;
    if (search.mode != SEARCH_RANDOM && search.at < search.length) {
        struct choice *known = &search.choices[search.at++];
        if (known->taken >= n) /* a replay of another program */
            known->taken = 0;
        known->ways = (uint8_t)n;
        return known->taken;
    }
    int taken = search.mode == SEARCH_RANDOM ? draw(n, weight) : 0;
    push(taken, n);
    return taken;
}

static void insert(struct visit visit);

static void grow(void)
{
    struct visit *old = search.visits;
    size_t old_capacity = search.visits_capacity;
    search.visits_capacity *= 4;
    search.visits_used = 0;
    search.visits = checked(calloc(search.visits_capacity, sizeof *search.visits));
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].generation == search.generation)
            insert(old[i]);
    free(old);
}

static void insert(struct visit visit)
{
    if (search.visits_used * 2 > search.visits_capacity) {
        if (search.visits_capacity >= VISITS_MOST)
            return; /* forgetting costs time, not soundness */
        grow();
    }
    size_t i = visit.state & (search.visits_capacity - 1);
    while (search.visits[i].generation == search.generation)
        i = (i + 1) & (search.visits_capacity - 1);
    search.visits[i] = visit;
    search.visits_used++;
}

/* While it follows known choices the search is on its way back to where it was. Otherwise: depth first has
 * finished with a state before it can meet it a second time. */
bool search_visited(uint64_t state, const struct budget *left)
{
    if (search.mode != SEARCH_ALL || search.at < search.length)
        return false;
    size_t i = state & (search.visits_capacity - 1);
    for (; search.visits[i].generation == search.generation; i = (i + 1) & (search.visits_capacity - 1)) {
        struct visit *seen = &search.visits[i];
        if (seen->state == state && seen->preemptions >= left->preemptions && seen->stale >= left->stale &&
            seen->faults >= left->faults)
            return true;
    }
    insert((struct visit){.state = state,
                          .generation = search.generation,
                          .preemptions = (uint8_t)left->preemptions,
                          .stale = (uint8_t)left->stale,
                          .faults = (uint8_t)left->faults});
    return false;
}

uint64_t search_states(void) { return search.visits_used; }

const char *search_text(void)
{
    search.text = checked(realloc(search.text, search.at + 2));
    size_t length = 0;
    for (size_t i = 0; i < search.at; i++)
        if (search.choices[i].taken != 0)
            length = i + 1;
    for (size_t i = 0; i < length; i++)
        search.text[i] = digits[search.choices[i].taken];
    search.text[length] = 0;
    return length == 0 ? strcpy(search.text, "-") : search.text;
}
