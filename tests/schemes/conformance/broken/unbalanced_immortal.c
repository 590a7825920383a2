#include "tests/schemes/conformance/broken/unbalanced_immortal.h"
#include "variants/modes/gil.h"
#include "variants/instantiate.h"
