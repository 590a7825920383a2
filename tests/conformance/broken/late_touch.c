#include "tests/conformance/broken/late_touch.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
