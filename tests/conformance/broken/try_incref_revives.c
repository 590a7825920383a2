#include "tests/conformance/broken/try_incref_revives.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
