#include "tests/conformance/broken/strong_weakref.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
