#include "variants/plain.h"
#include "variants/mode_gil.h"
#define RC_STANDS_FOR "CPython until 3.11"
#include "variants/instantiate.h"
