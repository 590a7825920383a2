#include "variants/atomic_seqcst.h"
#include "variants/mode_free.h"
#include "variants/instantiate.h"
