#include "tests/conformance/broken/lost_increment.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
