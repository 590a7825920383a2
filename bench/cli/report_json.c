/* What --list and --plan print with --json. See report_json.h. */
#include "bench/cli/report_json.h"

#include <inttypes.h>

#include "bench/base/json.h"
#include "bench/cli/report_text.h"
#include "bench/gbench/gbench.h"
#include "bench/libraries/peer.h"
#include "bench/machine/topology.h"
#include "bench/rows/traits.h"

static void write_variants(struct json *j, const struct options *options)
{
    json_key(j, "variants");
    json_open(j, '{');
    for (size_t i = 0; i < variant_count - peer_count; i++)
        if (list_shows(options, i))
            traits_write_variant(j, variants[i]);
    json_close(j, '}');
}

static void write_peer(struct json *j, const struct variant *variant)
{
    json_key(j, variant->name);
    json_open(j, '{');
    json_string(j, "scheme", variant->scheme);
    json_string(j, "mode", variant->mode);
    json_number(j, "object_bytes", variant->object_bytes);
    json_string(j, "library", variant->peer->library);
    json_string(j, "version", variant->peer->version);
    json_close(j, '}');
}

static void write_peers(struct json *j, const struct options *options)
{
    json_key(j, "peers");
    json_open(j, '{');
    for (size_t i = variant_count - peer_count; i < variant_count; i++)
        if (list_shows(options, i))
            write_peer(j, variants[i]);
    json_close(j, '}');
}

static void write_missing_peers(struct json *j, const struct options *options)
{
    json_key(j, "missing_peers");
    json_open(j, '{');
    for (size_t i = 0; list_shows_all_peers(options) && i < missing_peer_count; i++)
        json_string(j, missing_peers[i].name, missing_peers[i].remedy);
    json_close(j, '}');
}

/* Whether a workload of an earlier number has the same driver. */
static bool driver_is_known(size_t number)
{
    const struct workload *const *workloads = variants[0]->workloads;
    for (size_t i = 0; i < number; i++)
        if (strcmp(workloads[i]->driver, workloads[number]->driver) == 0)
            return true;
    return false;
}

static void write_drivers(struct json *j)
{
    json_key(j, "drivers");
    json_open(j, '[');
    for (size_t i = 0; i < variants[0]->workload_count; i++) {
        if (driver_is_known(i))
            continue;
        json_next(j);
        json_text(j, variants[0]->workloads[i]->driver);
    }
    json_close(j, ']');
}

static void write_workload(struct json *j, const struct workload *workload)
{
    json_key(j, workload->name);
    json_open(j, '{');
    json_string(j, "driver", workload->driver);
    json_string(j, "summary", workload->summary);
    json_key(j, "parameters");
    json_open(j, '[');
    for (const struct point *point = workload->points; point->params != NULL; point++) {
        if (point->params[0] == '\0')
            continue;
        json_next(j);
        json_text(j, point->params);
    }
    json_close(j, ']');
    json_close(j, '}');
}

void print_list_json(FILE *out, const struct options *options)
{
    struct json j = {out, 0, true};
    json_open(&j, '{');
    write_variants(&j, options);
    write_peers(&j, options);
    write_missing_peers(&j, options);
    write_drivers(&j);
    json_key(&j, "workloads");
    json_open(&j, '{');
    for (size_t i = 0; i < variants[0]->workload_count; i++)
        if (options->workload_chosen[i])
            write_workload(&j, variants[0]->workloads[i]);
    json_close(&j, '}');
    json_close(&j, '}');
    fputc('\n', out);
}

static void write_head(struct json *j, const struct options *options)
{
    char used[TOPOLOGY_KINDS_TEXT] = "", left[TOPOLOGY_KINDS_TEXT];
    if (topology_kinds(options->topology) > 1)
        topology_kinds_text(options->topology, true, used);
    json_string(j, "topology", options->topology_source);
    json_string(j, "placement", placement_name(options->placement));
    json_number(j, "cpus", options->pus);
    json_number(j, "cores", topology_cores(options->topology));
    json_key(j, "seed");
    fprintf(j->out, "%" PRIu64, options->seed); /* may be larger than what json_number takes */
    json_string(j, "cores_used", used);
    json_string(j, "cores_left", topology_kinds_text(options->topology, false, left));
}

static void write_cell(struct json *j, const struct options *options, const struct cell *cell)
{
    bool skipped = cell->skipped[0] != '\0';
    json_next(j);
    json_open(j, '{');
    json_string(j, "cell", cell->name);
    json_key(j, "cpus");
    fputc('"', j->out);
    print_cpus(j->out, options, cell);
    fputc('"', j->out);
    json_string(j, "state", skipped ? "skipped" : "run");
    json_string(j, "reason", cell->skipped);
    json_close(j, '}');
}

void print_plan_json(FILE *out, const struct options *options, const struct cell *cells, size_t count)
{
    struct json j = {out, 0, true};
    struct plan_size size = plan_size(options, cells, count);
    json_open(&j, '{');
    write_head(&j, options);
    json_number(&j, "run", (int64_t)size.run);
    json_number(&j, "skipped", (int64_t)size.skipped);
    json_key(&j, "round_s");
    json_hundredths(&j, size.seconds);
    json_key(&j, "cells");
    json_open(&j, '[');
    for (size_t i = 0; i < count; i++)
        if (gbench_matches(cells[i].name))
            write_cell(&j, options, &cells[i]);
    json_close(&j, ']');
    json_close(&j, '}');
    fputc('\n', out);
}
