#pragma once
#include <cstdio>
#include <functional>
#include <string>

#include "core/time.hpp"

namespace tide {

// A bar that grows on one line of a terminal, for work of more than two seconds. Without colours or control sequences.
class Progress {
  public:
    using Clock = std::function<Duration()>;  // any that goes on evenly

    // Draws only where `terminal`.
    Progress(std::FILE* out, bool terminal, std::string title, Clock clock);
    ~Progress();  // wipes the line
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // How far the work has come, from 0 to 1. Cheap: at most ten times a second something is drawn.
    void update(double share);

  private:
    std::FILE* out_;
    bool terminal_;
    std::string title_;
    Clock clock_;
    Duration started_, drawn_{0};
    size_t width_ = 0;  // of what is on the line
};

}  // namespace tide
