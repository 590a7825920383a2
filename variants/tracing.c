#include "variants/tracing.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "PyPy, Jython, IronPython: no counts, a collector that traces"
#include "variants/instantiate.h"
