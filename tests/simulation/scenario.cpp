#include "scenario.hpp"

#include <algorithm>

#include "dice.hpp"

namespace tide::simulation {
namespace {

std::vector<Instrument> make_options(Dice& dice) {
    std::vector<Instrument> options;
    for (uint32_t i = 0; i < kOptionCount; ++i) {
        const bool nifty = i < kOptionCount / 2;
        Instrument option;
        option.id = InstrumentId(kFirstOption + i);
        option.kind = InstrumentKind::option;
        option.right = i % 2 == 0 ? OptionRight::call : OptionRight::put;
        option.underlying = InstrumentId(nifty ? kNifty : kBankNifty);
        // One contract in eight is too near to its expiry to be traded.
        option.expiry = kTradingDay + std::chrono::days(dice.chance(125) ? 3 : dice.chance(500) ? 8 : 15);
        option.strike = Price::from_rupees((nifty ? 21'500 : 47'000) + (nifty ? 50 : 100) * (int64_t(i % 5) - 2));
        option.lot = Quantity(nifty ? 50 : 15);
        option.freeze = Quantity(option.lot.units() * (dice.chance(300) ? dice.between(1, 4) : 36));
        option.symbol =
            (nifty ? "NIFTY " : "BANKNIFTY ") + std::to_string(i) + (option.right == OptionRight::call ? " CE" : " PE");
        options.push_back(std::move(option));
    }
    return options;
}

// Half of the seeds have the rules as shipped; the others loosen what would keep most orders from being made, so that
// large orders, several positions and big losses happen too.
void vary_limits(SessionConfig& config, Dice& dice) {
    RiskSettings& risk = config.risk;
    if (dice.chance(750)) risk.losing_streak = 100;
    // A broker that rejects and loses what it can would end most days early.
    if (dice.chance(750)) risk.emergency.error_rate_pct = 100;
    if (dice.chance(500)) return;
    risk.position_size_pct = static_cast<double>(dice.between(5, 40));
    risk.trade_loss_pct = 40;
    risk.underlying_exposure_pct = 80;
    risk.max_delta_pct = 10'000;
    risk.max_vega_pct = 100;
    risk.max_gamma_pct = 10'000;
    risk.max_theta_pct = 100;
    if (dice.chance(600)) {
        risk.per_strategy.push_back({});
        risk.per_strategy.back().name = "first";
        risk.per_strategy.back().strategy = StrategyId(1);
        risk.per_strategy.back().max_per_underlying = dice.between(1, 3);
        risk.same_direction_pct = risk.same_sector_pct = 100;
        risk.two_expiries_from = 10;
    }
    if (dice.chance(300)) risk.vix_high = 60;
    if (dice.chance(300)) config.orders.review_lots = dice.between(0, 10);
    if (dice.chance(200)) config.orders.max_in_flight = dice.between(1, 4);
}

// Apart from the others, and in half of the seeds only, so that older seeds stay what they were. Those that end most
// days early are rarer.
void add_later_faults(Scenario& scenario) {
    const auto add = [&](Fault fault) { scenario.faults |= uint64_t(1) << static_cast<size_t>(fault); };
    if (Dice(scenario.seed).fork(9).chance(250)) add(Fault::crash);
    Dice dice = Dice(scenario.seed).fork(10);
    if (dice.chance(500)) return;
    const int64_t share = dice.between(100, 500);
    for (auto i = static_cast<size_t>(Fault::crash) + 1; i < kFaultCount; ++i) {
        const auto fault = static_cast<Fault>(i);
        const bool ends_the_day = fault == Fault::wrong_price || fault == Fault::index_limit;
        if (dice.chance(ends_the_day ? share / 3 : share)) add(fault);
    }
}

}  // namespace

std::string_view name_of(Fault fault) {
    static constexpr std::array<std::string_view, kFaultCount> kNames{"request_lost",
                                                                      "request_late",
                                                                      "reply_lost",
                                                                      "reply_late",
                                                                      "reply_doubled",
                                                                      "reply_reordered",
                                                                      "partial_fill",
                                                                      "reject",
                                                                      "cancel_rejected",
                                                                      "replace_rejected",
                                                                      "unknown_outcome",
                                                                      "burst",
                                                                      "feed_down",
                                                                      "clock_still",
                                                                      "silent_instrument",
                                                                      "jump",
                                                                      "vix_spike",
                                                                      "thin_market",
                                                                      "operator_word",
                                                                      "kill_switch",
                                                                      "stop",
                                                                      "script_fault",
                                                                      "restart",
                                                                      "book_lag",
                                                                      "long_feed_down",
                                                                      "broker_session",
                                                                      "exchange_halt",
                                                                      "crash",
                                                                      "crash_anywhere",
                                                                      "line_down",
                                                                      "long_line_down",
                                                                      "http_error",
                                                                      "wrong_price",
                                                                      "index_limit",
                                                                      "clock_jump",
                                                                      "script_stop",
                                                                      "operator_desk"};
    return kNames[static_cast<size_t>(fault)];
}

Duration Scenario::square_off() const {
    const auto before_close = minutes(static_cast<int64_t>(config.risk.exit_before_close_min));
    return std::min<Duration>(hours.close - before_close, config.risk.exit_latest);
}

std::string Scenario::fault_names() const {
    std::string text;
    for (size_t i = 0; i < kFaultCount; ++i) {
        const auto fault = static_cast<Fault>(i);
        if (has(fault)) text += (text.empty() ? "" : " ") + std::string(name_of(fault));
    }
    return text.empty() ? "none" : text;
}

Scenario make_scenario(uint64_t seed) {
    Dice dice = Dice(seed).fork(1);
    Scenario scenario;
    scenario.seed = seed;
    const int64_t share = dice.between(0, 700);
    constexpr auto kCrash = static_cast<size_t>(Fault::crash);
    for (size_t i = 0; i < kCrash; ++i) {
        if (dice.chance(share)) scenario.faults |= uint64_t(1) << i;
    }
    add_later_faults(scenario);
    scenario.bars = dice.chance(300);
    scenario.strategies = dice.chance(300) ? 2 : 1;
    scenario.config.seed = static_cast<int64_t>(seed % 1'000'000);
    vary_limits(scenario.config, dice);
    // A short session as on a special day, or the usual one with its long quiet stretches.
    scenario.hours = {tide::hours(9) + minutes(15), tide::hours(15) + minutes(30)};
    if (dice.chance(800)) {
        const int64_t open = dice.between(9 * 60 + 40, 13 * 60 + 30);
        scenario.hours = {minutes(open), minutes(open + dice.between(75, 120))};
    }
    const Duration latest = scenario.square_off() + minutes(5);
    const Duration earliest = std::max<Duration>(scenario.hours.open, tide::hours(10)) + minutes(5);
    scenario.honest_from = latest;
    if (dice.chance(400) && earliest < latest) {
        scenario.honest_from = earliest + seconds(dice.below((latest - earliest) / seconds(1)));
    }
    scenario.options = make_options(dice);
    return scenario;
}

std::optional<Duration> index_halt_length(double move_pct, Duration since_midnight) {
    const Duration pre_open = minutes(15), rest_of_day = tide::hours(24);
    if (move_pct >= 20) return rest_of_day;
    const bool before_1 = since_midnight < tide::hours(13), before_2 = since_midnight < tide::hours(14);
    if (move_pct >= 15) return before_1 ? minutes(105) + pre_open : before_2 ? minutes(45) + pre_open : rest_of_day;
    if (move_pct < 10) return std::nullopt;
    if (before_1) return minutes(45) + pre_open;
    if (since_midnight < tide::hours(14) + minutes(30)) return minutes(15) + pre_open;
    return std::nullopt;
}

}  // namespace tide::simulation
