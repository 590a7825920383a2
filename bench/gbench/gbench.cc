// Google Benchmark, seen from C. See gbench.h. Written for and tried with 1.7.1 (Debian 12) and 1.8.3
// (Ubuntu 24.04); it compiles with 1.9.5 and what follows that.
#include "bench/gbench/gbench.h"

#include <benchmark/benchmark.h>

#include <regex.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <memory>
#include <new>
#include <system_error>
#include <vector>

namespace {

// Passes everything on, with the names that the user gave: fixed iterations and manual time are how the
// harness uses the library, not what a cell is called.
class CellNames : public benchmark::BenchmarkReporter {
public:
    // as_table: every run has the columns of the first one, or the library aborts; a failed run has no counters.
    CellNames(benchmark::BenchmarkReporter *to, bool as_table) : to_(to), as_table_(as_table) {}

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
            SetRealTime(run);
            if (as_table_)
                for (const char *name : {"ns_per_op", "ops_per_s"})
                    run.counters.insert({name, 0});
        }
        to_->ReportRuns(renamed);
    }

    void Finalize() override { to_->Finalize(); }

private:
    // To the time of one operation, of a trial or of a statistic over trials. What the library makes of the threads'
    // times depends on its version: up to 1.8 it divides them by the number of threads once more than from 1.9 on.
    static void SetRealTime(Run &run)
    {
        const auto found = run.counters.find("ns_per_op");
        if (found == run.counters.end())
            return;
        const bool share = run.run_type == Run::RT_Aggregate && run.aggregate_unit == benchmark::kPercentage;
        run.real_accumulated_time = share ? found->second.value
                                          : found->second.value * static_cast<double>(run.iterations) /
                                                benchmark::GetTimeUnitMultiplier(benchmark::kNanosecond);
    }

    benchmark::BenchmarkReporter *to_;
    bool as_table_;
};

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // the library's flag still offers it
using Table = benchmark::CSVReporter;
#pragma GCC diagnostic pop

std::unique_ptr<benchmark::BenchmarkReporter> FileReporter(const std::string &format)
{
    if (format == "console")
        return std::make_unique<benchmark::ConsoleReporter>(benchmark::ConsoleReporter::OO_None);
    if (format == "csv")
        return std::make_unique<Table>();
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

// The library's own syntax: POSIX extended; a leading '-' turns it round; "all" is everything. The C library's
// matcher, since that of C++ takes a stack frame for each character.
struct Filter {
    regex_t regex;
    bool negative, valid;
};

enum { NESTED_MAX = 100 }; // parentheses: the parser takes stack frames for each

bool IsNestedTooDeeply(const std::string &spec)
{
    int depth = 0, deepest = 0;
    for (size_t i = 0; i < spec.size(); i++) {
        if (spec[i] == '\\')
            i++;
        else if (spec[i] == '(')
            deepest = std::max(deepest, ++depth);
        else if (spec[i] == ')')
            depth--;
    }
    return deepest > NESTED_MAX;
}

Filter FilterOf()
{
    Filter filter = {};
    std::string spec = benchmark::GetBenchmarkFilter();
    if (spec.empty() || spec == "all")
        spec = ".";
    filter.negative = spec[0] == '-';
    if (filter.negative)
        spec.erase(0, 1);
    filter.valid = !IsNestedTooDeeply(spec) && regcomp(&filter.regex, spec.c_str(), REG_EXTENDED | REG_NOSUB) == 0;
    if (!filter.valid)
        std::fprintf(stderr, "rcbench: --benchmark_filter: '%.200s%s' is not a POSIX extended regular expression\n",
                     spec.c_str(), spec.size() > 200 ? "..." : "");
    return filter;
}

const Filter &TheFilter()
{
    static const Filter filter = FilterOf();
    return filter;
}

// Nobody catches what the libraries throw: a thread that cannot be started, memory that there is not. The other threads of
// the trial wait for each other by then.
[[noreturn]] void EndInOneLine()
{
    const char *what = "unknown";
    try {
        if (std::current_exception() != nullptr)
            std::rethrow_exception(std::current_exception());
    } catch (const std::system_error &error) {
        std::fprintf(stderr, "rcbench: no further thread can be started (ulimit -u, or the limit of a container): %s\n",
                     error.what());
        _exit(1);
    } catch (const std::bad_alloc &) {
        what = "not enough memory (ulimit -v, or the limit of a container)";
    } catch (const std::exception &error) {
        what = error.what();
    } catch (...) {
    }
    std::fprintf(stderr, "rcbench: ended by an error: %s\n", what);
    _exit(1);
}

} // namespace

bool gbench_initialize(int *argc, char **argv)
{
    std::set_terminate(EndInOneLine);
    benchmark::Initialize(argc, argv);
    return !benchmark::ReportUnrecognizedArguments(*argc, argv);
}

bool gbench_filter_valid(void) { return TheFilter().valid; }

bool gbench_matches(const char *name)
{
    const Filter &filter = TheFilter();
    return filter.valid && (regexec(&filter.regex, name, 0, nullptr, 0) == 0) != filter.negative;
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
    const auto made = benchmark::CreateDefaultDisplayReporter(); // a pointer, after 1.9 one that owns
    benchmark::BenchmarkReporter *to = &*made;
    CellNames display(to, dynamic_cast<Table *>(to) != nullptr);
    if (out_format == nullptr) {
        benchmark::RunSpecifiedBenchmarks(&display, nullptr, ".");
    } else {
        auto written = FileReporter(out_format);
        CellNames file(written.get(), std::strcmp(out_format, "csv") == 0);
        benchmark::RunSpecifiedBenchmarks(&display, &file, ".");
    }
    benchmark::Shutdown();
}
