/* The scenarios: two or three threads and one object each, as small as the race that each is for. */
#ifndef RCBENCH_TESTS_SCHEMES_RELACY_SCENARIOS_H
#define RCBENCH_TESTS_SCHEMES_RELACY_SCENARIOS_H

/* Two references, both counted by the owner: owner and stranger race for the last one. */
struct drop_drop : scene<drop_drop, 2> {
    struct object *o;
    void make()
    {
        o = object_new();
        rc_publish(&o->rc);
        rc_incref(&o->rc);
    }
    void run(unsigned) { drop(o); }
};

/* The same, but the stranger's reference was counted by a stranger. */
struct drop_counted_by_stranger : scene<drop_counted_by_stranger, 2> {
    struct object *o;
    void make()
    {
        o = object_new();
        rc_publish(&o->rc);
        this->become(1);
        rc_incref(&o->rc);
    }
    void run(unsigned) { drop(o); }
};

/* Three references, all counted by the owner: two strangers meet in the queue. */
struct three_drop : scene<three_drop, 3> {
    struct object *o;
    void make()
    {
        o = object_new();
        rc_publish(&o->rc);
        rc_incref(&o->rc);
        rc_incref(&o->rc);
    }
    void run(unsigned) { drop(o); }
};

/* Each counts up and down before it drops. */
struct count_against_drop : scene<count_against_drop, 2> {
    struct object *o;
    void make()
    {
        o = object_new();
        rc_publish(&o->rc);
        rc_incref(&o->rc);
    }
    void run(unsigned)
    {
        rc_incref(&o->rc);
        drop(o);
        drop(o);
    }
};

/* The owner has given its reference away and works on. */
struct stranger_drops_while_owner_lives : scene<stranger_drops_while_owner_lives, 2> {
    struct object *o;
    void make() { o = object_new(), rc_publish(&o->rc); }
    void run(unsigned index)
    {
        if (index == 0)
            safepoints(index, 2);
        else
            drop(o);
    }
};

/* Two strangers have the only references; the owner leaves, with or without them in its queue. */
struct owner_leaves : scene<owner_leaves, 3> {
    struct object *o;
    void make()
    {
        o = object_new();
        rc_publish(&o->rc);
        rc_incref(&o->rc);
    }
    void run(unsigned index)
    {
        if (index != 0)
            drop(o);
    }
};

/* The owner blocks and comes back: who merges? */
struct owner_detaches : scene<owner_detaches, 2> {
    struct object *o;
    void make()
    {
        o = object_new();
        rc_publish(&o->rc);
        rc_incref(&o->rc);
    }
    void run(unsigned index)
    {
        if (index == 0)
            rc_thread_detach(&members[index]);
        if (index == 0)
            rc_thread_attach(&members[index]);
        drop(o);
    }
};

/* A weak reference is upgraded while the last strong one goes: the upgrade fails, or the object lives on. */
struct upgrade : scene<upgrade, 2> {
    struct object *o;
    void make()
    {
        o = object_new(true);
        rc_publish(&o->rc);
        rc_allow_try_incref(&o->rc);
    }
    void run(unsigned index)
    {
        if (index == 0 || rc_try_incref(&o->rc))
            drop(o);
    }
    void unmake()
    {
        RL_ASSERT(o->dead);
        object_free(o);
    }
};

/* The last strong reference is a stranger's. */
struct upgrade_against_stranger : scene<upgrade_against_stranger, 3> {
    struct object *o;
    void make()
    {
        o = object_new(true);
        rc_publish(&o->rc);
        rc_allow_try_incref(&o->rc);
    }
    void run(unsigned index)
    {
        if (index == 0)
            safepoints(index, 1);
        else if (index == 1 || rc_try_incref(&o->rc))
            drop(o);
    }
    void unmake()
    {
        RL_ASSERT(o->dead);
        object_free(o);
    }
};

/* An object is made, published and handed over while both run. */
struct publish : scene<publish, 2> {
    struct aptr place;
    void make() { aptr_store_relaxed(&place, NULL); }
    void run(unsigned index)
    {
        struct object *o;
        if (index == 0) {
            o = object_new();
            touch(o);
            rc_incref(&o->rc);
            rc_publish(&o->rc);
            aptr_store_release(&place, o);
        } else {
            while ((o = static_cast<struct object *>(aptr_load_acquire(&place))) == NULL)
                shim_yield();
        }
        rc_incref(&o->rc);
        drop(o);
        drop(o);
    }
};

/* A build with a defect is for one of them. */
#ifdef RELACY_ONLY
#define SCENARIOS(apply) apply(RELACY_ONLY)
#else
#define SCENARIOS(apply)                                                                                             \
    apply(drop_drop) apply(drop_counted_by_stranger) apply(three_drop) apply(count_against_drop)                     \
        apply(stranger_drops_while_owner_lives) apply(owner_leaves) apply(owner_detaches) apply(upgrade)             \
            apply(upgrade_against_stranger) apply(publish)
#endif

#endif
