#include "feeds/synthetic_chain.hpp"

#include <algorithm>
#include <cmath>

#include "market/instruments.hpp"
#include "market/option_math.hpp"

namespace tide {
namespace {

constexpr int64_t kListedBeyondQuoted = 15;  // strikes each side
constexpr int kLastDays = 3;                 // positions are out three days before expiry: nothing to quote by default
constexpr int64_t kNearPeriod_s = 5;
constexpr int64_t kFarPeriod_s = 15;
constexpr int64_t kOutsideSlower = 4;  // strikes that the spot has left behind
constexpr double kRate = 0.065;
constexpr double kSkew = -0.06;
constexpr double kCurvature = 0.02;
constexpr double kSmileFlatBeyond = 4.0;  // standard deviations
constexpr double kNanosecondsPerYear = 365.0 * 86'400.0 * 1e9;
constexpr double kBusiestOi_lots = 90'000;

// A strike that ends in 000 or 500 draws more interest than its neighbours.
double roundness(double strike) {
    if (std::fmod(strike, 1000.0) == 0) return 2.6;
    if (std::fmod(strike, 500.0) == 0) return 1.8;
    return std::fmod(strike, 100.0) == 0 ? 1.2 : 0.7;
}

}  // namespace

Result<SyntheticChain> SyntheticChain::create(const Setup& setup, const std::vector<Expiry>& expiries,
                                              const TradingCalendar& calendar, const ContractRules& rules,
                                              RandomSource random, RandomSource wanted_random) {
    const auto step = rules.strike_step(setup.underlying, setup.date);
    const auto tick = rules.tick(setup.underlying, setup.date);
    const auto freeze = rules.freeze(setup.underlying, setup.date);
    const auto exchange = rules.exchange(setup.underlying);
    if (!step) return step.error();
    if (!tick) return tick.error();
    if (!freeze) return freeze.error();
    if (!exchange) return exchange.error();
    SyntheticChain chain;
    chain.random_ = random;
    chain.wanted_random_ = wanted_random;
    chain.chain_strikes_ = setup.chain_strikes;
    chain.volatility_factor_ = setup.volatility_factor;
    chain.spread_ = setup.spread;
    chain.step_ = step->to_double();
    const int64_t each_side = setup.chain_strikes + kListedBeyondQuoted;
    chain.strikes_ = static_cast<size_t>(2 * each_side + 1);
    const Price at_the_money = round_to_nearest_tick(setup.previous_close, *step);
    chain.first_strike_ = (at_the_money - *step * each_side).to_double();

    int64_t boards_quoted = 0;
    for (const Expiry& expiry : expiries) {
        Instrument model;
        model.id = InstrumentId(static_cast<uint32_t>(setup.first_id.value() + chain.contracts_.size()));
        model.symbol = setup.underlying;
        model.exchange = model.calendar = *exchange;
        model.kind = InstrumentKind::option;
        model.underlying = setup.underlying_id;
        model.expiry = expiry.date;
        model.tick = *tick;
        model.freeze = *freeze;
        const auto lot = rules.lot(setup.underlying, expiry.date, setup.date);
        if (!lot) return lot.error();
        model.lot = *lot;
        chain.list_board(setup, expiry, calendar, model);
        const bool usable = setup.quote_last_days || expiry.date - setup.date > std::chrono::days(kLastDays);
        if (usable && boards_quoted < 2)
            chain.boards_.back().period_s = boards_quoted++ == 0 ? kNearPeriod_s : kFarPeriod_s;
    }
    chain.low_ = chain.high_ = static_cast<size_t>(each_side);
    return chain;
}

void SyntheticChain::list_board(const Setup& setup, const Expiry& expiry, const TradingCalendar& calendar,
                                const Instrument& model) {
    Board board;
    board.expires = at(expiry.date, calendar.usual_hours(model.exchange, expiry.date).close);
    board.first = contracts_.size();
    const double centre = setup.previous_close.to_double();
    const double days_left = static_cast<double>((expiry.date - setup.date).count()) + 1.0;
    const double busy = kBusiestOi_lots * (expiry.monthly ? 1.0 : 0.8) * 4.0 / (4.0 + days_left);
    const double width = 0.5 * static_cast<double>(strikes_) * step_ * 0.5;
    for (size_t i = 0; i < strikes_; ++i) {
        const double strike = first_strike_ + static_cast<double>(i) * step_;
        for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
            Instrument contract = model;
            contract.id = InstrumentId(static_cast<uint32_t>(setup.first_id.value() + contracts_.size()));
            contract.right = right;
            contract.strike = Price::from_double(strike);
            contract.symbol = option_symbol(setup.underlying, expiry.date, contract.strike, right);
            contracts_.push_back(contract);
            // Calls are written above the money, puts below it.
            const double away = (strike - centre) / width * (right == OptionRight::call ? 1.0 : -1.0);
            const double hump = std::exp(-0.5 * (away - 0.35) * (away - 0.35));
            const double oi = busy * hump * roundness(strike) * std::exp(0.25 * random_.normal());
            const double turnover = 6.0 * std::exp(-1.2 * away * away) * std::exp(0.3 * random_.normal());
            activity_.push_back(
                {std::llround(oi * turnover) + 1, std::llround(oi) + 20, std::llround(oi * 0.15 * random_.normal())});
        }
    }
    boards_.push_back(board);
}

void SyntheticChain::follow(double spot) {
    const int64_t centre = std::llround((spot - first_strike_) / step_);
    const auto limit = [&](int64_t index) {
        return static_cast<size_t>(std::clamp<int64_t>(index, 0, static_cast<int64_t>(strikes_)));
    };
    const size_t from = limit(centre - chain_strikes_);
    const size_t to = limit(centre + chain_strikes_ + 1);
    const bool nothing_yet = low_ == high_;
    low_ = nothing_yet ? from : std::min(low_, from);
    high_ = nothing_yet ? to : std::max(high_, to);
    near_low_ = from;
    near_high_ = to;
}

void SyntheticChain::begin_second(const SyntheticSpot& at, Board& board) const {
    board.years = static_cast<double>((board.expires - at.now).count()) / kNanosecondsPerYear;
    board.sqrt_years = std::sqrt(board.years);
    board.discount = std::exp(-kRate * board.years);
}

void SyntheticChain::quote(const SyntheticSpot& at, int64_t second, std::vector<TickEvent>& ticks) {
    for (Board& board : boards_) {
        if (board.period_s == 0 || at.now >= board.expires) continue;
        begin_second(at, board);
        const auto period = static_cast<size_t>(board.period_s);
        const size_t turn = static_cast<size_t>(second) % period;
        const size_t first = low_ + (turn + period - low_ % period) % period;
        const bool all = second / board.period_s % kOutsideSlower == 0;
        for (size_t strike = first; strike < high_; strike += period) {
            if (all || (strike >= near_low_ && strike < near_high_)) quote_strike(at, board, strike, random_, ticks);
        }
    }
}

void SyntheticChain::want(std::span<const InstrumentId> contracts) {
    for (Board& board : boards_) board.wanted.clear();
    const uint32_t first = contracts_.front().id.value();
    for (const InstrumentId id : contracts) {
        if (id.value() < first || id.value() - first >= contracts_.size()) continue;
        const size_t place = (id.value() - first) / 2;
        std::vector<size_t>& wanted = boards_[place / strikes_].wanted;
        const size_t strike = place % strikes_;
        if (wanted.empty() || wanted.back() != strike) wanted.push_back(strike);
    }
}

void SyntheticChain::quote_wanted(const SyntheticSpot& at, int64_t second, std::vector<TickEvent>& ticks) {
    for (Board& board : boards_) {
        if (board.wanted.empty() || at.now >= board.expires) continue;
        begin_second(at, board);
        const bool quoted = board.period_s != 0;
        const auto period = static_cast<size_t>(quoted ? board.period_s : kFarPeriod_s);
        for (const size_t strike : board.wanted) {
            const bool own = quoted && strike >= low_ && strike < high_;
            if (!own && strike % period == static_cast<size_t>(second) % period)
                quote_strike(at, board, strike, wanted_random_, ticks);
        }
    }
}

void SyntheticChain::quote_strike(const SyntheticSpot& at, const Board& board, size_t strike, RandomSource& random,
                                  std::vector<TickEvent>& ticks) const {
    const double height = first_strike_ + static_cast<double>(strike) * step_;
    const double at_the_money = at.vix / 100.0 * volatility_factor_;
    const double log_ratio = std::log(at.spot / height);
    const double k = std::clamp(-log_ratio / (at_the_money * board.sqrt_years), -kSmileFlatBeyond, kSmileFlatBeyond);
    const double total = at_the_money * (1.0 + kSkew * k + kCurvature * k * k) * board.sqrt_years;
    // Black-Scholes; the put by parity.
    const double d1 = (log_ratio + kRate * board.years) / total + 0.5 * total;
    const double strike_now = height * board.discount;
    const double call = std::max(at.spot * normal_cdf(d1) - strike_now * normal_cdf(d1 - total), 0.0);
    const double put = std::max(call - at.spot + strike_now, 0.0);
    const double widening = (1.0 + 0.4 * std::fabs(k)) * at.vix / 14.0;
    const size_t index = board.first + 2 * strike;
    for (const auto& [offset, mid] : {std::pair<size_t, double>{0, call}, {1, put}}) {
        const double half = spread_ * (0.03 + 0.0011 * mid * widening);
        ticks.push_back(
            quote_of(contracts_[index + offset], activity_[index + offset], {mid, half, at.day_share, random.bits()}));
    }
}

TickEvent SyntheticChain::quote_of(const Instrument& contract, const Activity& activity, const Making& making) {
    const int64_t tick_units = contract.tick.units();
    const auto units = [](double rupees) { return static_cast<int64_t>(rupees * static_cast<double>(kUnitsPerRupee)); };
    const int64_t bid = making.mid > making.half ? units(making.mid - making.half) / tick_units : 0;
    const int64_t ask = std::max(units(making.mid + making.half) / tick_units + 1, bid + 1);
    const uint64_t bits = making.bits;
    const int64_t lot = contract.lot.units();
    TickEvent tick;
    tick.instrument = contract.id;
    tick.flags = kTickHasAsk | kTickHasVolume | kTickHasOi | (bid > 0 ? kTickHasBid : 0U);
    tick.bid = Price::from_units(bid * tick_units);
    tick.ask = Price::from_units(ask * tick_units);
    // The last trade was at the bid, at the ask or between them.
    const int64_t last = bid + (ask - bid) * static_cast<int64_t>(bits & 3U) / 3;
    tick.last = Price::from_units(std::max<int64_t>(last, 1) * tick_units);
    tick.bid_quantity = bid > 0 ? lot * static_cast<int64_t>(1 + ((bits >> 8U) & 63U)) : 0;
    tick.ask_quantity = lot * static_cast<int64_t>(1 + ((bits >> 16U) & 63U));
    tick.volume = lot * static_cast<int64_t>(static_cast<double>(activity.volume_lots) * making.day_share);
    const double change = static_cast<double>(activity.oi_change_lots) * making.day_share;
    tick.oi = lot * std::max<int64_t>(activity.oi_lots + static_cast<int64_t>(change), 1);
    return tick;
}

}  // namespace tide
