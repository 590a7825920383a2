/* What a new object's header costs, in a function that a listing shows: check.py compiles this instead of the
 * workloads. */
#include "core/model.h"

void RC_SYMBOL(header)(struct object *o);
void RC_SYMBOL(header)(struct object *o) { rc_init(&o->rc); }
