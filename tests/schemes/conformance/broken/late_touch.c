#include "tests/schemes/conformance/broken/late_touch.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
