#include "tests/schemes/conformance/broken/nonatomic_shared.h"
#include "variants/modes/free.h"
#include "variants/instantiate.h"
