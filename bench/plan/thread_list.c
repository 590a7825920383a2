/* thread_list.c - parsing lists of thread counts. See thread_list.h. */
#include "bench/plan/thread_list.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/error_text.h"
#include "bench/machine/topology.h"

/* Reads one count, digits or "max". Returns NULL, or what is wrong with it. */
static const char *read_count(const char *text, size_t length, unsigned max, unsigned *count)
{
    if (length == 3 && strncmp(text, "max", 3) == 0) {
        *count = max < TOPOLOGY_PU_LIMIT ? max : TOPOLOGY_PU_LIMIT;
        return max > 0 ? NULL : "stands for no thread at all here";
    }
    unsigned n = 0;
    for (size_t i = 0; i < length; i++) {
        if (!isdigit((unsigned char)text[i]))
            return "is not a number or a range";
        n = n * 10 + (unsigned)(text[i] - '0');
        if (n > TOPOLOGY_PU_LIMIT)
            return "is more threads than can be";
    }
    *count = n;
    if (length == 0)
        return "is not a number or a range";
    return n > 0 ? NULL : "asks for no thread at all";
}

/* Reads "4", "max" or "4-8". Returns NULL, or what is wrong with it. */
static const char *read_item(const char *item, size_t length, unsigned max, unsigned *first, unsigned *last)
{
    if (length == 0)
        return "is an empty item";
    const char *dash = memchr(item, '-', length);
    size_t head = dash != NULL ? (size_t)(dash - item) : length;
    const char *wrong = read_count(item, head, max, first);
    if (wrong != NULL)
        return wrong;
    *last = *first;
    if (dash != NULL)
        wrong = read_count(dash + 1, length - head - 1, max, last);
    if (wrong != NULL)
        return wrong;
    return *last < *first ? "is a reversed range" : NULL;
}

static unsigned collect(const bool *wanted, unsigned **out)
{
    unsigned n = 0;
    for (unsigned i = 1; i <= TOPOLOGY_PU_LIMIT; i++)
        n += wanted[i];
    *out = malloc(n * sizeof **out);
    if (*out == NULL)
        return 0;
    n = 0;
    for (unsigned i = 1; i <= TOPOLOGY_PU_LIMIT; i++)
        if (wanted[i])
            (*out)[n++] = i;
    return n;
}

#define ACCEPTED_LIST "accepted: a list such as 1,2,4-8,max, of numbers up to"

unsigned thread_list_parse(const char *list, unsigned max, unsigned **out, char *error, size_t error_size)
{
    bool wanted[TOPOLOGY_PU_LIMIT + 1] = {false};
    char q[ERROR_QUOTE_SIZE];
    *out = NULL;
    if (list == NULL || list[0] == '\0') {
        (void)error_set(error, error_size, "'' is an empty list; " ACCEPTED_LIST " %u", TOPOLOGY_PU_LIMIT);
        return 0;
    }
    for (const char *item = list;; item++) {
        unsigned first = 0;
        unsigned last = 0;
        size_t length = strcspn(item, ",");
        const char *wrong = read_item(item, length, max, &first, &last);
        if (wrong != NULL) {
            (void)error_set(error, error_size, "'%s' %s; " ACCEPTED_LIST " %u", error_quote(q, item, length), wrong,
                            TOPOLOGY_PU_LIMIT);
            return 0;
        }
        for (unsigned i = first; i <= last; i++)
            wanted[i] = true;
        item += length;
        if (*item == '\0')
            break;
    }
    unsigned n = collect(wanted, out);
    if (n == 0)
        (void)error_set(error, error_size, "out of memory");
    return n;
}
