#include "session/manual_order.hpp"

#include <fmt/format.h>

#include <charconv>

namespace tide {
namespace {

// Reads words; the first that is wrong is what the operator is told.
class WordReader {
  public:
    explicit WordReader(const OperatorArgument& argument) : argument_(argument) {}
    const std::string& problem() const { return problem_; }
    void refuse(std::string text) {
        if (problem_.empty()) problem_ = std::move(text);
    }
    std::optional<Price> price(std::string_view key) {
        const auto text = argument_.find(key);
        if (!text) return std::nullopt;
        const auto read = parse_price(*text);
        if (!read || !read->positive()) refuse(fmt::format("{} is a price in rupees, not '{}'", key, *text));
        return read;
    }
    template <class Number>
    std::optional<Number> number(std::string_view key, std::string_view what, Number least = Number{}) {
        const auto text = argument_.find(key);
        if (!text) return std::nullopt;
        Number value{};
        const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
        if (error != std::errc() || end != text->data() + text->size() || !(value >= least)) {
            refuse(fmt::format("{} is {}, not '{}'", key, what, *text));
            return std::nullopt;
        }
        return value;
    }
    std::optional<double> percent(std::string_view key, double most = 100) {
        const auto read = number<double>(key, "a percentage");
        if (read && !(*read > 0 && *read < most)) refuse(fmt::format("{} is a percentage, not {}", key, *read));
        return read;
    }
    bool flag(std::string_view key) { return argument_.find(key) == "yes"; }
    // One of the words; the first without any.
    size_t choice(std::string_view key, std::initializer_list<std::string_view> words) {
        const auto text = argument_.find(key);
        if (!text) return 0;
        size_t i = 0;
        for (const std::string_view word : words) {
            if (word == *text) return i;
            ++i;
        }
        refuse(fmt::format("{} cannot be '{}'", key, *text));
        return 0;
    }

  private:
    const OperatorArgument& argument_;
    std::string problem_;
};

void read_terms(WordReader& words, const OperatorArgument& argument, EntryTerms& terms) {
    terms.trigger = words.price("trigger");
    terms.trail = words.price("trail");
    terms.trail_pct = words.percent("trail_pct");
    terms.trigger_on = static_cast<TriggerOn>(words.choice("trigger_on", {"instrument", "underlying"}));
    if (const auto till = argument.find("good_till"); till && !read_good_till(*till, terms))
        words.refuse(
            fmt::format("good_till is day, a time such as 14:15 or a date such as 2026-11-24, not '{}'", *till));
    terms.after_market = words.flag("after_market");
    terms.display_lots = words.number<int64_t>("display_lots", "a number of lots").value_or(0);
    terms.algo = static_cast<SliceAlgo>(words.choice("algo", {"none", "twap", "vwap"}));
    terms.over_min = words.number<double>("over_min", "a number of minutes").value_or(0);
    terms.slices = words.number<int64_t>("slices", "a number of slices").value_or(0);
    terms.oco = argument.find("oco").value_or("");
}

}  // namespace

Result<Intent> manual_intent(const OperatorArgument& argument) {
    WordReader words(argument);
    Intent intent;
    if (!argument.find("side")) words.refuse("an order needs a side");
    intent.side = words.choice("side", {"buy", "sell"}) == 1 ? Side::sell : Side::buy;
    const auto lots = words.number<int64_t>("lots", "a whole number of lots");
    if (!lots) words.refuse("an order needs lots");
    intent.lots = lots.value_or(0);
    intent.limit = words.price("limit");
    intent.stop_pct = words.percent("stop_pct");
    intent.target_pct = words.percent("target_pct");
    intent.premium.stop = words.price("premium_stop");
    intent.premium.target = words.price("premium_target");
    intent.premium.stop_pct = words.percent("premium_stop_pct");
    intent.premium.target_pct = words.percent("premium_target_pct", 1'001);
    intent.trail_stop_pct = words.percent("trail_stop_pct");
    intent.cover = words.flag("cover");
    read_terms(words, argument, intent.terms);
    if (!words.problem().empty()) return make_error(ErrorCode::usage, words.problem());
    return intent;
}

}  // namespace tide
