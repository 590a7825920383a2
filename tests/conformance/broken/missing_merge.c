#include "tests/conformance/broken/missing_merge.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
