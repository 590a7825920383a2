#include "tests/conformance/broken/early_free.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
