/* Which variants and workloads a command line chooses by name. See selection.h. */
#include "bench/plan/selection.h"

#include "bench/plan/refuse.h"
#include "bench/registry/variant.h"

/* What the words of a list may name. "all" stands for the first `all_count` of them. */
struct choice {
    const char *flag, *kind;
    const char **names;
    size_t count, all_count;
};

/* A peer that this build does not have: says what would bring it. */
static int refuse_missing(const char *flag, const char *value)
{
    for (size_t i = 0; i < missing_peer_count; i++)
        if (strcmp(value, missing_peers[i].name) == 0)
            return refuse(flag, value, "is not in this build: %s", missing_peers[i].remedy);
    return 0;
}

static int choose_word(const struct choice *choice, const char *word, bool *chosen)
{
    bool all = strcmp(word, "all") == 0, known = all;
    for (size_t i = 0; i < choice->count; i++)
        if ((all && i < choice->all_count) || strcmp(word, choice->names[i]) == 0)
            known = chosen[i] = true;
    if (known)
        return 0;
    if (refuse_missing(choice->flag, word) != 0)
        return -1;
    return refuse_name(choice->flag, word, choice->kind, choice->names, choice->count);
}

static bool has_empty_word(const char *list)
{
    return list[0] == '\0' || list[0] == ',' || list[strlen(list) - 1] == ',' || strstr(list, ",,") != NULL;
}

static int choose(const struct choice *choice, const char *list, bool *chosen)
{
    if (has_empty_word(list))
        return refuse(choice->flag, list, "has an empty name; accepted: %ss joined by commas, or all", choice->kind);
    char *words = strdup(list), *state = NULL;
    int status = words != NULL ? 0 : refuse(choice->flag, list, "needs more memory than there is");
    for (char *word = status == 0 ? strtok_r(words, ",", &state) : NULL; word != NULL && status == 0;
         word = strtok_r(NULL, ",", &state))
        status = choose_word(choice, word, chosen);
    free(words);
    return status;
}

/* --peers, beside whatever --variants says. */
static int choose_peers(bool *chosen)
{
    if (peer_count == 0 && missing_peer_count > 0)
        return refuse("--peers", NULL, "this build has none of them: %s", missing_peers[0].remedy);
    if (peer_count == 0)
        return refuse("--peers", NULL, "this binary has none");
    for (size_t i = variant_count - peer_count; i < variant_count; i++)
        chosen[i] = true;
    return 0;
}

int chosen_variants(const char *list, bool with_peers, bool *chosen)
{
    const char **names = malloc(variant_count * sizeof *names);
    if (names == NULL)
        return refuse("--variants", NULL, "no memory");
    for (size_t i = 0; i < variant_count; i++)
        names[i] = variants[i]->name;
    struct choice choice = {"--variants", "variant", names, variant_count, variant_count - peer_count};
    int status = choose(&choice, list != NULL ? list : "all", chosen);
    free(names);
    return status == 0 && with_peers ? choose_peers(chosen) : status;
}

int chosen_workloads(const char *list, bool *chosen)
{
    size_t count = variants[0]->workload_count;
    const char **names = malloc(count * sizeof *names);
    if (names == NULL)
        return refuse("--workloads", NULL, "no memory");
    for (size_t i = 0; i < count; i++)
        names[i] = variants[0]->workloads[i]->name;
    int status =
        choose(&(struct choice){"--workloads", "workload", names, count, count}, list != NULL ? list : "all", chosen);
    free(names);
    return status;
}
