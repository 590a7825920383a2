#include "tests/conformance/broken/publish_shallow.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
