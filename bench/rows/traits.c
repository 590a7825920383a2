/* See traits.h. */
#include "bench/rows/traits.h"

#include "bench/registry/variant.h"

void traits_write_variant(struct json *j, const struct variant *v)
{
    json_key(j, v->name);
    json_open(j, '{');
    json_string(j, "scheme", v->scheme);
    json_string(j, "mode", v->mode);
    json_string(j, "stands_for", variant_stands_for(v));
    json_bool(j, "gil", v->gil);
    json_number(j, "threads_max", v->threads_max);
    json_number(j, "object_bytes", v->object_bytes);
    json_bool(j, "thread_safe", v->thread_safe);
    json_bool(j, "counts", v->counts);
    json_bool(j, "frees", !v->never_frees);
    json_bool(j, "exact_audit", v->exact_audit);
    json_bool(j, "immortal", v->immortal);
    json_bool(j, "late", v->late);
    json_bool(j, "traced", v->traced);
    json_close(j, '}');
}

void traits_write(struct json *j)
{
    json_key(j, "variants");
    json_open(j, '{');
    for (size_t i = 0; i < variant_count - peer_count; i++)
        traits_write_variant(j, variants[i]);
    json_close(j, '}');
}
