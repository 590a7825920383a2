#include "tests/schemes/conformance/broken/double_free.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
