/* What each variant is and can do, as JSON: for scripts, which know no variant's name. */
#ifndef RCBENCH_BENCH_ROWS_TRAITS_H
#define RCBENCH_BENCH_ROWS_TRAITS_H

#include "bench/base/json.h"

/* The member "variants" of the object that is open: an object for each variant of the registry, in its order. Peers are
 * none of ours and are left out. docs/schema.md explains the members. */
void traits_write(struct json *j);

/* One of these objects, as the member of the variant's name. */
struct variant;
void traits_write_variant(struct json *j, const struct variant *variant);

#endif
