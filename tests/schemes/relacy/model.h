/* The least object model that a scheme can be watched in: objects that each thread leaves a mark on before it drops
 * them, and threads of the scheme. Whoever destroys an object reads all marks: where the scheme does not order a mark
 * before the destruction Relacy reports a race, where it destroys twice a double free, where nobody does a leak. */
#ifndef RCBENCH_TESTS_SCHEMES_RELACY_MODEL_H
#define RCBENCH_TESTS_SCHEMES_RELACY_MODEL_H

struct object {
    struct rc_head rc;
    rl::var<int> marks[SHIM_THREADS_MAX];
    bool stays; /* dead, its memory stays readable until the iteration ends */
    bool dead;
};

static struct object *object_new(bool stays = false)
{
    struct object *o = new (rl::rl_malloc(sizeof(struct object), $)) object;
    for (rl::var<int> &mark : o->marks)
        mark($) = 0;
    o->stays = stays;
    o->dead = false;
    rc_init(&o->rc);
    return o;
}

static void object_free(struct object *o)
{
    o->~object();
    rl::rl_free(o, $);
}

static void object_destroy(struct object *o)
{
    for (rl::var<int> &mark : o->marks)
        mark($) = mark($) + 1;
    RL_ASSERT(!o->dead);
    o->dead = true;
    if (!o->stays)
        object_free(o);
}

static void rc_destroy(struct rc_head *head) { object_destroy(reinterpret_cast<struct object *>(head)); }

/* The calling thread uses the object: it has a reference. */
static void touch(struct object *o)
{
    rl::var<int> &mark = o->marks[rl::thread_index()];
    mark($) = mark($) + 1;
}

static void drop(struct object *o)
{
    touch(o);
    if (rc_decref(&o->rc))
        object_destroy(o);
}

/* ---- threads ------------------------------------------------------------------------------------------------- */

/* Never 0, and far enough apart to be in different buckets. */
static uintptr_t thread_id(unsigned index) { return (index + 1) * (uintptr_t)LINE_BYTES; }

/* What all scenarios have in common: thread 0 makes the objects before the others run. */
template <typename Scenario, int threads> struct scene : rl::test_suite<Scenario, threads> {
    struct rc_thread members[threads];

    void before()
    {
        shim_locks_forget();
        scheme_forget();
        for (unsigned i = 0; i < threads; i++)
            rc_thread_enter(&members[i], thread_id(i));
        become(0);
        static_cast<Scenario *>(this)->make();
    }

    void thread(unsigned index)
    {
        become(index);
        static_cast<Scenario *>(this)->run(index);
        rc_thread_leave(&members[index]);
    }

    void after()
    {
        static_cast<Scenario *>(this)->unmake();
        shim_locks_free();
    }

    void unmake() {}
    void become(unsigned index) { shim_set_self(thread_id(index)); }

    /* The thread works on and merges what comes in. */
    void safepoints(unsigned index, int count)
    {
        for (int i = 0; i < count; i++) {
            if (rc_pending(&members[index]))
                rc_safepoint(&members[index]);
            shim_yield();
        }
    }
};

#endif
