#include <fmt/format.h>

#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <string>
#include <string_view>

#include "simulation.hpp"

// simulation_tests [--seeds N] [--first SEED] [--verbose]: see docs/testing.md.
namespace tide::simulation {
namespace {

struct Options {
    uint64_t first = 1;
    uint64_t seeds = 200;
    bool verbose = false;
};

volatile std::sig_atomic_t current_seed = 0;

// An assertion of the engine ends the process: say at least with which seed.
void on_crash(int signal) {
    char text[64];
    const int length =
        std::snprintf(text, sizeof text, "simulation: ended in seed %ld\n", static_cast<long>(current_seed));
    if (length > 0) std::fwrite(text, 1, static_cast<size_t>(length), stderr);
    std::signal(signal, SIG_DFL);
    std::raise(signal);
}

bool parse_number(const char* text, uint64_t& number) {
    const char* end = text + std::strlen(text);
    return std::from_chars(text, end, number).ptr == end && end != text;
}

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string_view name = argv[i];
        if (name == "--verbose") {
            options.verbose = true;
        } else if ((name == "--seeds" || name == "--first") && i + 1 < argc) {
            if (!parse_number(argv[++i], name == "--seeds" ? options.seeds : options.first)) return false;
        } else {
            return false;
        }
    }
    return true;
}

void print_failure(const Scenario& scenario, const Outcome& result) {
    fmt::print("seed {}: broken at event {} of {}: {}\n", scenario.seed, result.failed_at, result.events,
               result.failure);
    fmt::print("  faults: {}\n  {}, {} to {}, honest from {}\n", scenario.fault_names(),
               scenario.bars ? "bars" : "ticks", format_time_of_day(scenario.hours.open),
               format_time_of_day(scenario.hours.close), format_time_of_day(scenario.honest_from));
}

void report(const Scenario& scenario, const Outcome& result) {
    print_failure(scenario, result);
    const Scenario smallest = shrink(scenario);
    const Outcome again = simulate(smallest);
    fmt::print("smaller:\n");
    print_failure(smallest, again);
    for (const auto& line : again.last_records) fmt::print("    {}\n", line);
}

int run(const Options& options) {
    const auto begin = std::chrono::steady_clock::now();
    uint64_t failures = 0, events = 0, messages = 0, entries = 0, fills = 0, traded = 0;
    std::map<std::string, uint64_t> halts;
    constexpr uint64_t kFailuresShown = 5;
    for (uint64_t i = 0; i < options.seeds && failures < kFailuresShown; ++i) {
        current_seed = static_cast<std::sig_atomic_t>(options.first + i);
        const Scenario scenario = make_scenario(options.first + i);
        const Outcome result = simulate(scenario);
        events += result.events;
        messages += result.messages;
        entries += result.entries;
        fills += result.fills;
        traded += result.fills > 0 ? 1 : 0;
        for (const auto& [kind, count] : result.halts) halts[kind] += count;
        if (options.verbose) {
            fmt::print("seed {}: {} events, {} messages, {} entries, {} fills, faults: {}\n", scenario.seed,
                       result.events, result.messages, result.entries, result.fills, scenario.fault_names());
        }
        if (!result.failed()) continue;
        ++failures;
        report(scenario, result);
    }
    const double elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    fmt::print("{} seeds from {}: {} failed; {} events, {} messages, {} entries, {} fills; {:.1f} s, {:.0f} seeds/s\n",
               options.seeds, options.first, failures, events, messages, entries, fills, elapsed,
               static_cast<double>(options.seeds) / elapsed);
    fmt::print("days with a fill: {}; halts:", traded);
    for (const auto& [kind, count] : halts) fmt::print(" {} {}", kind, count);
    fmt::print("\n");
    return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace tide::simulation

int main(int argc, char** argv) {
    tide::simulation::Options options;
    if (!tide::simulation::parse(argc, argv, options)) {
        fmt::print(stderr, "usage: simulation_tests [--seeds N] [--first SEED] [--verbose]\n");
        return 2;
    }
    std::signal(SIGABRT, tide::simulation::on_crash);
    std::signal(SIGSEGV, tide::simulation::on_crash);
    return tide::simulation::run(options);
}
