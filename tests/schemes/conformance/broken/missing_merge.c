#include "tests/schemes/conformance/broken/missing_merge.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
