#include "tests/schemes/conformance/broken/strong_weakref.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
