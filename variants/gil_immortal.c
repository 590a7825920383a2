#include "variants/immortal.h"
#include "variants/mode_gil.h"
#include "variants/instantiate.h"
