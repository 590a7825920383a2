#include "tests/conformance/broken/unrooted_state.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
