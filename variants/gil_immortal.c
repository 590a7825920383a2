#include "variants/immortal.h"
#include "variants/mode_gil.h"
#define RC_STANDS_FOR "CPython 3.12 and later, with a GIL"
#include "variants/instantiate.h"
