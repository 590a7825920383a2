#include "tests/schemes/conformance/broken/dangling_weakref.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
