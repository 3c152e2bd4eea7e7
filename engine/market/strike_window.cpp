#include "market/strike_window.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace tide {
namespace {

// Within this many strikes of the centre nothing waits: the money is at most one strike away from the centre.
constexpr size_t kCore_strikes = 2;

bool same_month(Date a, Date b) { return civil(a).year() == civil(b).year() && civil(a).month() == civil(b).month(); }

size_t position_of(std::span<const Price> strikes, Price strike) {
    return static_cast<size_t>(std::lower_bound(strikes.begin(), strikes.end(), strike) - strikes.begin());
}

}  // namespace

void StrikeWindowSettings::register_in(SettingsRegistry& registry) {
    registry.add("chain.strikes", strikes, 2, 40, "strikes", "followed each side of the money");
    registry.add("chain.gap_strikes", gap_strikes, 2, 60, "strikes", "the same after an opening gap");
    registry.add("chain.expiries", expiries, 1, 8, "expiries", "nearest ones followed, besides the nearest monthly");
    registry.add("chain.replace_s", replace_s, 0, 600, "s",
                 "strikes that are out of range are given up over this time");
    registry.add("chain.check_s", check_s, 0, 60, "s", "how often the window of strikes is laid anew, where it must");
    registry.add("chain.max_spread_pct", max_spread_pct, 0.01, 100, "% of the middle",
                 "widest spread of a liquid contract");
    registry.add("chain.min_volume", min_volume, 0, 1'000'000'000, "units", "least day volume of a liquid contract");
}

Price nearest_strike(std::span<const Price> strikes, Price price) {
    TIDE_ASSERT(!strikes.empty());
    const auto above = std::lower_bound(strikes.begin(), strikes.end(), price);
    if (above == strikes.begin()) return *above;
    if (above == strikes.end()) return strikes.back();
    const Price below = *(above - 1);
    return price - below <= *above - price ? below : *above;
}

Price strike_step(std::span<const Price> strikes, Price at) {
    const size_t i = position_of(strikes, at);
    Price step;
    if (i >= strikes.size()) return step;
    if (i > 0) step = strikes[i] - strikes[i - 1];
    if (i + 1 < strikes.size()) {
        const Price up = strikes[i + 1] - strikes[i];
        if (!step.positive() || up < step) step = up;
    }
    return step;
}

std::string_view name_of(Liquidity liquidity) {
    static constexpr std::array<std::string_view, 3> kNames{"unknown", "thin", "liquid"};
    return kNames[static_cast<size_t>(liquidity)];
}

Liquidity liquidity_of(const Quote& quote, InstrumentKind kind, int64_t min_open_interest,
                       const StrikeWindowSettings& settings) {
    if (kind == InstrumentKind::index || kind == InstrumentKind::volatility_index) return Liquidity::thin;
    const bool has_interest = kind == InstrumentKind::option || kind == InstrumentKind::future;
    const bool two_sided = quote.has_bid() && quote.has_ask() && quote.bid.positive() && quote.ask >= quote.bid;
    if (two_sided) {
        const double middle = (quote.bid.to_double() + quote.ask.to_double()) / 2;
        if ((quote.ask - quote.bid).to_double() > middle * settings.max_spread_pct / 100) return Liquidity::thin;
    }
    if (quote.has_volume() && quote.volume < settings.min_volume) return Liquidity::thin;
    if (has_interest && quote.has_oi() && quote.oi < min_open_interest) return Liquidity::thin;
    const bool complete = two_sided && quote.has_volume() && (!has_interest || quote.has_oi());
    return complete ? Liquidity::liquid : Liquidity::unknown;
}

void StrikeWindow::list(std::span<const Instrument* const> options) {
    std::map<Date, std::map<Price, Rung>> by_expiry;
    std::map<Date, bool> marked;
    for (const Instrument* option : options) {
        TIDE_ASSERT(option->is_option() && option->expiry);
        Rung& rung = by_expiry[*option->expiry][option->strike];
        rung.strike = option->strike;
        rung.contracts.push_back(option->id);
        marked[*option->expiry] = marked[*option->expiry] || option->monthly;
    }
    boards_.clear();
    for (auto& [expiry, rungs] : by_expiry) {
        // The last listed expiry of its month is its monthly, besides those that the source marks.
        if (!boards_.empty() && !same_month(boards_.back().expiry, expiry)) boards_.back().monthly = true;
        Board& board = boards_.emplace_back();
        board.expiry = expiry;
        board.monthly = marked[expiry];
        for (auto& [strike, rung] : rungs) {
            board.strikes.push_back(strike);
            board.rungs.push_back(std::move(rung));
        }
    }
    listed_anew_ = true;
}

std::vector<const StrikeWindow::Board*> StrikeWindow::followed_boards(Date today) const {
    std::vector<const Board*> boards;
    bool monthly = false;
    for (const Board& board : boards_) {
        if (board.expiry < today) continue;
        const bool near = boards.size() < static_cast<size_t>(settings_.expiries);
        if (near || (!monthly && board.monthly)) boards.push_back(&board);
        monthly = monthly || board.monthly;
        if (!near && monthly) break;
    }
    return boards;
}

bool StrikeWindow::left_centre(const Board& nearest, Price price) const {
    const std::span<const Price> strikes(nearest.strikes);
    const size_t i = position_of(strikes, *centre_);
    if (i >= strikes.size() || strikes[i] != *centre_) return true;  // not listed any more
    if (price > *centre_) return i + 1 < strikes.size() && price > strikes[i + 1];
    return i > 0 && price < strikes[i - 1];
}

bool StrikeWindow::is_wanted(InstrumentId id) const { return std::binary_search(wanted_.begin(), wanted_.end(), id); }

bool StrikeWindow::update(Price price, bool gap_mode, Date today, ReceiveTime now, const Held& held) {
    added_.clear();
    dropped_.clear();
    const auto boards = followed_boards(today);
    if (boards.empty()) return false;
    const Board& nearest = *boards.front();
    const bool moved =
        !centre_ || left_centre(nearest, price) || gap_mode != gap_mode_ || nearest_expiry_ != nearest.expiry;
    if (moved) centre_ = nearest_strike(nearest.strikes, price);
    if (moved || listed_anew_) {
        gap_mode_ = gap_mode;
        nearest_expiry_ = nearest.expiry;
        listed_anew_ = false;
        const int64_t usual = std::max(settings_.strikes, least_strikes_);
        aim(boards, gap_mode ? std::max(usual, settings_.gap_strikes) : usual, now);
    }
    if (entered_ < entering_.size() || !leaving_.empty()) replace_due(now, held);
    return moved;
}

void StrikeWindow::aim(const std::vector<const Board*>& boards, int64_t strikes, ReceiveTime now) {
    std::vector<Candidate> target;
    for (const Board* board : boards) {
        const size_t centre = position_of(board->strikes, nearest_strike(board->strikes, *centre_));
        const auto reach = static_cast<size_t>(strikes);
        const size_t low = centre - std::min(centre, reach);
        const size_t high = std::min(board->strikes.size() - 1, centre + reach);
        if (board == boards.front()) {
            lowest_ = board->strikes[low];
            highest_ = board->strikes[high];
        }
        for (size_t i = low; i <= high; ++i) {
            for (const InstrumentId id : board->rungs[i].contracts)
                target.push_back({i > centre ? i - centre : centre - i, id});
        }
    }
    std::stable_sort(target.begin(), target.end(), [](const Candidate& a, const Candidate& b) {
        return a.distance != b.distance ? a.distance < b.distance : a.id < b.id;
    });
    const bool first = wanted_.empty();
    entering_.clear();
    leaving_ = wanted_;
    at_once_ = 0;
    std::vector<InstrumentId> kept;
    for (const Candidate& candidate : target) {
        kept.push_back(candidate.id);
        if (is_wanted(candidate.id)) continue;
        entering_.push_back(candidate.id);
        if (first || gap_mode_ || candidate.distance <= kCore_strikes) ++at_once_;
    }
    std::sort(kept.begin(), kept.end());
    std::erase_if(leaving_, [&](InstrumentId id) { return std::binary_search(kept.begin(), kept.end(), id); });
    entered_ = left_ = 0;
    aimed_at_ = now;
}

// The share of the replacing time that has passed is the share of contracts that have gone in and out.
void StrikeWindow::replace_due(ReceiveTime now, const Held& held) {
    const double passed_s = std::chrono::duration<double>(now - aimed_at_).count();
    const double share = settings_.replace_s <= 0 ? 1 : std::clamp(passed_s / settings_.replace_s, 0.0, 1.0);
    const auto share_of = [share](size_t count) {
        return static_cast<size_t>(std::floor(share * static_cast<double>(count)));
    };
    const size_t enter = at_once_ + share_of(entering_.size() - at_once_);
    for (; entered_ < enter; ++entered_) {
        const InstrumentId id = entering_[entered_];
        wanted_.insert(std::upper_bound(wanted_.begin(), wanted_.end(), id), id);
        added_.push_back(id);
    }
    // What is held is passed over and asked about again at the next update.
    const size_t leave = share_of(left_ + leaving_.size());
    size_t staying = 0;
    for (const InstrumentId id : leaving_) {
        if (left_ >= leave || held(id)) {
            leaving_[staying++] = id;
            continue;
        }
        ++left_;
        wanted_.erase(std::lower_bound(wanted_.begin(), wanted_.end(), id));
        dropped_.push_back(id);
    }
    leaving_.resize(staying);
}

}  // namespace tide
