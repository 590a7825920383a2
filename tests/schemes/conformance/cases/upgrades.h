/* rc_try_incref: from no reference to one, while others drop the last. The memory is type-stable, as the
 * contract asks: a death leaves it alone, and the thread that made the objects gives it back when nobody
 * tries any more. */
#ifndef RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_UPGRADES_H
#define RCBENCH_TESTS_SCHEMES_CONFORMANCE_CASES_UPGRADES_H

#include "tests/schemes/conformance/fixture.h"

struct stable {
    struct object head;
    uint64_t canary;
    struct a32 deaths;
};

static void stable_dealloc(struct object *self)
{
    struct stable *stable = (struct stable *)self;
    CHECK(stable->canary == PROBE_ALIVE);
    stable->canary = PROBE_DEAD;
    CHECK_INT(a32_add_relaxed(&stable->deaths, 1), 1); /* an object dies once */
}

static const struct type stable_type = {.name = "stable", .size = sizeof(struct stable), .dealloc = stable_dealloc};

/* Not open to rc_try_incref. */
static struct object *stable_new_closed(void)
{
    struct stable *stable = object_new(&stable_type, sizeof *stable);
    CHECK(stable != NULL);
    stable->canary = PROBE_ALIVE;
    stable->deaths = (struct a32){0};
    CHECK_INT(object_publish(&stable->head), 0);
    return &stable->head;
}

static struct object *stable_new(void)
{
    struct object *o = stable_new_closed();
    rc_allow_try_incref(&o->rc);
    return o;
}

static void stable_free(struct object *o)
{
    if (!RC_NEVER_FREES)
        CHECK_INT(a32_load_relaxed(&((struct stable *)o)->deaths), 1);
    object_free(o, sizeof(struct stable));
}

static void case_no_upgrade_of_the_dead(void)
{
    fixture_open();
    struct object *o = stable_new();
    CHECK(rc_try_incref(&o->rc));
    object_decref(o);
    object_decref(o);
    settle();
    for (int i = 0; i < 3; i++)
        CHECK(!rc_try_incref(&o->rc));
    stable_free(o);
    fixture_close();
}

/* ---- dead, and waiting to be destroyed -------------------------------------------------------------------- */

/* A container with two referents, each of its own; the last of them has none. */
struct stable_box {
    struct tracked base;
    struct object *referents[2];
};

/* Deeper than destructions are nested: from some level on both referents wait, linked by their headers. */
enum { BOXES = 4 * DESTROY_DEPTH_MAX };

static void stable_box_dealloc(struct object *self)
{
    struct stable_box *box = (struct stable_box *)self;
    for (size_t i = 0; i < 2; i++)
        object_xdecref(box->referents[i]);
    for (size_t i = 0; i < 2; i++)
        if (box->referents[i] != NULL)
            CHECK(!rc_try_incref(&box->referents[i]->rc));
    a64_add_relaxed(&deaths.count, 1);
}

static int stable_box_traverse(struct object *self, visit_fn *visit, void *argument)
{
    struct stable_box *box = (struct stable_box *)self;
    int status = 0;
    for (size_t i = 0; status == 0 && i < 2; i++)
        if (box->referents[i] != NULL)
            status = visit(box->referents[i], argument);
    return status;
}

static const struct type stable_box_type = {.name = "stable_box",
                                            .flags = TYPE_CONTAINER,
                                            .size = sizeof(struct stable_box),
                                            .dealloc = stable_box_dealloc,
                                            .traverse = stable_box_traverse};

static struct object *stable_box_new(struct object *first, struct object *second)
{
    struct stable_box *box = object_new(&stable_box_type, sizeof *box);
    CHECK(box != NULL);
    box->referents[0] = first;
    box->referents[1] = second;
    rc_allow_try_incref(&box->base.head.rc);
    CHECK(object_track(&box->base) != NULL);
    return &box->base.head;
}

/* A chain of boxes, each with an empty one at its side. */
static void drop_boxes(bool published)
{
    struct object *boxes[BOXES], *last = NULL;
    for (size_t i = 0; i < BOXES; i += 2) {
        boxes[i] = stable_box_new(NULL, NULL);
        last = boxes[i + 1] = stable_box_new(boxes[i], last);
    }
    if (published)
        CHECK_INT(object_publish(last), 0);
    object_decref(last);
    settle();
    for (size_t i = 0; i < BOXES; i++)
        object_free(boxes[i], sizeof(struct stable_box));
}

static void case_no_upgrade_of_the_waiting(void)
{
    fixture_open();
    drop_boxes(false);
    drop_boxes(true);
    check_deaths(2 * BOXES);
    fixture_close();
}

/* ---- never open -------------------------------------------------------------------------------------------- */

/* A dead object that was never open to rc_try_incref stays dead for strangers, too: its owner may have ended
 * it without a word. */
static void stranger_tries_crew(struct crew *crew, unsigned index)
{
    struct object **place = crew->argument;
    if (index == 0) {
        *place = stable_new_closed();
        object_decref(*place);
    }
    crew_meet(crew);
    CHECK(!rc_try_incref(&(*place)->rc));
    CHECK(!rc_try_incref(&(*place)->rc));
    crew_meet(crew);
    if (index == 0)
        stable_free(*place);
}

static void case_no_upgrade_by_strangers(void)
{
    static struct object *place;
    fixture_open();
    crew_run(2, stranger_tries_crew, &place);
    fixture_close();
}

/* ---- alive and open ------------------------------------------------------------------------------------------ */

/* Whoever tries gets a reference, whether or not another thread made the object. */
static void upgrade_alive_crew(struct crew *crew, unsigned index)
{
    struct object **place = crew->argument;
    if (index == 0)
        *place = stable_new();
    crew_meet(crew);
    for (int i = 0; i < 3; i++)
        CHECK(rc_try_incref(&(*place)->rc));
    crew_meet(crew);
    check_count(*place, 7);
    crew_meet(crew);
    for (int i = 0; i < 3; i++)
        object_decref(*place);
    crew_meet(crew);
    if (index == 0) {
        check_count(*place, 1);
        object_decref(*place);
        settle();
        stable_free(*place);
    }
}

static void case_upgrade_of_the_living(void)
{
    static struct object *place;
    fixture_open();
    crew_run(2, upgrade_alive_crew, &place);
    fixture_close();
}

/* ---- while others drop --------------------------------------------------------------------------------------- */

enum { UPGRADED = 256, UPGRADE_ROUNDS = 20 * EFFORT };

struct upgrades {
    struct object *objects[UPGRADED];
    bool owner_drops; /* the last reference but those that the triers get; otherwise thread 1 drops it */
};

/* Tries until the object is dead; from then on it must stay so. */
static void upgrade_until_dead(struct object *o)
{
    for (unsigned tries = 0; rc_try_incref(&o->rc); tries++) {
        CHECK(((struct stable *)o)->canary == PROBE_ALIVE);
        object_decref(o);
        if (tries % 64 == 0)
            thread_safepoint(thread_self());
    }
    CHECK(!rc_try_incref(&o->rc));
}

static void upgrade_crew(struct crew *crew, unsigned index)
{
    struct upgrades *shared = crew->argument;
    unsigned dropper = shared->owner_drops ? 0 : 1;
    for (int round = 0; round < UPGRADE_ROUNDS; round++) {
        if (index == 0)
            for (size_t i = 0; i < UPGRADED; i++)
                shared->objects[i] = stable_new();
        crew_meet(crew);
        crew_set_off(crew);
        for (size_t i = 0; i < UPGRADED; i++) {
            if (index == dropper)
                object_decref(shared->objects[i]);
            else
                upgrade_until_dead(shared->objects[i]);
            thread_safepoint(thread_self());
        }
        crew_meet(crew);
        if (index == 0)
            for (size_t i = 0; i < UPGRADED; i++)
                stable_free(shared->objects[i]);
    }
}

static void case_upgrade_against_owner(void)
{
    static struct upgrades shared = {.owner_drops = true};
    fixture_open();
    crew_run(3, upgrade_crew, &shared);
    fixture_close();
}

static void case_upgrade_against_stranger(void)
{
    static struct upgrades shared = {.owner_drops = false};
    fixture_open();
    crew_run(3, upgrade_crew, &shared);
    fixture_close();
}

#endif
