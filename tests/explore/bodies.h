/* All scenarios, compiled around one variant by variants/instantiate.h. */
#ifndef RCBENCH_TESTS_EXPLORE_BODIES_H
#define RCBENCH_TESTS_EXPLORE_BODIES_H

#include "tests/explore/scenarios/collecting.h"
#include "tests/explore/scenarios/counting.h"
#include "tests/explore/scenarios/sharing.h"

#define SKIP_SINGLE (MODE_THREADS_MAX == 1 ? "the variant has one thread" : NULL)
#define SKIP_SINGLE_OR_UNDYING (RC_NEVER_FREES ? "nothing dies" : SKIP_SINGLE)
#define SKIP_MORTAL (MODE_THREADS_MAX == 1 ? SKIP_SINGLE : RC_IMMORTAL ? NULL : "the scheme has no immortal objects")
#define SKIP_BOUNDLESS                                                                                               \
    (RC_COUNT_MAX == 0 ? "the count cannot overflow in a run that ends"                                             \
     : RC_COUNT_ABORTS ? "a count that overflows ends the process"                                                  \
                       : NULL)

enum { THREAD_1 = 1 << 1, THREAD_2 = 1 << 2, THREAD_3 = 1 << 3, ALL = THREAD_1 | THREAD_2 | THREAD_3 };

static const struct scenario scenario_table[] = {
    {.name = "private", .summary = "threads enter, use objects of their own, leave", .threads_min = 1, .threads_max = 2,
     .enters = ALL, .leaves = ALL, .run = private_run},
    {.name = "last_drop", .summary = "all drop the last references at once; the owner sleeps", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prepare = strangers_prepare, .run = drop_run, .finish = died_once},
    {.name = "owner_drops", .summary = "the owner drops while others drop", .skip = SKIP_SINGLE, .threads_min = 2,
     .threads_max = 3, .prologue = owner_makes, .run = owner_and_strangers_run, .finish = died_once},
    {.name = "incref_drop", .summary = "others count up and down while the owner drops", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = owner_makes, .run = incref_run, .finish = died_once},
    {.name = "each_counts", .summary = "all drop what they have counted themselves", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = each_takes, .run = owner_and_strangers_run,
     .finish = died_once},
    {.name = "given_away", .summary = "others drop what the owner has counted, and it works on", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = given_away_prologue, .run = given_away_run, .finish = died_once},
    {.name = "owner_sleeps", .summary = "the owner blocks and comes back while others drop", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = owner_makes, .run = sleep_run, .finish = died_once},
    {.name = "owner_leaves", .summary = "the owner leaves while others drop two of its objects", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .leaves = THREAD_1, .prologue = leave_prologue, .run = leave_run,
     .finish = two_died_once},
    {.name = "id_reused", .summary = "the owner leaves, and a new thread has its id", .skip = SKIP_SINGLE,
     .threads_min = 3, .threads_max = 3, .enters = THREAD_3, .leaves = THREAD_1 | THREAD_3, .reuse_memory = true,
     .prologue = reuse_prologue, .run = reuse_run, .finish = reuse_finish},
    {.name = "unique", .summary = "the owner changes what it alone has, others drop theirs", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = each_takes, .run = unique_run, .finish = died_once},
    {.name = "immortalize", .summary = "the owner makes immortal what others drop", .skip = SKIP_MORTAL,
     .threads_min = 2, .threads_max = 3, .prologue = owner_makes, .run = immortal_run, .finish = immortal_finish},
    {.name = "overflow", .summary = "more references than can be counted", .skip = SKIP_BOUNDLESS,
     .threads_min = 1, .threads_max = 2, .prologue = overflow_prologue, .run = overflow_run,
     .finish = overflow_finish},
    {.name = "audit", .summary = "all count up; the sum is right when they rest", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = owner_makes, .run = audit_run, .finish = audit_finish},
    {.name = "no_memory", .summary = "the owner drops while others drop, and an allocation fails", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .leaves = THREAD_1, .faults = 1, .prologue = owner_makes,
     .run = owner_and_strangers_run, .finish = died_once},
    {.name = "upgrade", .summary = "weak upgrade against the owner's last drop", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = upgrade_prologue, .run = upgrade_run, .finish = upgrade_finish},
    {.name = "upgrade_stranger", .summary = "weak upgrade against a stranger's last drop", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = upgrade_prologue, .run = upgrade_stranger_run,
     .finish = upgrade_finish},
    {.name = "slot", .summary = "a slot is loaded while it is replaced", .skip = SKIP_SINGLE, .threads_min = 2,
     .threads_max = 3, .prologue = slot_prologue, .run = slot_run, .finish = slot_finish},
    {.name = "slot_stores", .summary = "two replace what is in a slot", .skip = SKIP_SINGLE, .threads_min = 2,
     .threads_max = 3, .prologue = slot_prologue, .run = slot_stores_run, .finish = slot_stores_finish},
    {.name = "publish", .summary = "a list is published while others look for it", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .run = publish_run, .finish = publish_finish},
    {.name = "public_list", .summary = "a list is put into a public one, and taken out", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prepare = public_list_prepare, .run = public_list_run,
     .finish = public_list_finish},
    {.name = "dict", .summary = "a dict is read while its value goes", .skip = SKIP_SINGLE, .threads_min = 2,
     .threads_max = 3, .prologue = dict_prologue, .run = dict_run, .finish = dict_finish},
    {.name = "handoff", .summary = "an object is made, handed over and dropped", .skip = SKIP_SINGLE, .threads_min = 2,
     .threads_max = 3, .run = handoff_run, .finish = publish_finish},
    {.name = "change_hands", .summary = "references counted by one are dropped by another", .skip = SKIP_SINGLE,
     .threads_min = 3, .threads_max = 3, .prologue = owner_makes, .run = change_hands_run,
     .finish = change_hands_finish},
    {.name = "nested", .summary = "a list and what is in it are dropped by different threads", .skip = SKIP_SINGLE,
     .threads_min = 2, .threads_max = 3, .prologue = nested_prologue, .run = nested_run, .finish = died_once},
    {.name = "weak", .summary = "a weak reference is followed while the owner drops the last other one",
     .skip = SKIP_SINGLE_OR_UNDYING, .threads_min = 2, .threads_max = 3, .prologue = weak_prologue, .run = weak_run,
     .finish = weak_finish},
    {.name = "weak_stranger", .summary = "the same while a stranger drops it", .skip = SKIP_SINGLE_OR_UNDYING,
     .threads_min = 2, .threads_max = 3, .prologue = weak_prologue, .run = weak_stranger_run, .finish = weak_finish},
    {.name = "weak_make", .summary = "weak references are made and dropped while the object dies",
     .skip = SKIP_SINGLE_OR_UNDYING, .threads_min = 2, .threads_max = 3, .bounds_of_three = 1,
     .prologue = weak_make_prologue, .run = weak_make_run, .finish = died_once},
    {.name = "collect", .summary = "garbage is collected while the thread that made it works, blocks, leaves",
     .skip = SKIP_SINGLE_OR_UNDYING, .threads_min = 2, .threads_max = 3, .leaves = ALL, .prologue = garbage_prologue,
     .run = collect_run, .finish = pairs_finish},
    {.name = "collect_all", .summary = "all collect at once", .skip = SKIP_SINGLE_OR_UNDYING, .threads_min = 2,
     .threads_max = 3, .leaves = ALL, .prologue = garbage_prologue, .run = collect_all_run, .finish = pairs_finish},
    {.name = "collect_enter", .summary = "a thread enters while another one collects", .skip = SKIP_SINGLE_OR_UNDYING,
     .threads_min = 2, .threads_max = 3, .enters = THREAD_2, .leaves = ALL, .prologue = garbage_prologue,
     .run = collect_all_run, .finish = pairs_finish},
    {.name = "collect_slot", .summary = "a cycle is taken out of a slot while others read it, and collect",
     .skip = SKIP_SINGLE_OR_UNDYING, .threads_min = 2, .threads_max = 3, .leaves = ALL,
     .prologue = collect_slot_prologue, .run = collect_slot_run, .finish = pairs_finish},
    {.name = "collect_weak", .summary = "a weak reference to garbage is followed while it is collected",
     .skip = SKIP_SINGLE_OR_UNDYING, .threads_min = 2, .threads_max = 3, .bounds_of_three = 2, .leaves = ALL,
     .prologue = collect_weak_prologue, .run = collect_weak_run, .finish = collect_weak_finish},
    {.name = "none", .summary = "all read None", .skip = SKIP_SINGLE, .threads_min = 2, .threads_max = 3,
     .run = none_run, .finish = none_finish},
};

extern const struct scenarios RC_SYMBOL(explore);
const struct scenarios RC_SYMBOL(explore) = {
    .variant = RC_TEXT(RC_VARIANT),
    .items = scenario_table,
    .count = sizeof scenario_table / sizeof *scenario_table,
    .threads_max = MODE_THREADS_MAX,
    .program = stage_program,
};

#endif
