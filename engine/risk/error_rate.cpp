#include "risk/error_rate.hpp"

namespace tide {

void ErrorRate::add(ReceiveTime now, bool error) {
    const Duration window(static_cast<int64_t>(settings_.error_rate_min * 60e9));
    while (!answers_.empty() && (now - answers_.front().time > window || answers_.size() >= kKeptMax)) {
        answers_.pop_front();
    }
    answers_.push_back({now, error});
}

ErrorRate::Count ErrorRate::count() const {
    Count count;
    std::optional<ReceiveTime> first;
    for (const Answer& answer : answers_) {
        ++count.answers;
        if (!answer.error) continue;
        ++count.errors;
        if (!first) first = answer.time;
        count.span = answer.time - *first;
    }
    return count;
}

bool ErrorRate::too_high() const {
    const Count now = count();
    return now.answers >= settings_.error_rate_answers && now.pct() > settings_.error_rate_pct &&
           now.span >= Duration(static_cast<int64_t>(settings_.error_rate_span_s * 1e9));
}

}  // namespace tide
