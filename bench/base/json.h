/* json.h - a small JSON writer: one value, indented, in UTF-8 whatever the texts hold. Errors of writing stay
 * in `out` (ferror). A writer belongs to one thread. */
#ifndef RCBENCH_BENCH_BASE_JSON_H
#define RCBENCH_BENCH_BASE_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* Starts as {out, 0, true}. */
struct json {
    FILE *out;
    unsigned depth;
    bool first; /* nothing stands before the next member */
};

/* Before each member of an array: the comma and the line. json_key does it for the members of an object. */
void json_next(struct json *j);

/* "key": with the value still to come: json_open, or what the caller prints to `out`. */
void json_key(struct json *j, const char *key);

/* The text alone, quoted; bytes that are not UTF-8 become the replacement character. */
void json_text(struct json *j, const char *text);

/* '{' or '[', and its end. */
void json_open(struct json *j, char bracket);
void json_close(struct json *j, char bracket);

/* A member of an object; NULL and "" are null: a fact that is not known. */
void json_string(struct json *j, const char *key, const char *text);

/* A member of an object; negative is null. */
void json_number(struct json *j, const char *key, int64_t value);

/* A member of an object; negative is null. */
void json_bool(struct json *j, const char *key, int value);

/* The value alone, which is not negative, with two decimals. */
void json_hundredths(struct json *j, double value);

#endif
