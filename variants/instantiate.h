/* Included last by variants/variant.c, after a scheme and a mode: compiles the object model and a set of
 * bodies (benchmark workloads, conformance tests, ...) around them, all static, so that the counting
 * operations inline to the instructions they are.
 *
 * The build says which, once per variant and set:
 *   RC_VARIANT   the variant's name
 *   RC_BODIES    the header with the bodies; it exports what its users need */
#ifndef RCBENCH_VARIANTS_INSTANTIATE_H
#define RCBENCH_VARIANTS_INSTANTIATE_H

#if !defined(RC_VARIANT) || !defined(RC_BODIES)
#error "the build must define RC_VARIANT and RC_BODIES: see CMakeLists.txt"
#endif

#define RC_JOIN_(a, b) a##b
#define RC_JOIN(a, b) RC_JOIN_(a, b)
#define RC_TEXT_(a) #a
#define RC_TEXT(a) RC_TEXT_(a)

/* RC_SYMBOL(f) is f__NAME: a name that tells the variants apart in a disassembly. */
#define RC_SYMBOL(function) RC_JOIN(RC_JOIN(function, __), RC_VARIANT)

#include "core/model.h"
#include RC_BODIES

#endif
