#pragma once
#include <deque>

#include "core/time.hpp"
#include "risk/emergency_settings.hpp"

namespace tide {

// How many of the broker's answers were errors in the last minutes: rejects, cancels and changes that were refused,
// outcomes that stayed unknown, a line that broke.
class ErrorRate {
  public:
    struct Count {
        int64_t answers = 0, errors = 0;
        Duration span{};  // from the first error to the last
        double pct() const {
            return answers == 0 ? 0.0 : 100.0 * static_cast<double>(errors) / static_cast<double>(answers);
        }
    };
    explicit ErrorRate(const EmergencySettings& settings) : settings_(settings) {}
    void add(ReceiveTime now, bool error);
    Count count() const;
    // Enough answers, more errors among them than the limit, and not all of one moment.
    bool too_high() const;
    void clear() { answers_.clear(); }

  private:
    struct Answer {
        ReceiveTime time;
        bool error;
    };
    static constexpr size_t kKeptMax = 4'096;  // eight messages a second for more than eight minutes
    const EmergencySettings& settings_;
    std::deque<Answer> answers_;  // of the window, oldest first
};

}  // namespace tide
