#include "variants/plain.h"
#include "variants/mode_single.h"
#define RC_STANDS_FOR "one thread, no other runtime around it"
#include "variants/instantiate.h"
