/* What rcbench prints about itself and its plans. See report_text.h. */
#include "bench/cli/report_text.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include <hwloc.h>

#include "bench/memory/allocator.h"
#include "bench/gbench/gbench.h"
#include "bench/machine/machine.h"
#include "bench/memory/memory_stats.h"
#include "bench/libraries/peer.h"
#include "bench/machine/topology.h"
#include "bench/rows/traits.h"

#if !defined(RCBENCH_VERSION) || !defined(RCBENCH_GBENCH_VERSION)
#error "the build says which versions: see CMakeLists.txt"
#endif

enum { PEER_LIBRARIES_MAX = 16 };

static size_t own_count(void) { return variant_count - peer_count; }

/* The libraries of the peers that this build has, each once: the peers of one are neighbours. Returns how many. */
static unsigned peer_libraries(struct machine_library items[PEER_LIBRARIES_MAX])
{
    unsigned count = 0;
    for (size_t i = own_count(); i < variant_count && count < PEER_LIBRARIES_MAX; i++) {
        const struct peer *peer = variants[i]->peer;
        if (count == 0 || strcmp(items[count - 1].name, peer->library) != 0)
            items[count++] = (struct machine_library){peer->library, peer->version};
    }
    return count;
}

void print_versions(FILE *out)
{
    fprintf(out, "rcbench %s (rows: schema 1)\n", RCBENCH_VERSION);
    fprintf(out, "Google Benchmark %s\n", RCBENCH_GBENCH_VERSION);
    fprintf(out, "hwloc %s (API 0x%x when built, 0x%x now)\n", HWLOC_VERSION, HWLOC_API_VERSION,
            hwloc_get_api_version());
    fprintf(out, "allocator %s %s\n", allocator_name(), memory_allocator_version());
    fprintf(out, "compiler %s\n", __VERSION__);
    struct machine_library peers[PEER_LIBRARIES_MAX];
    unsigned count = peer_libraries(peers);
    for (unsigned i = 0; i < count; i++)
        fprintf(out, "peer %s: %s\n", peers[i].name, peers[i].version);
}

static void print_variant(FILE *out, const struct variant *variant, int width)
{
    const char *stands_for = variant_stands_for(variant);
    fprintf(out, "  %-*s %-14s %-7s %3u%s%s\n", width, variant->name, variant->scheme, variant->mode,
            variant->object_bytes, stands_for != NULL ? "  " : "", stands_for != NULL ? stands_for : "");
}

bool list_shows_all_peers(const struct options *options)
{
    for (size_t i = 0; i < own_count(); i++)
        if (!options->variant_chosen[i])
            return false;
    return true;
}

bool list_shows(const struct options *options, size_t i)
{
    return options->variant_chosen[i] || (i >= own_count() && list_shows_all_peers(options));
}

static bool list_shows_a_peer(const struct options *options)
{
    for (size_t i = own_count(); i < variant_count; i++)
        if (list_shows(options, i))
            return true;
    return missing_peer_count > 0 && list_shows_all_peers(options);
}

static void print_peers(FILE *out, const struct options *options)
{
    if (!list_shows_a_peer(options))
        return;
    fprintf(out, "\npeers: measured with --peers, or where --variants names them\n");
    for (size_t i = own_count(); i < variant_count; i++)
        if (list_shows(options, i))
            print_variant(out, variants[i], 30);
    for (size_t i = 0; list_shows_all_peers(options) && i < missing_peer_count; i++)
        fprintf(out, "  %-30s not in this build: %s\n", missing_peers[i].name, missing_peers[i].remedy);
}

void print_list(FILE *out, const struct options *options)
{
    fprintf(out, "variants (scheme x mode, bytes of the object header, what it stands for)\n");
    for (size_t i = 0; i < own_count(); i++)
        if (list_shows(options, i))
            print_variant(out, variants[i], 15);
    print_peers(out, options);
    fprintf(out, "\nworkloads (driver, what one operation is, parameters of --points full)\n");
    for (size_t i = 0; i < variants[0]->workload_count; i++) {
        const struct workload *workload = variants[0]->workloads[i];
        if (!options->workload_chosen[i])
            continue;
        fprintf(out, "  %-15s %-9s %s\n", workload->name, workload->driver, workload->summary);
        for (const struct point *point = workload->points; point->params != NULL; point++)
            if (point->params[0] != '\0')
                fprintf(out, "  %-15s %-9s   %s\n", "", "", point->params);
    }
}

void print_cpus(FILE *out, const struct options *options, const struct cell *cell)
{
    if (options->placement == PLACEMENT_NONE) {
        fputs("any", out);
        return;
    }
    for (unsigned i = 0; i < cell->threads; i++)
        fprintf(out, "%s%u", i > 0 ? "+" : "", options->cpu_order[i % options->pus]);
}

struct plan_size plan_size(const struct options *options, const struct cell *cells, size_t count)
{
    struct plan_size size = {0, 0, 0};
    for (size_t i = 0; i < count; i++) {
        if (!gbench_matches(cells[i].name))
            continue;
        bool skipped = cells[i].skipped[0] != '\0';
        size.run += !skipped;
        size.skipped += skipped;
        size.seconds += skipped ? 0 : cell_seconds(&cells[i], options);
    }
    return size;
}

static void print_planned_cell(FILE *out, const struct options *options, const struct cell *cell)
{
    fprintf(out, "%-60s ", cell->name);
    print_cpus(out, options, cell);
    if (cell->skipped[0] != '\0')
        fprintf(out, " skipped %s\n", cell->skipped);
    else
        fprintf(out, " run\n");
}

void print_plan(FILE *out, const struct options *options, const struct cell *cells, size_t count)
{
    if (options->topology_source != NULL)
        fprintf(out, "# plan only: for the topology '%s', not for this machine\n", options->topology_source);
    fprintf(out, "# placement %s, %u CPUs on %u cores, seed %llu\n", placement_name(options->placement), options->pus,
            topology_cores(options->topology), (unsigned long long)options->seed);
    char kinds[TOPOLOGY_KINDS_TEXT];
    if (topology_kinds(options->topology) > 1)
        fprintf(out, "# cores used: %s\n", topology_kinds_text(options->topology, true, kinds));
    if (topology_kinds_text(options->topology, false, kinds)[0] != '\0')
        fprintf(out, "# cores left: %s; --all-kinds uses them, too\n", kinds);
    for (size_t i = 0; i < count; i++)
        if (gbench_matches(cells[i].name))
            print_planned_cell(out, options, &cells[i]);
    struct plan_size size = plan_size(options, cells, count);
    fprintf(out, "# %zu cells to run, %zu skipped, about %.1f s per round\n", size.run, size.skipped, size.seconds);
}

static int write_facts(const struct options *options, FILE *out)
{
    enum { OWN = 3 };
    struct machine_library libraries[OWN + PEER_LIBRARIES_MAX] = {{"rcbench", RCBENCH_VERSION},
                                                                  {"Google Benchmark", RCBENCH_GBENCH_VERSION},
                                                                  {allocator_name(), memory_allocator_version()}};
    const struct machine_libraries list = {libraries, OWN + peer_libraries(libraries + OWN)};
    int status = machine_write_json(out, options->topology, &list, traits_write);
    return fputc('\n', out) == EOF ? -1 : status;
}

/* -1 after one line on standard error about the flag that wanted the file. */
static int end_file(FILE *out, int status, const char *flag, const char *path)
{
    if (out != NULL && fclose(out) != 0)
        status = -1;
    if (status != 0)
        fprintf(stderr, "rcbench: %s: '%s' cannot be written: %s\n", flag, path, strerror(errno));
    return status;
}

/* "-" is standard output, and a file that is there is never replaced. */
static FILE *open_output(const char *path)
{
    struct stat found;
    if (strcmp(path, "-") == 0)
        return fdopen(dup(STDOUT_FILENO), "w");
    return fopen(path, stat(path, &found) == 0 && !S_ISREG(found.st_mode) ? "w" : "wx");
}

int write_machine(const struct options *options)
{
    FILE *out = open_output(options->action_path);
    return end_file(out, out != NULL ? write_facts(options, out) : -1, "--machine", options->action_path);
}

char *companion_text(const struct options *options)
{
    char *text = NULL;
    size_t length = 0;
    FILE *out = open_memstream(&text, &length);
    int status = out != NULL ? write_facts(options, out) : -1;
    if (out != NULL && (fclose(out) != 0 || status != 0)) {
        free(text);
        text = NULL;
    }
    return text;
}

int companion_write(const struct options *options, const char *text)
{
    char *path = NULL;
    if (text == NULL || asprintf(&path, "%s.json", options->csv) < 0) {
        fprintf(stderr, "rcbench: --csv: '%s.json': no memory\n", options->csv);
        return -1;
    }
    FILE *out = fopen(path, "w");
    int status = end_file(out, out != NULL && fputs(text, out) != EOF ? 0 : -1, "--csv", path);
    free(path);
    return status;
}

int write_topology(const struct options *options)
{
    char error[400];
    const char *path = strcmp(options->action_path, "-") == 0 ? "/dev/stdout" : options->action_path;
    if (topology_write_xml(options->topology, path, error, sizeof error) == 0)
        return 0;
    fprintf(stderr, "rcbench: --topology-out: %s\n", error);
    return -1;
}
