#pragma once
#include <string>
#include <vector>

#include "session/script_messages.hpp"

namespace tide {

// The last messages that a script was sent, with texts of their own: what a new version is tried on. Left out are exit
// checks, which are tried on the positions that are open, and what belongs to starting, stopping and saving.
class RecentCalls {
  public:
    static constexpr size_t kKept = 64;

    RecentCalls() : ring_(kKept) {}
    void keep(const CallMessage& message);
    size_t size() const { return count_ < kKept ? count_ : kKept; }
    // 0 is the oldest. Valid until the next keep().
    const CallMessage& at(size_t index) const { return ring_[(count_ - size() + index) % kKept].message; }

  private:
    struct Kept {
        CallMessage message;
        std::string texts;  // what the message's views point into
    };
    std::vector<Kept> ring_;
    size_t count_ = 0;
};

}  // namespace tide
