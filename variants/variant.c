/* One variant: a scheme in a mode, around a set of bodies. The build compiles this for each line of variants.def and each
 * set of bodies, and says which with RC_VARIANT, RC_SCHEME_HEADER, RC_MODE_HEADER and RC_BODIES. */
#include RC_SCHEME_HEADER
#include RC_MODE_HEADER
#include "variants/instantiate.h"
