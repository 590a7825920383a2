/* topology_open.c - opening a topology: this machine's, one in XML, or one from a description; and closing it.
 * See topology.h. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L /* setenv, stat, fork */
#endif

#include "bench/machine/topology_internal.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/base/error_text.h"

#define REHEARSAL_SECONDS 30

#define ACCEPTED                                                                                                     \
    "accepted: an XML file that hwloc wrote (lstopo topology.xml), or a description such as "                        \
    "\"pack:2 core:4 pu:2\""

/* hwloc explains bad descriptions on standard error, several lines each; we say it in one. Its reports of
 * a broken machine stay on: those concern this machine's own topology, where they matter. */
static void silence_hwloc(void)
{
    (void)setenv("HWLOC_HIDE_ERRORS", "2", 0);
    (void)setenv("HWLOC_XML_VERBOSE", "0", 0);
    (void)setenv("HWLOC_SYNTHETIC_VERBOSE", "0", 0);
}

static bool looks_like_path(const char *source)
{
    struct stat facts;
    size_t length = strlen(source);
    return strchr(source, '/') != NULL || (length >= 4 && strcmp(source + length - 4, ".xml") == 0) ||
           stat(source, &facts) == 0;
}

/* hwloc would build a machine of any size, for hours; this multiplies the counts of the levels first.
 * Numbers are read as hwloc reads them (strtoul, base 0); attributes in () and memory in [] do not
 * multiply. */
static bool synthetic_too_large(const char *s)
{
    unsigned long pus = 1;
    unsigned depth = 0;
    bool level_start = true; /* where a bare count without a type may stand */
    for (; *s != '\0'; s++) {
        if (*s == '(' || *s == '[')
            depth++;
        else if ((*s == ')' || *s == ']') && depth > 0)
            depth--;
        bool counted = depth == 0 && (*s == ':' || (level_start && isdigit((unsigned char)*s)));
        level_start = isspace((unsigned char)*s);
        if (!counted)
            continue;
        unsigned long count = strtoul(*s == ':' ? s + 1 : s, NULL, 0);
        if (count > TOPOLOGY_PU_LIMIT || pus * count > TOPOLOGY_PU_LIMIT)
            return true;
        pus *= count > 0 ? count : 1; /* 0 is refused by hwloc */
    }
    return false;
}

/* What the child does: everything that walks the file's contents. Never returns. */
_Noreturn static void rehearse_in_child(const char *path)
{
    const struct rlimit no_core = {0, 0};
    hwloc_topology_t hw;
    char *xml = NULL;
    int length = 0;
    (void)setrlimit(RLIMIT_CORE, &no_core);
    (void)alarm(REHEARSAL_SECONDS);
    if (freopen("/dev/null", "w", stderr) == NULL) /* a sanitizer's report of hwloc's fault */
        _exit(1);
    bool good = hwloc_topology_init(&hw) == 0 && hwloc_topology_set_xml(hw, path) == 0 &&
                hwloc_topology_load(hw) == 0 && hwloc_topology_export_xmlbuffer(hw, &xml, &length, 0) == 0;
    _exit(good ? 0 : 1);
}

/* hwloc 2.9 follows null pointers in some damaged files (about one in forty with a few bytes changed). A
 * child process reads the file first, so that such a file is an error here and not a crash. */
static bool hwloc_survives(const char *path)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        rehearse_in_child(path);
    if (child < 0)
        return true; /* no process to spare: take the risk */
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR)
            return true; /* somebody else reaps our children: nothing is known */
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* The major version of the format, from the element `topology`; 0: there is none. */
static unsigned xml_version(const char *path)
{
    static const char element[] = "<topology version=\"";
    char text[4096];
    FILE *file = fopen(path, "re");
    size_t length = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    text[length] = '\0';
    const char *found = strstr(text, element);
    return found != NULL ? (unsigned)strtoul(found + strlen(element), NULL, 10) : 0;
}

/* Whether it is a file that reading comes to an end of: a pipe or a device may never have one. */
static int check_file(const char *path, char *error, size_t size)
{
    char q[ERROR_QUOTE_SIZE];
    struct stat facts;
    const char *wrong = NULL;
    if (stat(path, &facts) != 0 || access(path, R_OK) != 0)
        return error_set(error, size, "cannot read '%s': %s; " ACCEPTED, error_quote(q, path, strlen(path)),
                         strerror(errno));
    if (S_ISDIR(facts.st_mode))
        wrong = "is a directory";
    else if (!S_ISREG(facts.st_mode))
        wrong = "is not a plain file";
    else if (facts.st_size == 0) /* the files of /proc too, of which some wait when they are read */
        wrong = "is empty";
    return wrong == NULL ? 0
                         : error_set(error, size, "'%s' %s; " ACCEPTED, error_quote(q, path, strlen(path)), wrong);
}

static int use_xml(hwloc_topology_t hw, const char *path, char *error, size_t size)
{
    char q[ERROR_QUOTE_SIZE];
    if (check_file(path, error, size) != 0)
        return -1;
    unsigned version = xml_version(path), own = hwloc_get_api_version() >> 16;
    bool read = hwloc_survives(path) && hwloc_topology_set_xml(hw, path) == 0;
    if (!read && version > own)
        return error_set(error, size,
                         "'%s' is of version %u of hwloc's XML, and this hwloc reads up to %u; accepted: "
                         "an older version; hwloc 3 writes version 2 with lstopo --export-xml-flags 2 topology.xml",
                         error_quote(q, path, strlen(path)), version, own);
    if (!read)
        return error_set(error, size, "'%s' is not a topology in hwloc's XML; " ACCEPTED,
                         error_quote(q, path, strlen(path)));
    return 0;
}

static int use_synthetic(hwloc_topology_t hw, const char *text, char *error, size_t size)
{
    char q[ERROR_QUOTE_SIZE];
    if (synthetic_too_large(text))
        return error_set(error, size, "'%s' describes more than %u PUs; " ACCEPTED,
                         error_quote(q, text, strlen(text)), TOPOLOGY_PU_LIMIT);
    /* hwloc takes an empty description for "none given" and would show this machine instead. */
    if (text[strspn(text, " \t\r\n")] == '\0' || hwloc_topology_set_synthetic(hw, text) != 0)
        return error_set(error, size, "'%s' is neither a file nor a description of a machine; " ACCEPTED,
                         error_quote(q, text, strlen(text)));
    return 0;
}

static int use_source(hwloc_topology_t hw, const char *source, char *error, size_t size)
{
    if (source != NULL)
        return looks_like_path(source) ? use_xml(hw, source, error, size) : use_synthetic(hw, source, error, size);
    /* hwloc drops this assertion again where its environment variables replace the machine. */
    if (hwloc_topology_set_flags(hw,
                                 HWLOC_TOPOLOGY_FLAG_IS_THISSYSTEM | HWLOC_TOPOLOGY_FLAG_RESTRICT_TO_CPUBINDING) != 0)
        return error_set(error, size, "hwloc cannot limit the topology to this process's CPUs: %s", strerror(errno));
    return 0;
}

/* The PUs that exist, that the cpuset allows, and, here, that this very thread's mask has: the loader's
 * own restriction looks at the process, which is another set once threads are pinned. */
static int find_allowed(struct machine_topology *t)
{
    hwloc_const_bitmap_t all = hwloc_topology_get_topology_cpuset(t->hw);
    t->allowed = hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(t->hw));
    if (t->allowed == NULL || hwloc_bitmap_and(t->allowed, t->allowed, all) != 0)
        return -1;
    if (!t->this_machine)
        return 0;
    hwloc_bitmap_t mask = hwloc_bitmap_alloc();
    if (mask == NULL)
        return -1;
    int result = 0;
    if (hwloc_get_cpubind(t->hw, mask, HWLOC_CPUBIND_THREAD) == 0)
        result = hwloc_bitmap_and(t->allowed, t->allowed, mask);
    hwloc_bitmap_free(mask);
    if (result == 0 && !hwloc_bitmap_iszero(t->allowed) && !hwloc_bitmap_isequal(t->allowed, all))
        result = hwloc_topology_restrict(t->hw, t->allowed, 0);
    return result;
}

static int load(struct machine_topology *t, const char *source, char *error, size_t size)
{
    char q[ERROR_QUOTE_SIZE];
    if (use_source(t->hw, source, error, size) != 0)
        return -1;
    if (hwloc_topology_load(t->hw) != 0)
        return source == NULL
                   ? error_set(error, size, "hwloc cannot read this machine's topology: %s", strerror(errno))
                   : error_set(error, size, "'%s' is not a topology that hwloc can read; " ACCEPTED,
                               error_quote(q, source, strlen(source)));
    t->this_machine = source == NULL && hwloc_topology_is_thissystem(t->hw) != 0;
    if (find_allowed(t) != 0)
        return error_set(error, size, "hwloc cannot limit the topology to the allowed CPUs: %s", strerror(errno));
    if (hwloc_bitmap_iszero(t->allowed))
        return error_set(error, size, "the topology has no CPU that this process may use");
    if (topology_find_kinds(t) != 0)
        return error_set(error, size, "out of memory");
    return 0;
}

int topology_open(struct machine_topology **out, const char *source, char *error, size_t error_size)
{
    *out = NULL;
    if (source != NULL)
        silence_hwloc();
    struct machine_topology *t = calloc(1, sizeof *t);
    if (t == NULL || hwloc_topology_init(&t->hw) != 0) {
        free(t);
        return error_set(error, error_size, "out of memory");
    }
    if (load(t, source, error, error_size) != 0) {
        topology_close(t);
        return -1;
    }
    *out = t;
    return 0;
}

void topology_close(struct machine_topology *t)
{
    if (t == NULL)
        return;
    for (unsigned i = 0; i < t->kinds; i++)
        hwloc_bitmap_free(t->kind[i].set);
    free(t->kind);
    hwloc_bitmap_free(t->allowed);
    hwloc_topology_destroy(t->hw);
    free(t);
}
