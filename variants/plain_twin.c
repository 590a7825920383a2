#include "variants/plain.h"
#include "variants/mode_single.h"
#define RC_STANDS_FOR "plain compiled again: how much the two differ is noise"
#include "variants/instantiate.h"
