#include "variants/none.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "the floor: nothing counted, nothing freed"
#include "variants/instantiate.h"
