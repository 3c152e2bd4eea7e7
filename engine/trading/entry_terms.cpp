#include "trading/entry_terms.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace tide {

std::string_view name_of(TriggerOn on) { return on == TriggerOn::underlying ? "underlying" : "instrument"; }
std::string_view name_of(SliceAlgo algo) {
    switch (algo) {
        case SliceAlgo::twap:
            return "twap";
        case SliceAlgo::vwap:
            return "vwap";
        case SliceAlgo::none:
            break;
    }
    return "none";
}

bool read_good_till(std::string_view text, EntryTerms& terms) {
    if (text == "day") {
        terms.good_till = GoodTill::day;
    } else if (const auto time = text.size() == 5 ? parse_time_of_day(text) : std::nullopt) {
        terms.good_till = GoodTill::time;
        terms.good_till_minute = static_cast<int32_t>(time->count() / 60);
    } else if (const auto date = parse_date(text)) {
        terms.good_till = GoodTill::date;
        terms.good_till_date = *date;
    } else {
        return false;
    }
    return true;
}

std::string good_till_text(const EntryTerms& terms) {
    if (terms.good_till == GoodTill::date) return format_date(terms.good_till_date);
    if (terms.good_till == GoodTill::time) return format_time_of_day(minutes(terms.good_till_minute)).substr(0, 5);
    return "day";
}

std::string terms_text(const EntryTerms& terms) {
    std::string out;
    const auto say = [&out](std::string_view name, std::string_view value) {
        out += fmt::format("{}{}={}", out.empty() ? "" : " ", name, value);
    };
    if (terms.trigger) say("trigger", to_string(*terms.trigger));
    if (terms.trail) say("trail", to_string(*terms.trail));
    if (terms.trail_pct) say("trail_pct", fmt::format("{}", *terms.trail_pct));
    if (terms.triggered()) say("trigger_on", name_of(terms.trigger_on));
    if (terms.good_till != GoodTill::unsaid) say("good_till", good_till_text(terms));
    if (terms.after_market) say("after_market", "true");
    if (terms.display_lots > 0) say("display_lots", fmt::format("{}", terms.display_lots));
    if (terms.algo != SliceAlgo::none) {
        say("algo", name_of(terms.algo));
        say("over_min", fmt::format("{}", terms.over_min));
        say("slices", fmt::format("{}", terms.slices));
    }
    if (!terms.oco.empty()) say("oco", terms.oco);
    return out;
}

std::string wrong_in_terms(const EntryTerms& terms, int64_t lots) {
    if (terms.trigger && !terms.trigger->positive()) return "a trigger must be above zero";
    if (terms.trail && terms.trail_pct) return "trail and trail_pct: give one of the two";
    if (terms.trail && !terms.trail->positive()) return "a trail must be above zero";
    if (terms.trail_pct && !(*terms.trail_pct > 0 && *terms.trail_pct < 100))
        return "trail_pct must be above 0 and below 100";
    if (terms.trigger_on == TriggerOn::underlying && !terms.triggered())
        return "trigger_on says what a trigger or a trail looks at: give one";
    if (terms.display_lots < 0 || terms.display_lots > lots) return "display_lots must be from 1 to the entry's lots";
    const bool sliced = terms.algo != SliceAlgo::none;
    if (sliced != (terms.over_min > 0) || sliced != (terms.slices > 0))
        return "algo, over_min and slices belong together: give all three";
    if (!sliced) return "";
    if (terms.display_lots > 0) return "display_lots and algo: give one of the two";
    if (terms.good_till == GoodTill::date) return "slices end with their day: good_till cannot be a date";
    if (terms.slices < 2 || terms.slices > lots) return "slices must be from 2 to the entry's lots";
    return "";
}

std::vector<int64_t> slice_plan(int64_t lots, const std::vector<int64_t>& weights) {
    TIDE_ASSERT(lots > 0 && !weights.empty());
    const bool any = std::any_of(weights.begin(), weights.end(), [](int64_t weight) { return weight > 0; });
    const double all = any ? static_cast<double>(std::accumulate(weights.begin(), weights.end(), int64_t(0)))
                           : static_cast<double>(weights.size());
    std::vector<int64_t> plan;
    plan.reserve(weights.size());
    double sum = 0;
    for (const int64_t weight : weights) {
        sum += any ? static_cast<double>(weight) : 1.0;
        plan.push_back(static_cast<int64_t>(std::llround(static_cast<double>(lots) * sum / all)));
    }
    plan.back() = lots;
    return plan;
}

}  // namespace tide
