#include "variants/plain.h"
#include "variants/mode_single.h"
#include "variants/instantiate.h"
