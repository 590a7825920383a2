#include "tests/conformance/broken/dangling_weakref.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
