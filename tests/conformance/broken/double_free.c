#include "tests/conformance/broken/double_free.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
