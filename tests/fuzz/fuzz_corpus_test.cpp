#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "mutator.hpp"
#include "support/paths.hpp"
#include "targets.hpp"

// The fuzz targets without a fuzzer: every seed of corpus/, then a fixed number of damaged ones.
namespace tide::fuzz {
namespace {

namespace fs = std::filesystem;

// Says which input it was before the program goes down, and keeps it.
class Witness {
  public:
    static void install() {
        for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) std::signal(signal, &Witness::testify);
    }
    static void now_runs(std::string_view bytes) { input_ = bytes; }

  private:
    static void testify(int signal) {
        std::signal(signal, SIG_DFL);
        put("fuzz_corpus: the input was ");
        std::array<char, 5> escaped{'\\', 'x', '0', '0', 0};
        for (const char c : input_.substr(0, 4096)) {
            if (c >= ' ' && c <= '~' && c != '\\') {
                put({&c, 1});
                continue;
            }
            escaped[2] = "0123456789abcdef"[static_cast<unsigned char>(c) >> 4];
            escaped[3] = "0123456789abcdef"[static_cast<unsigned char>(c) & 15];
            put({escaped.data(), 4});
        }
        put("\n");
        std::raise(signal);
    }
    static void put(std::string_view text) {
        [[maybe_unused]] const auto ignored = ::write(STDERR_FILENO, text.data(), text.size());
    }
    static inline std::string_view input_;
};

std::vector<std::string> seeds_of(std::string_view target) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(source_dir() / "tests/fuzz/corpus" / target))
        files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    std::vector<std::string> seeds;
    for (const auto& file : files) {
        std::ifstream in(file, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return seeds;
}

[[maybe_unused]] void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

class FuzzCorpus : public testing::TestWithParam<Target> {};

TEST_P(FuzzCorpus, any_bytes_give_a_value_or_an_error) {
    Witness::install();
    const Target& target = GetParam();
    const std::vector<std::string> seeds = seeds_of(target.name);
    ASSERT_GE(seeds.size(), 2u) << "no corpus";
    const auto run = [&](std::string_view bytes) {
        Witness::now_runs(bytes);
        target.run(bytes);
    };
    run("");
    for (const std::string& seed : seeds) run(seed);
    Mutator mutator(seeds, 20'240'125);
    for (int i = 0; i < target.mutations; ++i) run(mutator.next());
}

INSTANTIATE_TEST_SUITE_P(every, FuzzCorpus, testing::ValuesIn(targets().begin(), targets().end()),
                         [](const auto& which) { return std::string(which.param.name); });

}  // namespace
}  // namespace tide::fuzz
