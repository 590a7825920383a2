/* units.c - the tests of --units: names, thread lists, bad sources, files that cannot be written. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* mkstemp */
#endif

#include "tests/harness/placement/check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench/machine/machine.h"
#include "bench/plan/thread_list.h"

static void test_names(void)
{
    enum placement policy = PLACEMENT_NUMA;
    unsigned n = 0;
    for (const char *const *name = placement_names(); *name != NULL; name++, n++) {
        CHECK(placement_parse(*name, &policy) == 0 && policy == (enum placement)n, "%s", *name);
        CHECK(strcmp(placement_name(policy), *name) == 0, "%s", *name);
    }
    CHECK(n == 5, "%u policies", n);
    policy = PLACEMENT_SCATTER;
    CHECK(placement_parse("Compact", &policy) == -1, "names are lower case");
    CHECK(placement_parse("", &policy) == -1, "empty");
    CHECK(placement_parse(NULL, &policy) == -1, "none given");
    CHECK(policy == PLACEMENT_SCATTER, "changed by a name that does not exist");
    CHECK(strcmp(placement_name((enum placement)42), "unknown") == 0, "42");
}

struct good_list {
    const char *list;
    unsigned max;
    unsigned count;
    unsigned values[9];
};

static void test_good_lists(void)
{
    static const struct good_list lists[] = {
        {"1", 4, 1, {1}},
        {"1,2,4-8,max", 16, 8, {1, 2, 4, 5, 6, 7, 8, 16}},
        {"max", 12, 1, {12}},
        {"8,1,4,1,8", 2, 3, {1, 4, 8}}, /* above max: the caller decides about oversubscription */
        {"2-max", 5, 4, {2, 3, 4, 5}},
        {"max-max", 3, 1, {3}},
        {"3-5,4-6", 1, 4, {3, 4, 5, 6}},
        {"8192", 1, 1, {8192}},
        {"007", 1, 1, {7}},
        {"max", 4000000000u, 1, {8192}},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        const struct good_list *l = &lists[i];
        char error[ERROR_SIZE] = "";
        unsigned *values = NULL;
        unsigned n = thread_list_parse(l->list, l->max, &values, error, sizeof error);
        CHECK(n == l->count, "'%s' gives %u: %s", l->list, n, error);
        CHECK(n != l->count || memcmp(values, l->values, n * sizeof *values) == 0, "'%s'", l->list);
        free(values);
    }
}

struct bad_list {
    const char *list;
    const char *message; /* how the error starts */
};

static void test_bad_lists(void)
{
    static const struct bad_list lists[] = {
        {NULL, "'' is an empty list"},
        {"", "'' is an empty list"},
        {",", "'' is an empty item"},
        {"1,", "'' is an empty item"},
        {",1", "'' is an empty item"},
        {"1,,2", "'' is an empty item"},
        {"0", "'0' asks for no thread at all"},
        {"0-4", "'0-4' asks for no thread at all"},
        {"1,4-2", "'4-2' is a reversed range"},
        {"9-max", "'9-max' is a reversed range"},
        {"-1", "'-1' is not a number or a range"},
        {"4-", "'4-' is not a number or a range"},
        {"-", "'-' is not a number or a range"},
        {"1-2-3", "'1-2-3' is not a number or a range"},
        {"+2", "'+2' is not a number or a range"},
        {"1 ,2", "'1 ' is not a number or a range"},
        {" ", "' ' is not a number or a range"},
        {"2.5", "'2.5' is not a number or a range"},
        {"1e3", "'1e3' is not a number or a range"},
        {"0x4", "'0x4' is not a number or a range"},
        {"nan", "'nan' is not a number or a range"},
        {"MAX", "'MAX' is not a number or a range"},
        {"maximum", "'maximum' is not a number or a range"},
        {"1;2", "'1;2' is not a number or a range"},
        {"a\nb", "'a?b' is not a number or a range"},
        {"8193", "'8193' is more threads than can be"},
        {"1-8193", "'1-8193' is more threads than can be"},
        {"4294967297", "'4294967297' is more threads than can be"},
        {"99999999999999999999999", "'99999999999999999999999' is more threads than can be"},
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        char error[ERROR_SIZE] = "";
        unsigned *values = &(unsigned){1};
        unsigned n = thread_list_parse(lists[i].list, 8, &values, error, sizeof error);
        CHECK(n == 0 && values == NULL, "'%s' gives %u", lists[i].list, n);
        CHECK(strncmp(error, lists[i].message, strlen(lists[i].message)) == 0, "'%s'", error);
        CHECK(strstr(error, "; accepted: a list such as 1,2,4-8,max") != NULL, "'%s'", error);
        CHECK(strchr(error, '\n') == NULL, "'%s'", error);
    }
    unsigned *values = NULL;
    CHECK(thread_list_parse("max", 0, &values, NULL, 0) == 0, "max of a machine without CPUs");
    char tiny[8];
    CHECK(thread_list_parse("x", 1, &values, tiny, sizeof tiny) == 0 && strlen(tiny) == 7, "%s", tiny);
}

/* Expects topology_open to refuse the source in one line that starts like this. */
static void expect_refusal(const char *source, const char *message)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    CHECK(topology_open(&t, source, error, sizeof error) == -1, "%.60s was opened", source);
    CHECK(t == NULL, "%.60s", source);
    CHECK(strncmp(error, message, strlen(message)) == 0, "'%s' is not '%s'", error, message);
    CHECK(strstr(error, "accepted: ") != NULL && strchr(error, '\n') == NULL, "'%s'", error);
    topology_close(t);
}

static void test_bad_sources(void)
{
    expect_refusal("", "'' is neither a file nor a description");
    expect_refusal("  ", "'  ' is neither");
    expect_refusal("nonsense", "'nonsense' is neither");
    expect_refusal("pack:2\npu:0", "'pack:2?pu:0' is neither");
    expect_refusal("pack:x", "'pack:x' is neither");
    expect_refusal("pack:2 core:2", "'pack:2 core:2' is neither");
    expect_refusal("pu:8193", "'pu:8193' describes more than 8192 PUs");
    expect_refusal("pu:0x7fffffff", "'pu:0x7fffffff' describes more");
    expect_refusal("pu:-1", "'pu:-1' describes more");
    expect_refusal("pack:1000 core:1000 pu:1000", "'pack:1000 core:1000 pu:1000' describes more");
    expect_refusal("100 100 100", "'100 100 100' describes more");
    expect_refusal("pack:99999999999999999999999 pu:1", "'pack:99999999999999999999999 pu:1' describes more");
    expect_refusal("no-such-file.xml", "cannot read 'no-such-file.xml': No such file");
    expect_refusal("no/such/file", "cannot read 'no/such/file': No such file");
    expect_refusal("/", "'/' is a directory");
    expect_refusal("/dev/null", "'/dev/null' is not a plain file");
    expect_refusal("/dev/zero", "'/dev/zero' is not a plain file");
    expect_refusal("/proc/self/status", "'/proc/self/status' is empty");
}

/* Opening one would wait for somebody who writes. */
static void test_pipe(void)
{
    char folder[] = "/tmp/placement-test-XXXXXX";
    char path[64];
    CHECK(mkdtemp(folder) != NULL, "%s", folder);
    (void)snprintf(path, sizeof path, "%s/pipe", folder);
    CHECK(mkfifo(path, 0600) == 0, "%s", path);
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    (void)alarm(20); /* where it waits after all the test ends badly, and ends */
    CHECK(topology_open(&t, path, error, sizeof error) == -1 && strstr(error, "is not a plain file") != NULL, "%s", error);
    (void)alarm(0);
    (void)unlink(path);
    (void)rmdir(folder);
}

#define XML_HEAD                                                                                                     \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"                        \
    "<topology version=\"2.0\">\n"
#define XML_MACHINE                                                                                                  \
    "<object type=\"Machine\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\""                                 \
    " allowed_cpuset=\"0x3\" nodeset=\"0x1\" complete_nodeset=\"0x1\" allowed_nodeset=\"0x1\""                       \
    " gp_index=\"1\">\n"                                                                                             \
    "<object type=\"NUMANode\" os_index=\"0\" cpuset=\"0x3\" complete_cpuset=\"0x3\""                                \
    " nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"2\"/>\n"                                                   \
    "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\" complete_cpuset=\"0x1\""                                      \
    " nodeset=\"0x1\" complete_nodeset=\"0x1\" gp_index=\"3\"/>\n"
#define XML_TAIL "</object>\n</topology>\n"

/* Opens the text as a file. Returns topology_open's result; `path` keeps the name, which is gone again. */
static int open_text(const char *text, char *path, char *error)
{
    struct machine_topology *t = NULL;
    (void)strcpy(path, "/tmp/placement-test-XXXXXX");
    int file = mkstemp(path);
    CHECK(file >= 0 && write(file, text, strlen(text)) == (ssize_t)strlen(text), "%s", path);
    (void)close(file);
    int result = topology_open(&t, path, error, ERROR_SIZE);
    CHECK((result == 0) == (t != NULL), "%d", result);
    topology_close(t);
    (void)unlink(path);
    return result;
}

/* XML that is not a topology, is cut short, or is no XML. */
static void test_bad_xml(void)
{
    static const char *const texts[] = {
        "",
        "<",
        "not XML",
        "<?xml version=\"1.0\"?><html></html>",
        XML_HEAD,
        XML_HEAD "</topology>\n",
        XML_HEAD XML_MACHINE,
        XML_HEAD "<object type=\"Machine\"/>\n</topology>\n",
        XML_HEAD "<object type=\"PU\" os_index=\"0\" cpuset=\"0x1\"/>\n</topology>\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        char path[64];
        char error[ERROR_SIZE] = "";
        CHECK(open_text(texts[i], path, error) == -1, "opened text %zu", i);
        CHECK(strncmp(error + 1, path, strlen(path)) == 0, "text %zu: '%s'", i, error);
        CHECK(strstr(error, "accepted: ") != NULL && strchr(error, '\n') == NULL, "'%s'", error);
    }
}

/* What hwloc 3 writes, in short: this one cannot read it, and the line says what can be done. */
static void test_newer_xml(void)
{
    char path[64];
    char error[ERROR_SIZE] = "";
    int result = open_text("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"
                           "<topology version=\"9.0\">\n" XML_MACHINE XML_TAIL, path, error);
    CHECK(result == -1 && strstr(error, "is of version 9 of hwloc's XML") != NULL, "%s", error);
    CHECK(strstr(error, "--export-xml-flags") != NULL && strchr(error, '\n') == NULL, "%s", error);
}

/* A PU that lacks one attribute: hwloc 2.9 follows a null pointer. Whether a version takes or refuses it,
 * this program goes on. */
static void test_deadly_xml(void)
{
    char path[64];
    char error[ERROR_SIZE] = "";
    CHECK(open_text(XML_HEAD XML_MACHINE XML_TAIL, path, error) == 0, "the text without the PU: %s", error);
    (void)open_text(XML_HEAD XML_MACHINE "<object type=\"PU\" os_index=\"1\" cpuset=\"0x2\" nodeset=\"0x1\""
                                         " complete_nodeset=\"0x1\" gp_index=\"4\"/>\n" XML_TAIL,
                    path, error);
}

static void test_writing(void)
{
    char error[ERROR_SIZE] = "";
    struct machine_topology *t = NULL;
    CHECK(topology_open(&t, "pack:2 pu:2", error, sizeof error) == 0, "%s", error);
    CHECK(topology_write_xml(t, "no/such/directory/t.xml", error, sizeof error) == -1, "written");
    CHECK(strncmp(error, "cannot write 'no/such/directory/t.xml': No such file", 52) == 0, "%s", error);
    if (access("/dev/full", W_OK) == 0) {
        FILE *full = fopen("/dev/full", "w");
        CHECK(topology_write_xml(t, "/dev/full", error, sizeof error) == -1, "written to a full disk");
        CHECK(strstr(error, "No space left") != NULL, "%s", error);
        CHECK(access("/dev/full", W_OK) == 0, "the device was removed");
        CHECK(full != NULL && machine_write_json(full, t, NULL, NULL) == -1, "facts written to a full disk");
        if (full != NULL)
            (void)fclose(full);
    }
    topology_close(t);
}

void test_units(void)
{
    test_names();
    test_good_lists();
    test_bad_lists();
    test_bad_sources();
    test_pipe();
    test_bad_xml();
    test_newer_xml();
    test_deadly_xml();
    test_writing();
}
