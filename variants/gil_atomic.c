#include "variants/atomic.h"
#include "variants/mode_gil.h"
#define RC_STANDS_FOR "the experiment \"atomic counts in CPython\" with nothing else changed"
#include "variants/instantiate.h"
