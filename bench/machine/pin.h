/* pin.h - pinning the calling thread to a processing unit (PU) of a topology, and whether it is there.
 *
 * Any thread, for itself. Error texts are as topology.h says.
 */
#ifndef RCBENCH_BENCH_MACHINE_PIN_H
#define RCBENCH_BENCH_MACHINE_PIN_H

#include <stdbool.h>
#include <stddef.h>

struct machine_topology;
struct pin_saved;

/* Binds the calling thread to one PU, then checks that mask and position are that PU and nothing else.
 * Returns 0, or -1 with `error`: the topology is not this machine's, the PU is not in it, the system
 * refused, or the thread is elsewhere all the same. Allocates: never within a measured window. */
int pin_self(const struct machine_topology *t, unsigned os_index, char *error, size_t error_size);

/* Whether the calling thread last ran on exactly that PU. false also when the system cannot tell, or the
 * topology is not this machine's. Allocates: never within a measured window. */
bool pin_verify_self(const struct machine_topology *t, unsigned os_index);

/* The calling thread's mask, for pin_restore by the same thread; the caller owns it until then. NULL when
 * the topology is not this machine's, the system cannot tell, or memory is short. */
struct pin_saved *pin_save(const struct machine_topology *t);

/* Puts the saved mask back and frees it; NULL does nothing. Call it on the thread that saved. Returns 0,
 * or -1 when the system refused: the thread then keeps the mask it has. */
int pin_restore(const struct machine_topology *t, struct pin_saved *saved);

#endif
