#include "variants/saturating.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "Linux's refcount_t"
#include "variants/instantiate.h"
