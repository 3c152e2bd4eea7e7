#include <fmt/format.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "lua_mutator.hpp"
#include "support/paths.hpp"
#include "targets.hpp"

// Damaged Lua sources through the loader, the fuel transform, the bytecode check and a few bars, compiled and not:
// lua_mutations [--first N] [--count N] [--show N]. Each number makes one source from the shipped strategies, the
// policy modules and the hostile suite. A source that crashes, does not end within seconds of processor time, or does
// one thing compiled and another interpreted stops the program with its number; --show prints a number's source.
namespace tide::fuzz {
namespace {

namespace fs = std::filesystem;

constexpr int kSecondsEach = 20;  // of the processor; the limits end the worst that is known within two
volatile sig_atomic_t last_words_length = 0;
char last_words[64];

void testify(int signal) {
    std::signal(signal, SIG_DFL);
    [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, last_words, static_cast<size_t>(last_words_length));
    std::raise(signal == SIGVTALRM ? SIGABRT : signal);
}

void now_runs(uint64_t number) {
    const auto end = fmt::format_to_n(last_words, sizeof last_words, "lua_mutations: it was number {}\n", number);
    last_words_length = static_cast<sig_atomic_t>(std::min(end.size, sizeof last_words));
    itimerval limit{};
    limit.it_value.tv_sec = kSecondsEach;
    ::setitimer(ITIMER_VIRTUAL, &limit, nullptr);
}

std::vector<std::string> sources() {
    std::vector<fs::path> files;
    for (const char* folder : {"strategies", "scripts", "tests/hostile"}) {
        for (const auto& entry : fs::directory_iterator(source_dir() / folder)) {
            if (entry.path().extension() == ".lua") files.push_back(entry.path());
        }
    }
    std::sort(files.begin(), files.end());
    std::vector<std::string> texts;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        texts.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return texts;
}

struct Options {
    uint64_t first = 1;
    uint64_t count = 500;
    bool show = false;
};

bool read_options(int count, char** arguments, Options& options) {
    for (int i = 1; i + 1 < count; i += 2) {
        const std::string_view name = arguments[i];
        uint64_t value = 0;
        const char* const end = arguments[i + 1] + std::strlen(arguments[i + 1]);
        if (std::from_chars(arguments[i + 1], end, value).ptr != end) return false;
        if (name == "--first") {
            options.first = value;
        } else if (name == "--count") {
            options.count = value;
        } else if (name == "--show") {
            options.first = value;
            options.show = true;
        } else {
            return false;
        }
    }
    return count % 2 == 1;
}

int run(const Options& options) {
    const LuaMutator mutator(sources());
    if (options.show) {
        fmt::print("{}\n", mutator.make(options.first));
        return 0;
    }
    for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGVTALRM}) std::signal(signal, testify);
    uint64_t loaded = 0;
    for (uint64_t number = options.first; number < options.first + options.count; ++number) {
        now_runs(number);
        loaded += lua_compiled_or_not(mutator.make(number)) ? 1 : 0;
    }
    fmt::print("{} damaged sources of {}: {} still load; none did one thing compiled and another interpreted\n",
               options.count, mutator.sources(), loaded);
    return 0;
}

}  // namespace
}  // namespace tide::fuzz

int main(int count, char** arguments) {
    tide::fuzz::Options options;
    if (!tide::fuzz::read_options(count, arguments, options)) {
        fmt::print(stderr, "usage: lua_mutations [--first N] [--count N] [--show N]\n");
        return 2;
    }
    return tide::fuzz::run(options);
}
