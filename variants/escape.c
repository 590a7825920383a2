#include "variants/escape.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "Lean 4, Koka"
#include "variants/instantiate.h"
