#include "tests/schemes/conformance/broken/try_incref_revives.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
