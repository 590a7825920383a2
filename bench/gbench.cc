// Google Benchmark, seen from C. See gbench.h. Written for and tried with 1.7.1 (Debian 12) and 1.8.3
// (Ubuntu 24.04).
#include "bench/gbench.h"

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <memory>
#include <regex>
#include <vector>

namespace {

// Passes everything on, with the names that the user gave: fixed iterations and manual time are how the
// harness uses the library, not what a cell is called.
class CellNames : public benchmark::BenchmarkReporter {
public:
    explicit CellNames(benchmark::BenchmarkReporter *to) : to_(to) {}

    bool ReportContext(const Context &context) override
    {
        to_->SetOutputStream(&GetOutputStream());
        to_->SetErrorStream(&GetErrorStream());
        return to_->ReportContext(context);
    }

    void ReportRuns(const std::vector<Run> &runs) override
    {
        std::vector<Run> renamed(runs);
        for (Run &run : renamed) {
            run.run_name.iterations.clear();
            run.run_name.time_type.clear();
            run.cpu_accumulated_time = 0; // of the reporting alone: the trial was over
        }
        to_->ReportRuns(renamed);
    }

    void Finalize() override { to_->Finalize(); }

private:
    benchmark::BenchmarkReporter *to_;
};

std::unique_ptr<benchmark::BenchmarkReporter> FileReporter(const std::string &format)
{
    if (format == "console")
        return std::make_unique<benchmark::ConsoleReporter>(benchmark::ConsoleReporter::OO_None);
    if (format == "csv") {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // the library's flag still offers it
        return std::make_unique<benchmark::CSVReporter>();
#pragma GCC diagnostic pop
    }
    return std::make_unique<benchmark::JSONReporter>();
}

void RunOnce(benchmark::State &state, gbench_body *body, void *argument)
{
    gbench_sample sample = {};
    body(argument, static_cast<unsigned>(state.thread_index()), &sample);
    if (sample.error != nullptr) {
        state.SkipWithError(sample.error);
        return;
    }
    // The trial is over: the library only learns how long one operation took. Not how many there were: its
    // statistics over repetitions abort when repetitions differ in that. Every thread must say so (thread 0
    // alone would multiply the rates).
    const double operations = sample.operations > 0 ? static_cast<double>(sample.operations) : 1;
    while (state.KeepRunningBatch(1))
        state.SetIterationTime(sample.seconds / operations);
    if (sample.totals) {
        state.counters["ns_per_op"] = sample.ns_per_op;
        state.counters["ops_per_s"] = sample.ops_per_s;
    }
}

// The library's own syntax: POSIX extended; a leading '-' turns it round; "all" is everything.
bool FilterOf(std::regex *regex, bool *negative)
{
    std::string spec = benchmark::GetBenchmarkFilter();
    if (spec.empty() || spec == "all")
        spec = ".";
    *negative = spec[0] == '-';
    if (*negative)
        spec.erase(0, 1);
    try {
        *regex = std::regex(spec, std::regex_constants::extended);
        return true;
    } catch (const std::regex_error &) {
        std::fprintf(stderr, "rcbench: --benchmark_filter: '%s' is not a POSIX extended regular expression\n",
                     spec.c_str());
        return false;
    }
}

} // namespace

bool gbench_initialize(int *argc, char **argv)
{
    benchmark::Initialize(argc, argv);
    return !benchmark::ReportUnrecognizedArguments(*argc, argv);
}

bool gbench_filter_valid(void)
{
    std::regex regex;
    bool negative;
    return FilterOf(&regex, &negative);
}

bool gbench_matches(const char *name)
{
    static std::regex regex;
    static bool negative;
    static const bool valid = FilterOf(&regex, &negative);
    return valid && std::regex_search(name, regex) != negative;
}

void gbench_register(const char *name, unsigned threads, gbench_body *body, void *argument)
{
    benchmark::RegisterBenchmark(name, [body, argument](benchmark::State &state) { RunOnce(state, body, argument); })
        ->Iterations(1)
        ->UseManualTime()
        ->Threads(static_cast<int>(threads));
}

void gbench_run(const char *out_format)
{
    CellNames display(benchmark::CreateDefaultDisplayReporter());
    if (out_format == nullptr) {
        benchmark::RunSpecifiedBenchmarks(&display, nullptr, ".");
    } else {
        auto to = FileReporter(out_format);
        CellNames file(to.get());
        benchmark::RunSpecifiedBenchmarks(&display, &file, ".");
    }
    benchmark::Shutdown();
}
