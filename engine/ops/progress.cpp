#include "ops/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tide {
namespace {
constexpr Duration kQuiet = seconds(2);
constexpr Duration kBetween = milliseconds(100);
constexpr int kBarWidth = 30;
}  // namespace

Progress::Progress(std::FILE* out, bool terminal, std::string title, Clock clock)
    : out_(out), terminal_(terminal), title_(std::move(title)), clock_(std::move(clock)), started_(clock_()) {}

Progress::~Progress() {
    if (width_ == 0) return;
    fmt::print(out_, "\r{:{}}\r", "", width_);
    std::fflush(out_);
}

void Progress::update(double share) {
    if (!terminal_) return;
    const Duration now = clock_();
    if (now - started_ < kQuiet || (width_ > 0 && now - drawn_ < kBetween)) return;
    drawn_ = now;
    const int done = static_cast<int>(std::clamp(share, 0.0, 1.0) * 100);
    const int filled = done * kBarWidth / 100;
    const std::string line = fmt::format("{} [{:#<{}}{:.<{}}] {:3}%", title_, "", filled, "", kBarWidth - filled, done);
    width_ = std::max(width_, line.size());
    fmt::print(out_, "\r{}", line);
    std::fflush(out_);
}

}  // namespace tide
