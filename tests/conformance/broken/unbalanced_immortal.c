#include "tests/conformance/broken/unbalanced_immortal.h"
#include "variants/mode_gil.h"
#include "variants/instantiate.h"
