#include "variants/none.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "nothing counted, nothing freed: the floor where no object is made"
#include "variants/instantiate.h"
