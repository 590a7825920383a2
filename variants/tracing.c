#include "variants/tracing.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
