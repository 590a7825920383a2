#include "tests/conformance/broken/nonatomic_shared.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
