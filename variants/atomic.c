#include "variants/atomic.h"
#include "variants/mode_free.h"
#define RC_STANDS_FOR "Rust's Arc, libstdc++'s threaded shared_ptr"
#include "variants/instantiate.h"
