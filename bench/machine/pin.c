/* pin.c - pinning the calling thread through hwloc. See pin.h. */
#include "bench/machine/pin.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "bench/base/error_text.h"
#include "bench/machine/topology_internal.h"

struct pin_saved {
    hwloc_bitmap_t mask;
};

bool pin_verify_self(const struct machine_topology *t, unsigned os_index)
{
    hwloc_bitmap_t where = t->this_machine ? hwloc_bitmap_alloc() : NULL;
    if (where == NULL)
        return false;
    bool there = hwloc_get_last_cpu_location(t->hw, where, HWLOC_CPUBIND_THREAD) == 0 &&
                 hwloc_bitmap_weight(where) == 1 && hwloc_bitmap_isset(where, os_index);
    hwloc_bitmap_free(where);
    return there;
}

/* Binds to `only`, and reads the mask back: some systems accept a mask and keep another. */
static int bind_to(const struct machine_topology *t, hwloc_bitmap_t only, unsigned os_index, char *error, size_t size)
{
    if (hwloc_bitmap_only(only, os_index) != 0)
        return error_set(error, size, "out of memory");
    if (hwloc_set_cpubind(t->hw, only, HWLOC_CPUBIND_THREAD | HWLOC_CPUBIND_STRICT) != 0)
        return error_set(error, size, "cannot pin a thread to CPU %u: %s", os_index, strerror(errno));
    if (hwloc_get_cpubind(t->hw, only, HWLOC_CPUBIND_THREAD) != 0)
        return error_set(error, size, "cannot read back the pin to CPU %u: %s", os_index, strerror(errno));
    if (hwloc_bitmap_weight(only) != 1 || !hwloc_bitmap_isset(only, os_index))
        return error_set(error, size, "a thread that was pinned to CPU %u has another mask", os_index);
    if (!pin_verify_self(t, os_index))
        return error_set(error, size, "a thread that was pinned to CPU %u runs elsewhere", os_index);
    return 0;
}

int pin_self(const struct machine_topology *t, unsigned os_index, char *error, size_t error_size)
{
    if (!t->this_machine)
        return error_set(error, error_size, "cannot pin by a topology that is not this machine's: plan only");
    if (!hwloc_bitmap_isset(t->allowed, os_index))
        return error_set(error, error_size, "cannot pin to CPU %u: this process may not use it", os_index);
    hwloc_bitmap_t only = hwloc_bitmap_alloc();
    if (only == NULL)
        return error_set(error, error_size, "out of memory");
    int result = bind_to(t, only, os_index, error, error_size);
    hwloc_bitmap_free(only);
    return result;
}

struct pin_saved *pin_save(const struct machine_topology *t)
{
    struct pin_saved *saved = t->this_machine ? calloc(1, sizeof *saved) : NULL;
    if (saved == NULL)
        return NULL;
    saved->mask = hwloc_bitmap_alloc();
    if (saved->mask == NULL || hwloc_get_cpubind(t->hw, saved->mask, HWLOC_CPUBIND_THREAD) != 0) {
        hwloc_bitmap_free(saved->mask);
        free(saved);
        return NULL;
    }
    return saved;
}

int pin_restore(const struct machine_topology *t, struct pin_saved *saved)
{
    if (saved == NULL)
        return 0;
    int result = hwloc_set_cpubind(t->hw, saved->mask, HWLOC_CPUBIND_THREAD);
    hwloc_bitmap_free(saved->mask);
    free(saved);
    return result != 0 ? -1 : 0;
}
