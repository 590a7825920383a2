/* json.c - the small JSON writer. See json.h. */
#include "bench/base/json.h"

#include <inttypes.h>

void json_next(struct json *j)
{
    (void)fprintf(j->out, "%s\n%*s", j->first ? "" : ",", (int)(2 * j->depth), "");
    j->first = false;
}

/* Length of the UTF-8 sequence at s, or 0 when it is not one. */
static unsigned utf8_length(const unsigned char *s)
{
    unsigned n = s[0] < 0x80 ? 1 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : (s[0] & 0xF0) == 0xE0 ? 3 : 0;
    if (n == 0 && s[0] >= 0xF0 && s[0] < 0xF5)
        n = 4;
    for (unsigned i = 1; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    bool overlong = (s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xF0 && s[1] < 0x90);
    bool beyond = (s[0] == 0xED && s[1] >= 0xA0) || (s[0] == 0xF4 && s[1] >= 0x90);
    return overlong || beyond ? 0 : n;
}

void json_text(struct json *j, const char *text)
{
    const unsigned char *s = (const unsigned char *)text;
    (void)fputc('"', j->out);
    while (*s != '\0') {
        unsigned n = utf8_length(s);
        if (*s == '"' || *s == '\\')
            (void)fprintf(j->out, "\\%c", *s);
        else if (*s < 0x20 || *s == 0x7F)
            (void)fprintf(j->out, "\\u%04x", (unsigned)*s);
        else if (n == 0)
            (void)fputs("\\ufffd", j->out); /* not UTF-8: the replacement character */
        else
            (void)fwrite(s, 1, n, j->out);
        s += n > 0 ? n : 1;
    }
    (void)fputc('"', j->out);
}

void json_key(struct json *j, const char *key)
{
    json_next(j);
    json_text(j, key);
    (void)fputs(": ", j->out);
}

void json_open(struct json *j, char bracket)
{
    (void)fputc(bracket, j->out);
    j->depth++;
    j->first = true;
}

void json_close(struct json *j, char bracket)
{
    j->depth--;
    if (!j->first)
        (void)fprintf(j->out, "\n%*s", (int)(2 * j->depth), "");
    (void)fputc(bracket, j->out);
    j->first = false;
}

void json_string(struct json *j, const char *key, const char *text)
{
    json_key(j, key);
    if (text == NULL || text[0] == '\0')
        (void)fputs("null", j->out);
    else
        json_text(j, text);
}

void json_number(struct json *j, const char *key, int64_t value)
{
    json_key(j, key);
    if (value < 0)
        (void)fputs("null", j->out);
    else
        (void)fprintf(j->out, "%" PRId64, value);
}

void json_bool(struct json *j, const char *key, int value)
{
    json_key(j, key);
    (void)fputs(value < 0 ? "null" : value ? "true" : "false", j->out);
}

/* Hundredths in digits of our own: a locale's decimal comma is not JSON. */
void json_hundredths(struct json *j, double value)
{
    uint64_t hundredths = (uint64_t)(value * 100.0 + 0.5);
    (void)fprintf(j->out, "%" PRIu64 ".%02u", hundredths / 100, (unsigned)(hundredths % 100));
}
