/* Google Benchmark's own flags. See benchmark_flags.h. */
#include "bench/plan/benchmark_flags.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "bench/plan/refuse.h"
#include "bench/plan/values.h"

enum { REPETITIONS_MAX = 10000 };

bool benchmark_flag(const char *word)
{
    return strncmp(word, "--benchmark_", 12) == 0 || strncmp(word, "--v=", 4) == 0;
}

static int check_value(const char *flag, const char *value)
{
    static const char *const formats[] = {"console", "json", "csv", NULL};
    uint64_t number;
    unsigned format;
    if (strcmp(flag, "--benchmark_repetitions") == 0)
        return value_whole(flag, value, (struct whole_range){1, REPETITIONS_MAX}, &number);
    if (strcmp(flag, "--benchmark_min_warmup_time") == 0 && strtod(value, NULL) != 0)
        return refuse(flag, value, "is not taken: each trial has a ramp of its own; accepted: --ramp MS");
    if (strcmp(flag, "--benchmark_format") == 0 || strcmp(flag, "--benchmark_out_format") == 0)
        return value_word(flag, value, "format", formats, &format);
    return 0;
}

int benchmark_flag_check(const char *word)
{
    char flag[64];
    size_t length = strcspn(word, "=");
    snprintf(flag, sizeof flag, "%.*s", (int)(length < sizeof flag ? length : sizeof flag - 1), word);
    return word[length] == '=' ? check_value(flag, word + length + 1) : 0;
}

int benchmark_environment_check(void)
{
    static const char *const names[][2] = {{"BENCHMARK_REPETITIONS", "--benchmark_repetitions"},
                                           {"BENCHMARK_MIN_WARMUP_TIME", "--benchmark_min_warmup_time"},
                                           {"BENCHMARK_FORMAT", "--benchmark_format"},
                                           {"BENCHMARK_OUT_FORMAT", "--benchmark_out_format"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = getenv(names[i][0]);
        if (value != NULL && check_value(names[i][1], value) != 0)
            return -1;
    }
    return 0;
}

/* What the library takes for false. */
static bool is_false(const char *value)
{
    static const char *const names[] = {"=false", "=0", "=no", "=off", "=n", "=f"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(value, names[i]) == 0)
            return true;
    return false;
}

bool benchmark_flag_lists(const char *word)
{
    const char *list = "--benchmark_list_tests";
    return strncmp(word, list, strlen(list)) == 0 && !is_false(word + strlen(list));
}
