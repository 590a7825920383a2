#include "tests/schemes/conformance/broken/publish_shallow.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
