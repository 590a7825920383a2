/* The conformance suite around one variant: the table of its cases, conformance_NAME. Compiled by
 * variants/variant.c through variants/instantiate.h. What a variant cannot do is told from its traits. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_BODIES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_BODIES_H

#include "tests/schemes/conformance/suite.h"
#include "tests/schemes/conformance/cases/atoms.h"
#include "tests/schemes/conformance/cases/classes.h"
#include "tests/schemes/conformance/cases/collections.h"
#include "tests/schemes/conformance/cases/contention.h"
#include "tests/schemes/conformance/cases/counting.h"
#include "tests/schemes/conformance/cases/cycles.h"
#include "tests/schemes/conformance/cases/depth.h"
#include "tests/schemes/conformance/cases/dicts.h"
#include "tests/schemes/conformance/cases/failures.h"
#include "tests/schemes/conformance/cases/gil.h"
#include "tests/schemes/conformance/cases/graphs.h"
#include "tests/schemes/conformance/cases/handoffs.h"
#include "tests/schemes/conformance/cases/immortals.h"
#include "tests/schemes/conformance/cases/overflow.h"
#include "tests/schemes/conformance/cases/ownership.h"
#include "tests/schemes/conformance/cases/publishing.h"
#include "tests/schemes/conformance/cases/queue_failures.h"
#include "tests/schemes/conformance/cases/registration.h"
#include "tests/schemes/conformance/cases/seeds.h"
#include "tests/schemes/conformance/cases/seeds_collector.h"
#include "tests/schemes/conformance/cases/sequences.h"
#include "tests/schemes/conformance/cases/shared_containers.h"
#include "tests/schemes/conformance/cases/traced.h"
#include "tests/schemes/conformance/cases/traced_deaths.h"
#include "tests/schemes/conformance/cases/upgrades.h"
#include "tests/schemes/conformance/cases/weakrefs.h"

#define SKIP_SINGLE            (MODE_THREADS_MAX == 1 ? "the variant has one thread" : NULL)
#define SKIP_UNGATED           (MODE_GIL ? NULL : "the variant has no GIL")
#define SKIP_GATED             (MODE_GIL ? "the variant has a GIL" : NULL)
#define SKIP_MORTAL            (RC_IMMORTAL ? NULL : "the scheme has no immortal objects")
#define SKIP_IMMORTAL          (RC_IMMORTAL ? "the scheme has immortal objects" : NULL)
#define SKIP_SINGLE_OR_MORTAL  (MODE_THREADS_MAX == 1 ? SKIP_SINGLE : SKIP_MORTAL)
#define SKIP_UNDYING           (RC_NEVER_FREES ? "nothing dies" : NULL)
#define SKIP_UNTRACED          (RC_TRACED ? NULL : "no collector traces its memory")
#define SKIP_MORTAL_OR_UNDYING (RC_NEVER_FREES ? SKIP_UNDYING : SKIP_MORTAL)
#define SKIP_SINGLE_OR_UNDYING (MODE_THREADS_MAX == 1 ? SKIP_SINGLE : SKIP_UNDYING)
#define SKIP_ONE_AT_A_TIME_OR_UNDYING (MODE_GIL ? SKIP_GATED : SKIP_SINGLE_OR_UNDYING)
#define SKIP_UNCOUNTED         (RC_EXACT_AUDIT ? NULL : "the scheme does not know its counts")

#define SKIP_NOT_ABORTING      (RC_COUNT_ABORTS ? NULL : "a count that overflows does not end the process")
#define SKIP_BOUNDLESS_OR_ABORTING                                                                                   \
    (RC_COUNT_MAX == 0 ? "the count cannot overflow in a run that ends"                                              \
     : RC_COUNT_ABORTS ? "a count that overflows ends the process"                                                   \
                       : NULL)

/* clang-format off */
#define CASE(name, skip) {#name, skip, case_##name}
/* clang-format on */

static const struct suite_case suite_cases[] = {
    CASE(count_follows, NULL),
    CASE(every_object_dies_once, NULL),
    CASE(unique, NULL),
    CASE(try_incref_alive, NULL),
    CASE(death_order, NULL),
    CASE(referent_outlives, NULL),

    CASE(counts_of_variables, SKIP_UNCOUNTED),
    CASE(death_at_last_drop, SKIP_UNDYING),
    CASE(references_to_none, NULL),
    CASE(reading_writes_count, NULL),

    CASE(singletons, NULL),
    CASE(small_ints, NULL),
    CASE(ints, NULL),
    CASE(floats, NULL),
    CASE(strs, NULL),
    CASE(types_differ, NULL),
    CASE(tuples, NULL),
    CASE(list_items, NULL),
    CASE(list_grows, NULL),
    CASE(list_clear, NULL),
    CASE(dict_counts, NULL),
    CASE(dict_keys, NULL),
    CASE(dict_collisions, NULL),
    CASE(dict_grows, NULL),
    CASE(dict_random, NULL),
    CASE(cycle_of_two, SKIP_UNDYING),
    CASE(cycle_of_one, SKIP_UNDYING),
    CASE(cycle_through_class, SKIP_UNDYING),
    CASE(reachable_stays, SKIP_UNDYING),
    CASE(garbage_lets_go, SKIP_UNDYING),
    CASE(immortal_in_cycle, SKIP_MORTAL_OR_UNDYING),
    CASE(tracking_follows, SKIP_UNDYING),
    CASE(collects_by_itself, SKIP_UNDYING),
    CASE(thresholds, SKIP_UNDYING),
    CASE(freeze, SKIP_UNDYING),
    CASE(finalizer_runs_once, SKIP_UNDYING),
    CASE(resurrection_by_drop, SKIP_UNDYING),
    CASE(resurrection_by_collection, SKIP_UNDYING),
    CASE(finalizer_dismantles, SKIP_UNDYING),
    CASE(large_cycle, SKIP_UNDYING),

    CASE(cycles_leak_exactly, SKIP_UNDYING),
    CASE(collections_by_event, SKIP_UNDYING),
    CASE(collections_by_time, SKIP_UNDYING),
    CASE(collector_off_after_fork, SKIP_UNDYING),

    CASE(random_graphs, SKIP_UNDYING),
    CASE(random_graphs_of_threads, SKIP_SINGLE_OR_UNDYING),
    CASE(world_stops, SKIP_SINGLE_OR_UNDYING),
    CASE(finalizer_stops_world, SKIP_SINGLE_OR_UNDYING),
    CASE(garbage_of_others, SKIP_SINGLE_OR_UNDYING),
    CASE(garbage_dies_in_its_collection, SKIP_SINGLE_OR_UNDYING),
    CASE(garbage_being_merged, SKIP_SINGLE_OR_UNDYING),
    CASE(collects_what_threads_left, SKIP_SINGLE_OR_UNDYING),
    CASE(collection_without_memory, SKIP_UNDYING),

    CASE(weakref_follows, SKIP_UNDYING),
    CASE(unique_with_weakref, SKIP_UNDYING),
    CASE(weakref_is_reused, SKIP_UNDYING),
    CASE(weakref_order, SKIP_UNDYING),
    CASE(weakref_to_garbage, SKIP_UNDYING),
    CASE(weakref_in_garbage, SKIP_UNDYING),
    CASE(weakref_breaks_cycle, SKIP_UNDYING),
    CASE(weakref_sees_resurrected, SKIP_UNDYING),
    CASE(weakref_race, SKIP_SINGLE_OR_UNDYING),
    CASE(weakref_makers, SKIP_SINGLE_OR_UNDYING),

    CASE(traced_memory_is_bounded, SKIP_UNTRACED),
    CASE(traced_nothing_is_left, SKIP_UNTRACED),
    CASE(traced_disabled, SKIP_UNTRACED),
    CASE(traced_kept, SKIP_UNTRACED),
    CASE(traced_blocked, SKIP_UNTRACED),
    CASE(traced_threads_leave, SKIP_UNTRACED),
    CASE(traced_weakrefs, SKIP_UNTRACED),
    CASE(traced_weakref_race, SKIP_UNTRACED),
    CASE(traced_callbacks, SKIP_UNTRACED),
    CASE(traced_finalizers, SKIP_UNTRACED),
    CASE(traced_fork, SKIP_UNTRACED),

    CASE(instance_slots, NULL),
    CASE(instance_dict, NULL),
    CASE(cells, NULL),
    CASE(functions, NULL),
    CASE(function_arguments, NULL),

    CASE(overflow_lives, SKIP_BOUNDLESS_OR_ABORTING),
    CASE(overflow_aborts, SKIP_NOT_ABORTING),
    CASE(immortal_is_not_counted, SKIP_MORTAL),
    CASE(immortal_refused, SKIP_IMMORTAL),
    CASE(immortal_threads, SKIP_SINGLE_OR_MORTAL),
    CASE(immortal_while_queued, SKIP_SINGLE_OR_MORTAL),
    CASE(publish_reaches_all, NULL),
    CASE(publish_cycle, NULL),
    CASE(publish_by_storing, NULL),
    CASE(private_stays_private, NULL),
    CASE(publish_out_of_memory, NULL),
    CASE(store_out_of_memory, NULL),

    CASE(deep_list, NULL),
    CASE(deep_tuple, NULL),
    CASE(deep_mixed, NULL),
    CASE(deep_stranger, SKIP_SINGLE),

    CASE(every_allocation_fails, NULL),
    CASE(memory_runs_out, SKIP_UNDYING),
    CASE(queue_without_memory, SKIP_SINGLE_OR_UNDYING),
    CASE(queue_nested_without_memory, SKIP_SINGLE_OR_UNDYING),
    CASE(queue_growth_fails, SKIP_SINGLE_OR_UNDYING),
    CASE(fork_while_one_waits, SKIP_ONE_AT_A_TIME_OR_UNDYING),

    CASE(drop_while_owner_works, SKIP_SINGLE),
    CASE(count_before_merge, SKIP_SINGLE),
    CASE(owner_drops_first, SKIP_SINGLE),
    CASE(stranger_drops_first, SKIP_SINGLE),
    CASE(drop_while_owner_detached, SKIP_SINGLE),
    CASE(drop_after_owner_left, SKIP_SINGLE),
    CASE(owner_leaves_with_queue, SKIP_SINGLE),
    CASE(owner_leaves_meanwhile, SKIP_SINGLE),
    CASE(thread_id_reused, SKIP_SINGLE),
    CASE(thread_id_reused_meanwhile, SKIP_SINGLE),
    CASE(many_threads, SKIP_SINGLE),
    CASE(first_in_first_out, SKIP_SINGLE_OR_UNDYING),
    CASE(left_to_its_owner, SKIP_ONE_AT_A_TIME_OR_UNDYING),
    CASE(enter_and_leave_at_once, SKIP_SINGLE_OR_UNDYING),
    CASE(handoff, SKIP_SINGLE),
    CASE(handoff_circle, SKIP_SINGLE),

    CASE(two_drop_together, SKIP_SINGLE),
    CASE(many_drop_together, SKIP_SINGLE),
    CASE(merge_races, SKIP_SINGLE),
    CASE(references_change_hands, SKIP_SINGLE),
    CASE(one_counted_by_all, SKIP_SINGLE),
    CASE(immutable_reads, SKIP_SINGLE),
    CASE(unique_among_threads, SKIP_SINGLE),
    CASE(unique_owner_and_stranger, SKIP_SINGLE),
    CASE(unique_after_stranger, SKIP_SINGLE_OR_UNDYING),
    CASE(no_upgrade_of_the_dead, SKIP_UNDYING),
    CASE(no_upgrade_of_the_waiting, SKIP_UNDYING),
    CASE(no_upgrade_by_strangers, SKIP_SINGLE_OR_UNDYING),
    CASE(upgrade_of_the_living, SKIP_SINGLE),
    CASE(upgrade_against_owner, SKIP_SINGLE_OR_UNDYING),
    CASE(upgrade_against_stranger, SKIP_SINGLE_OR_UNDYING),
    CASE(shared_list, SKIP_SINGLE),
    CASE(shared_dict, SKIP_SINGLE),
    CASE(shared_slots, SKIP_SINGLE),
    CASE(shared_inner, SKIP_SINGLE),

    CASE(gil_one_at_a_time, SKIP_UNGATED),
    CASE(gil_switches, SKIP_UNGATED),
    CASE(gil_interval, SKIP_UNGATED),
    CASE(gil_detached, SKIP_UNGATED),
    CASE(gil_wakes, SKIP_UNGATED),
    CASE(gil_waits, SKIP_UNGATED),
    CASE(never_suspended, SKIP_GATED),
};

extern const struct suite RC_JOIN(conformance_, RC_VARIANT);
const struct suite RC_JOIN(conformance_, RC_VARIANT) = {
    .variant = RC_TEXT(RC_VARIANT),
    .cases = suite_cases,
    .count = sizeof suite_cases / sizeof *suite_cases,
};

#endif
