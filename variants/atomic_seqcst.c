#include "variants/atomic_seqcst.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "a count made _Atomic and nothing else"
#include "variants/instantiate.h"
