#include "tests/schemes/conformance/broken/unrooted_state.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
