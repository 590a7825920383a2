#include "tests/schemes/conformance/broken/early_free.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
