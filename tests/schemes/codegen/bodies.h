/* Single steps, each in a function that a listing shows: check.py compiles this instead of the workloads. */
#include "core/model.h"

/* What a new object's header costs. */
void RC_SYMBOL(header)(struct object *o);
void RC_SYMBOL(header)(struct object *o) { rc_init(&o->rc); }

/* A reference more, and one less: by whoever calls, of whatever object. */
void RC_SYMBOL(take)(struct object *o);
void RC_SYMBOL(take)(struct object *o) { rc_incref(&o->rc); }

bool RC_SYMBOL(drop)(struct object *o);
bool RC_SYMBOL(drop)(struct object *o) { return rc_decref(&o->rc); }

/* A reference out of a slot that others may be changing. */
struct object *RC_SYMBOL(load)(struct slot *slot);
struct object *RC_SYMBOL(load)(struct slot *slot) { return slot_load(slot); }
