/* Which attempts are made, and what their rows say. See attempts.h. */
#include "bench/rows/attempts.h"

/* Where noise disturbs most trials, repeating them would only take thrice the time: of the trials so far, one in so
 * many, and these few more, are made again because they were disturbed. */
enum { ATTEMPTS = 3, TRIALS_PER_REPEAT = 4, REPEATS_MORE = 8 };

bool attempts_again(const struct attempts *attempts, const struct trial_result *result, unsigned attempt)
{
    if (attempt + 1 >= ATTEMPTS || result->failed_audit)
        return false;
    if (result->status == STATUS_INVALID)
        return true;
    return result->disturbed && attempts->repeated < attempts->trials / TRIALS_PER_REPEAT + REPEATS_MORE;
}

const struct trial_result *attempts_best(const struct attempts *attempts, const struct trial_result *result)
{
    bool spoiled = result->status == STATUS_INVALID && !result->failed_audit;
    return spoiled && attempts->has_kept ? &attempts->kept : result;
}

static int write_row(const struct attempts *attempts, const struct cell *cell, const struct trial_result *result)
{
    return attempts->rows != NULL ? rows_write(attempts->rows, cell, result) : 0;
}

/* There was a better one, or another that is as good. */
static int write_kept_as_invalid(const struct attempts *attempts, const struct cell *cell)
{
    if (!attempts->has_kept)
        return 0;
    char names[NOISE_TEXT];
    struct trial_result result = attempts->kept;
    result.status = STATUS_INVALID;
    snprintf(result.reason, sizeof result.reason, "disturbed (%s), so it was measured again",
             noise_text(result.noise & NOISE_PASSING, names));
    return write_row(attempts, cell, &result);
}

/* Without memory for a copy the row is written as it is, and nothing is kept: the reader then finds two good rows of
 * one trial, and says so. */
static int keep(struct attempts *attempts, const struct cell *cell, const struct trial_result *result)
{
    struct trial_thread *thread = realloc(attempts->kept.thread, result->threads * sizeof *thread);
    if (thread == NULL)
        return write_row(attempts, cell, result);
    memcpy(thread, result->thread, result->threads * sizeof *thread);
    attempts->kept = *result;
    attempts->kept.thread = thread;
    attempts->has_kept = true;
    return 0;
}

int attempts_record(struct attempts *attempts, const struct cell *cell, const struct trial_result *result, bool again)
{
    attempts->trials++;
    bool spoiled = result->status == STATUS_INVALID;
    if (again && !spoiled) {
        attempts->repeated++;
        int status = write_kept_as_invalid(attempts, cell);
        return status != 0 ? status : keep(attempts, cell, result);
    }
    const struct trial_result *best = attempts_best(attempts, result);
    int status = !again && best == result ? write_kept_as_invalid(attempts, cell) : 0;
    if (status == 0)
        status = write_row(attempts, cell, result);
    return status == 0 && !again && best != result ? write_row(attempts, cell, best) : status;
}

void attempts_end(struct attempts *attempts)
{
    free(attempts->kept.thread);
    attempts->kept.thread = NULL;
    attempts->has_kept = false;
}
