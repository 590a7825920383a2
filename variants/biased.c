#include "variants/biased.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "free-threaded CPython (PEP 703)"
#include "variants/instantiate.h"
