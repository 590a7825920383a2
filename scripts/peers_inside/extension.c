/* What this interpreter's own Py_INCREF and Py_DECREF cost: compiled against its headers by scripts/peers, and loaded
 * into it. The loops are those of bench/workloads/pair_loop.h and borrow.h, on the interpreter's objects instead of
 * ours. Under a GIL they hold it, as the interpreter's own code does; a batch is tens of microseconds long, and between
 * two of them the interpreter looks whether another thread wants it. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>

/* The compiler must not merge an increment with a decrement, of this turn or the next. */
#define OPAQUE(pointer) __asm__ volatile("" : : "r"(pointer) : "memory")

/* Loops in functions of their own, as ours are: the flags align functions. */
#define NOINLINE __attribute__((noinline))

struct loop {
    PyObject_HEAD
    PyObject *items;       /* a list, which nobody changes */
    PyObject **pointers;   /* its objects, in an array as ours */
    Py_ssize_t length, next;
    int calls;             /* pairs of one object: code=calls of bench/workloads/pair.h */
    int alone;             /* nobody else counts these objects: then the counts can be checked after each batch */
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

static PyObject *loop_new(PyTypeObject *type, PyObject *arguments, PyObject *keywords)
{
    PyObject *items;
    int alone = 1, calls = 0;
    (void)keywords;
    if (!PyArg_ParseTuple(arguments, "O!|ii", &PyList_Type, &items, &alone, &calls))
        return NULL;
    if (PyList_GET_SIZE(items) == 0) {
        PyErr_SetString(PyExc_ValueError, "a list of at least one object is needed");
        return NULL;
    }
    struct loop *loop = (struct loop *)type->tp_alloc(type, 0);
    if (loop == NULL)
        return NULL;
    loop->length = PyList_GET_SIZE(items);
    loop->alone = alone;
    loop->calls = calls;
    loop->pointers = PyMem_Malloc((size_t)loop->length * sizeof *loop->pointers);
    if (loop->pointers == NULL) {
        Py_DECREF(loop);
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < loop->length; i++)
        loop->pointers[i] = PyList_GET_ITEM(items, i); /* borrowed from the list, which the loop keeps */
    Py_INCREF(items);
    loop->items = items;
    return (PyObject *)loop;
}

static void loop_dealloc(struct loop *loop)
{
    PyMem_Free(loop->pointers);
    Py_XDECREF(loop->items);
    Py_TYPE(loop)->tp_free((PyObject *)loop);
}

static PyMethodDef pairs_methods[] = {
    {"run", (PyCFunction)pairs_run, METH_O, "so many pairs, round and round the objects"}, {NULL, NULL, 0, NULL}};

static PyMethodDef borrow_methods[] = {
    {"run", (PyCFunction)borrow_run, METH_O, "so many comparisons with True"}, {NULL, NULL, 0, NULL}};

static PyTypeObject pairs_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rcbench_peer.Pairs",
    .tp_basicsize = sizeof(struct loop),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = loop_new,
    .tp_dealloc = (destructor)loop_dealloc,
    .tp_methods = pairs_methods,
};

static PyTypeObject borrow_type = {
    PyVarObject_HEAD_INIT(NULL, 0).tp_name = "rcbench_peer.Borrow",
    .tp_basicsize = sizeof(struct loop),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = loop_new,
    .tp_dealloc = (destructor)loop_dealloc,
    .tp_methods = borrow_methods,
};

static int add_types(PyObject *module)
{
    if (PyType_Ready(&pairs_type) != 0 || PyType_Ready(&borrow_type) != 0)
        return -1;
    Py_INCREF(&pairs_type);
    Py_INCREF(&borrow_type);
    return PyModule_AddObject(module, "Pairs", (PyObject *)&pairs_type) == 0 &&
                   PyModule_AddObject(module, "Borrow", (PyObject *)&borrow_type) == 0
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
