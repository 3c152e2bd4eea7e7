#include <fmt/format.h>

#include <algorithm>

#include "session/session.hpp"

// Which strikes are followed, and which expiry a script means.
namespace tide {
namespace {

// By the source's own mark, else: a week later it is another month.
bool is_monthly(const Instrument& option) {
    return option.monthly || civil(*option.expiry).month() != civil(*option.expiry + std::chrono::days(7)).month();
}

}  // namespace

void Session::open_windows(const StrategyDeclaration& declared) {
    if (declared.chain_strikes == 0) return;
    for (const std::string& symbol : declared.symbols) {
        const InstrumentId id = find_instrument(symbol);
        if (id.valid()) windows_.try_emplace(id, config_.chain, declared.chain_strikes);
    }
    options_listed_ = true;
}

// Every few seconds, and at once when nothing was looked at yet.
void Session::follow_strikes() {
    if (now_ < next_strike_check_) return;
    next_strike_check_ =
        now_ + std::chrono::duration_cast<Duration>(std::chrono::duration<double>(config_.chain.check_s));
    const bool relist = std::exchange(options_listed_, false);
    bool changed = false;
    for (auto& [underlying, window] : windows_) {
        if (relist) list_options(underlying, window);
        const auto price = market_.prices().last(underlying, now_);
        if (!price) continue;
        const auto held = [this](InstrumentId id) { return in_use(id); };
        const bool moved = window.update(*price, market_.gap_mode(underlying), ist_date(now_), now_, held);
        changed = changed || !window.added().empty() || !window.dropped().empty();
        if (moved) record_centre(underlying, window, *price);
    }
    if (!changed) return;
    wanted_contracts_.clear();
    for (const auto& [underlying, window] : windows_)
        wanted_contracts_.insert(wanted_contracts_.end(), window.wanted().begin(), window.wanted().end());
    std::sort(wanted_contracts_.begin(), wanted_contracts_.end());
    ++contracts_revision_;
}

void Session::list_options(InstrumentId underlying, StrikeWindow& window) const {
    std::vector<const Instrument*> options;
    for (const Instrument& instrument : book().all()) {
        if (instrument.is_option() && instrument.underlying == underlying) options.push_back(&instrument);
    }
    window.list(options);
}

void Session::record_centre(InstrumentId underlying, const StrikeWindow& window, Price price) {
    record(NoteRecord{"info", "chain",
                      fmt::format("{} at {}: strikes {} to {} around {}{}", symbol_of(underlying), to_string(price),
                                  to_string(window.lowest()), to_string(window.highest()), to_string(*window.centre()),
                                  market_.gap_mode(underlying) ? ", gap mode" : "")});
}

bool Session::in_use(InstrumentId id) const {
    const auto& open = portfolio_.open();
    if (std::any_of(open.begin(), open.end(), [id](const Position& position) { return position.instrument == id; }))
        return true;
    return std::any_of(desk_.live().begin(), desk_.live().end(),
                       [&](OrderId order) { return desk_.find(order)->instrument == id; });
}

// "weekly": the nearest expiry on or after `earliest`, "next": the one after it, "monthly": the nearest monthly, a
// date: that one. Empty when there is none.
std::vector<const Instrument*> Session::options_of(InstrumentId underlying, std::string_view expiry,
                                                   Date earliest) const {
    const auto wanted = parse_date(expiry);
    size_t passed = 0;
    for (const Date date : book().option_expiries(underlying, earliest)) {
        auto options = book().options(underlying, date);
        const bool found = wanted                ? date == *wanted
                           : expiry == "monthly" ? is_monthly(*options.front())
                           : expiry == "next"    ? passed == 1
                                                 : true;
        if (found) return options;
        ++passed;
    }
    return {};
}

}  // namespace tide
