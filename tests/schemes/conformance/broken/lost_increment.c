#include "tests/schemes/conformance/broken/lost_increment.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
