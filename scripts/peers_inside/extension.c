/* What this interpreter's own Py_INCREF and Py_DECREF cost: compiled against its headers by scripts/peers, and loaded
 * into it. The loops are those of bench/workloads/pair_loop.h, mixed.h, borrow.h and handoff.h, on the interpreter's
 * objects instead of ours. Under a GIL they hold it, as the interpreter's own code does; a batch is tens of
 * microseconds long, and between two of them the interpreter looks whether another thread wants it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The compiler must not merge an increment with a decrement, of this turn or the next. */
#define OPAQUE(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

/* Loops in functions of their own, as ours are: the flags align functions. */
#define NOINLINE __attribute__((noinline))

/* As cpu_pause of core/base/platform.h. */
#ifdef __x86_64__
#define PAUSE() __asm__ volatile("pause")
#else
#define PAUSE() __asm__ volatile("isb")
#endif

struct loop {
    PyObject_HEAD
    PyObject *items;               /* a list, which nobody changes */
    PyObject **pointers;           /* its objects, in an array as ours */
    Py_ssize_t length, next;
    int calls;       /* pairs of one object: code=calls of bench/workloads/pair.h */
    int alone;       /* nobody else counts these objects: then the counts can be checked after each batch */
    PyObject *order; /* Draws: bytes, each the index of an object; or NULL */
    Py_ssize_t own_run, shared_run; /* Draws: how many of each kind follow each other; or 0 */
};

static inline void pair_once(PyObject *o)
{
    Py_INCREF(o);
    OPAQUE(o);
    Py_DECREF(o);
    OPAQUE(o);
}

static NOINLINE void pair_hot(PyObject *o, Py_ssize_t n)
{
    for (Py_ssize_t i = n; i > 0; i--)
        pair_once(o);
}

static NOINLINE void pair_take(PyObject *o) { Py_INCREF(o); }

/* `before` is there to be in the register that pair_take has the object in. */
static NOINLINE void pair_drop(Py_ssize_t before, PyObject *o)
{
    OPAQUE(before);
    Py_DECREF(o);
}

static NOINLINE void pair_calls(PyObject *o, Py_ssize_t n)
{
    for (Py_ssize_t i = n; i > 0; i--) {
        pair_take(o);
        OPAQUE(o);
        pair_drop(i, o);
        OPAQUE(o);
    }
}

static NOINLINE void pair_set(PyObject **items, Py_ssize_t n)
{
    for (PyObject **end = items + n; items < end; items++)
        pair_once(*items);
}

static void pair_cycle(struct loop *loop, Py_ssize_t n)
{
    for (Py_ssize_t left = n; left > 0;) {
        Py_ssize_t run = loop->length - loop->next < left ? loop->length - loop->next : left;
        left -= run;
        pair_set(loop->pointers + loop->next, run);
        loop->next = loop->next + run < loop->length ? loop->next + run : 0;
    }
}

static PyObject *count_is_wrong(Py_ssize_t found, Py_ssize_t right)
{
    return PyErr_Format(PyExc_RuntimeError, "audit: an object has %zd references, %zd are right", found, right);
}

static PyObject *pairs_run(struct loop *loop, PyObject *turns)
{
    Py_ssize_t n = PyNumber_AsSsize_t(turns, PyExc_OverflowError);
    if (n < 0 && PyErr_Occurred())
        return NULL;
    PyObject *first = loop->pointers[0];
    Py_ssize_t before = Py_REFCNT(first);
    if (loop->calls)
        pair_calls(first, n);
    else if (loop->length == 1)
        pair_hot(first, n);
    else
        pair_cycle(loop, n);
    Py_ssize_t after = Py_REFCNT(first);
    if (loop->alone && after != before)
        return count_is_wrong(after, before);
    return PyLong_FromSsize_t(n);
}

/* Compiled anew wherever it stands: each is a call site, as in bench/workloads/mixed.h. */
static inline __attribute__((always_inline)) void draws_run(struct loop *loop, const uint8_t *order,
                                                            Py_ssize_t length)
{
    for (const uint8_t *end = order + length; order < end; order++)
        pair_once(loop->pointers[*order]);
}

/* Whole rounds of a run of own and a run of shared references, at least one. */
static NOINLINE Py_ssize_t draws_in_runs(struct loop *loop, const uint8_t *order, Py_ssize_t length, Py_ssize_t n)
{
    Py_ssize_t both = loop->own_run + loop->shared_run, done = 0;
    for (; done < n; done += both) {
        if (loop->next + both > length)
            loop->next = 0;
        draws_run(loop, order + loop->next, loop->own_run);
        draws_run(loop, order + loop->next + loop->own_run, loop->shared_run);
        loop->next += both;
    }
    return done;
}

static NOINLINE Py_ssize_t draws_at_random(struct loop *loop, const uint8_t *order, Py_ssize_t length, Py_ssize_t n)
{
    Py_ssize_t at = loop->next;
    for (Py_ssize_t i = 0; i < n; i++) {
        pair_once(loop->pointers[order[at]]);
        at = at + 1 < length ? at + 1 : 0;
    }
    loop->next = at;
    return n;
}

static PyObject *draws_run_all(struct loop *loop, PyObject *turns)
{
    Py_ssize_t n = PyNumber_AsSsize_t(turns, PyExc_OverflowError);
    if (n < 0 && PyErr_Occurred())
        return NULL;
    const uint8_t *order = (const uint8_t *)PyBytes_AS_STRING(loop->order);
    Py_ssize_t length = PyBytes_GET_SIZE(loop->order);
    return PyLong_FromSsize_t(loop->own_run + loop->shared_run > 0 ? draws_in_runs(loop, order, length, n)
                                                                   : draws_at_random(loop, order, length, n));
}

static NOINLINE int borrow(struct loop *loop, Py_ssize_t n)
{
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *a = loop->pointers[i % loop->length];
        Py_INCREF(a);
        PyObject *b = Py_True;
        Py_INCREF(b);
        OPAQUE(a);
        PyObject *answer = PyObject_RichCompare(a, b, Py_NE); /* counted for us */
        Py_DECREF(b);
        Py_DECREF(a);
        if (answer == NULL)
            return -1;
        OPAQUE(answer);
        Py_DECREF(answer);
    }
    return 0;
}

static PyObject *borrow_run(struct loop *loop, PyObject *turns)
{
    Py_ssize_t n = PyNumber_AsSsize_t(turns, PyExc_OverflowError);
    if (n < 0 && PyErr_Occurred())
        return NULL;
    Py_ssize_t before = Py_REFCNT(loop->pointers[0]);
    if (borrow(loop, n) != 0)
        return NULL;
    Py_ssize_t after = Py_REFCNT(loop->pointers[0]);
    if (after != before)
        return count_is_wrong(after, before);
    return PyLong_FromSsize_t(n);
}

/* The objects of a list, in an array. */
static int loop_take(struct loop *loop, PyObject *items)
{
    if (PyList_GET_SIZE(items) == 0) {
        PyErr_SetString(PyExc_ValueError, "a list of at least one object is needed");
        return -1;
    }
    loop->length = PyList_GET_SIZE(items);
    loop->pointers = PyMem_Malloc((size_t)loop->length * sizeof *loop->pointers);
    if (loop->pointers == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (Py_ssize_t i = 0; i < loop->length; i++)
        loop->pointers[i] = PyList_GET_ITEM(items, i); /* borrowed from the list, which the loop keeps */
    Py_INCREF(items);
    loop->items = items;
    return 0;
}

static PyObject *loop_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    PyObject *items;
    int alone = 1, calls = 0;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "O!|ii", &PyList_Type, &items, &alone, &calls))
        return NULL;
    struct loop *loop = (struct loop *)type->tp_alloc(type, 0);
    if (loop == NULL)
        return NULL;
    loop->alone = alone;
    loop->calls = calls;
    if (loop_take(loop, items) == 0)
        return (PyObject *)loop;
    Py_DECREF(loop);
    return NULL;
}

/* Every index is that of an object, and a round of runs fits. */
static int order_is_good(const struct loop *loop)
{
    Py_ssize_t length = PyBytes_GET_SIZE(loop->order), own = loop->own_run, shared = loop->shared_run;
    for (Py_ssize_t i = 0; i < length; i++)
        if (((const uint8_t *)PyBytes_AS_STRING(loop->order))[i] >= loop->length)
            return 0;
    return length > 0 && own >= 0 && shared >= 0 && own <= length && shared <= length - own;
}

static PyObject *draws_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    PyObject *items, *order;
    Py_ssize_t own_run = 0, shared_run = 0;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "O!S|nn", &PyList_Type, &items, &order, &own_run, &shared_run))
        return NULL;
    struct loop *loop = (struct loop *)type->tp_alloc(type, 0);
    if (loop == NULL)
        return NULL;
    loop->own_run = own_run;
    loop->shared_run = shared_run;
    Py_INCREF(order);
    loop->order = order;
    if (loop_take(loop, items) == 0) {
        if (order_is_good(loop))
            return (PyObject *)loop;
        PyErr_SetString(PyExc_ValueError, "an index of the order has no object, or a run does not fit");
    }
    Py_DECREF(loop);
    return NULL;
}

static void loop_dealloc(struct loop *loop)
{
    PyMem_Free(loop->pointers);
    Py_XDECREF(loop->items);
    Py_XDECREF(loop->order);
    Py_TYPE(loop)->tp_free((PyObject *)loop);
}

/* ---- ints that one thread makes and another drops: bench/workloads/ring_ends.h -------------------------------- */

enum { RING_CAPACITY = 512, LINE_BYTES = 64 };

#define LINE_ALIGNED __attribute__((aligned(LINE_BYTES)))

struct places {
    struct {
        uint64_t value;
    } LINE_ALIGNED head; /* written by the consumer */
    struct {
        uint64_t value;
    } LINE_ALIGNED tail; /* written by the producer */
    PyObject *items[RING_CAPACITY] LINE_ALIGNED;
};

struct ring {
    PyObject_HEAD
    struct places *places;
    long long first; /* the value of the first int; each is one above the one before */
};

static Py_ssize_t ring_batch(PyObject *turns)
{
    Py_ssize_t n = PyNumber_AsSsize_t(turns, PyExc_OverflowError);
    return n < RING_CAPACITY ? n : RING_CAPACITY;
}

/* The value of the int at a place. It stays an int of 30 bits, of which interpreters make all in the same way. */
static long long ring_value(const struct ring *ring, uint64_t place)
{
    return ring->first + (long long)(place % (1u << 20));
}

/* Makes ints until there is no room; returns how many. */
static PyObject *ring_put(struct ring *ring, PyObject *turns)
{
    Py_ssize_t n = ring_batch(turns), done = 0;
    if (n < 0 && PyErr_Occurred())
        return NULL;
    struct places *places = ring->places;
    uint64_t tail = __atomic_load_n(&places->tail.value, __ATOMIC_RELAXED);
    for (; done < n; done++, tail++) {
        /* Acquire pairs with the release of ring_take: the consumer is done with what was there. */
        if (tail - __atomic_load_n(&places->head.value, __ATOMIC_ACQUIRE) == RING_CAPACITY)
            break;
        PyObject *o = PyLong_FromLongLong(ring_value(ring, tail));
        if (o == NULL)
            return NULL;
        places->items[tail % RING_CAPACITY] = o;
        /* Release pairs with the acquire of ring_take: the consumer sees what is at the place. */
        __atomic_store_n(&places->tail.value, tail + 1, __ATOMIC_RELEASE);
    }
    return PyLong_FromSsize_t(done);
}

/* Drops what is there; returns how many. Ints come in the order in which they were made, and none is missing. */
static PyObject *ring_take(struct ring *ring, PyObject *turns)
{
    Py_ssize_t n = ring_batch(turns), done = 0;
    if (n < 0 && PyErr_Occurred())
        return NULL;
    struct places *places = ring->places;
    uint64_t head = __atomic_load_n(&places->head.value, __ATOMIC_RELAXED);
    for (; done < n && head != __atomic_load_n(&places->tail.value, __ATOMIC_ACQUIRE); done++, head++) {
        PyObject *o = places->items[head % RING_CAPACITY];
        long long value = PyLong_AsLongLong(o);
        Py_DECREF(o);
        __atomic_store_n(&places->head.value, head + 1, __ATOMIC_RELEASE);
        if (value != ring_value(ring, head))
            return PyErr_Format(PyExc_RuntimeError, "audit: an int came out of its order or with another value");
    }
    return PyLong_FromSsize_t(done);
}

/* Nothing to do until another thread has run: ring_wait of bench/workloads/ring.h. time.sleep(0) is no yield, but a
 * timer: it costs tens of microseconds in some versions. */
static PyObject *ring_wait(struct ring *ring, PyObject *nothing)
{
    (void)ring;
    (void)nothing;
#ifdef Py_GIL_DISABLED
    for (unsigned i = 0; i < 64; i++)
        PAUSE();
#endif
    Py_BEGIN_ALLOW_THREADS;
    sched_yield();
    Py_END_ALLOW_THREADS;
    Py_RETURN_NONE;
}

static PyObject *ring_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    long long first;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "L", &first))
        return NULL;
    struct ring *ring = (struct ring *)type->tp_alloc(type, 0);
    if (ring == NULL)
        return NULL;
    ring->first = first;
    ring->places = aligned_alloc(LINE_BYTES, sizeof *ring->places);
    if (ring->places == NULL) {
        Py_DECREF(ring);
        return PyErr_NoMemory();
    }
    memset(ring->places, 0, sizeof *ring->places);
    return (PyObject *)ring;
}

static void ring_dealloc(struct ring *ring)
{
    struct places *places = ring->places;
    for (uint64_t at = places != NULL ? places->head.value : 0; places != NULL && at != places->tail.value; at++)
        Py_DECREF(places->items[at % RING_CAPACITY]);
    free(places);
    Py_TYPE(ring)->tp_free((PyObject *)ring);
}

/* ---- the module -------------------------------------------------------------------------------------------- */

static PyMethodDef pairs_methods[] = {
    {"run", (PyCFunction)pairs_run, METH_O, "so many pairs, round and round the objects"}, {NULL, NULL, 0, NULL}};

static PyMethodDef borrow_methods[] = {{"run", (PyCFunction)borrow_run, METH_O, "so many comparisons with True"},
                                       {NULL, NULL, 0, NULL}};

static PyMethodDef draws_methods[] = {
    {"run", (PyCFunction)draws_run_all, METH_O, "so many pairs, of objects in the order"}, {NULL, NULL, 0, NULL}};

static PyMethodDef ring_methods[] = {
    {"put", (PyCFunction)ring_put, METH_O, "make so many ints, while there is room"},
    {"take", (PyCFunction)ring_take, METH_O, "drop so many ints, while some are there"},
    {"wait", (PyCFunction)ring_wait, METH_NOARGS, "let other threads run"},
    {NULL, NULL, 0, NULL}};

#define TYPE(NAME, STRUCT, NEW, DEALLOC, METHODS)                                                                      \
    {                                                                                                                  \
        PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rcbench_peer." NAME, .tp_basicsize = sizeof(STRUCT),                 \
        .tp_flags = Py_TPFLAGS_DEFAULT, .tp_new = NEW, .tp_dealloc = (destructor)DEALLOC, .tp_methods = METHODS        \
    }

static PyTypeObject pairs_type = TYPE("Pairs", struct loop, loop_new, loop_dealloc, pairs_methods);
static PyTypeObject draws_type = TYPE("Draws", struct loop, draws_new, loop_dealloc, draws_methods);
static PyTypeObject borrow_type = TYPE("Borrow", struct loop, loop_new, loop_dealloc, borrow_methods);
static PyTypeObject ring_type = TYPE("Ring", struct ring, ring_new, ring_dealloc, ring_methods);

static int add_type(PyObject *module, const char *name, PyTypeObject *type)
{
    if (PyType_Ready(type) != 0)
        return -1;
    Py_INCREF(type);
    return PyModule_AddObject(module, name, (PyObject *)type);
}

static int add_types(PyObject *module)
{
    return add_type(module, "Pairs", &pairs_type) == 0 && add_type(module, "Draws", &draws_type) == 0 &&
                   add_type(module, "Borrow", &borrow_type) == 0 && add_type(module, "Ring", &ring_type) == 0
               ? 0
               : -1;
}

#if PY_MAJOR_VERSION >= 3

static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "rcbench_peer", .m_size = -1};

PyMODINIT_FUNC PyInit_rcbench_peer(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL)
        return NULL;
#ifdef Py_GIL_DISABLED
    /* Otherwise a free-threaded interpreter takes its GIL back as soon as this is imported. */
    PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
#endif
    if (add_types(module) != 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}

#else

PyMODINIT_FUNC initrcbench_peer(void)
{
    PyObject *module = Py_InitModule("rcbench_peer", NULL);
    if (module != NULL)
        (void)add_types(module);
}

#endif
