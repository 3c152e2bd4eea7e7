#include "risk/guardian.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

constexpr Duration kSample = seconds(1);
constexpr size_t kVolumeHistory = 375;    // a day of 1-minute bars
constexpr size_t kVolumeHistoryMin = 60;  // before that there is no average
constexpr int kRetryDoublingsMax = 4;

// Settings are not negative; some are looked at on every event, and llround is a call.
Duration minutes_of(double m) { return Duration(static_cast<int64_t>(m * 60e9 + 0.5)); }
Duration seconds_of(double s) { return Duration(static_cast<int64_t>(s * 1e9 + 0.5)); }
// Whole ten-thousandths, so that differences of levels are exact.
double in_units(double level) { return std::round(level * kUnitsPerRupee); }

double units(Price price) { return static_cast<double>(price.units()); }
double units(Money money) { return static_cast<double>(money.units()); }

// Breakers look at what things are derived from.
bool can_underlie(const Instrument& instrument) {
    return instrument.kind == InstrumentKind::index || instrument.kind == InstrumentKind::equity;
}

bool reached(Price price, Price level, int direction) { return direction > 0 ? price >= level : price <= level; }

}  // namespace

void GuardianActions::clear() {
    halts.clear();
    strategy_halts.clear();
    warnings.clear();
    exits.clear();
    group_exits.clear();
    cancel_entries = cancel_all = false;
    cancel_reason.clear();
}

Guardian::Guardian(const RiskSettings& settings, const MarketPrices& prices, const Portfolio& portfolio,
                   const OrderDesk& desk, const TradingHours& trading_hours, HaltState& halts, const OpeningGaps* gaps,
                   const OrderGroups* groups)
    : settings_(settings),
      prices_(prices),
      portfolio_(portfolio),
      desk_(desk),
      hours_(trading_hours),
      halts_(halts),
      gaps_(gaps),
      error_rate_(settings.emergency),
      groups_(groups),
      vix_spike_window_(minutes_of(settings.vix_spike_min), kSample),
      vix_kill_window_(minutes_of(settings.vix_kill_min), kSample) {}

void Guardian::start_day(ReceiveTime now, GuardianActions& actions) {
    day_ = now;
    for (const StrategyHalt& halt : halts_.strategy_halts()) {
        actions.strategy_halts.push_back({halt.strategy, false, "", "a new day"});
    }
    std::array<bool, kHaltKindCount> before{};
    for (size_t i = 0; i < kHaltKindCount; ++i) before[i] = halts_.active(static_cast<HaltKind>(i));
    halts_.start_day(now);
    for (size_t i = 0; i < kHaltKindCount; ++i) {
        const auto kind = static_cast<HaltKind>(i);
        if (before[i] && !halts_.active(kind)) actions.halts.push_back({kind, false, "", "a new day"});
    }
    vix_spike_window_.clear();
    vix_kill_window_.clear();
    for (UnderlyingWatch& watch : underlyings_) {
        watch.window.clear();
        watch.moving = watch.volume_spiking = false;
        watch.previous_close = 0;
    }
    market_level_ = 0;
    market_opens_ = kNever;
    exchange_halted_ = false;
    judgement_.reset();
    plan_watch();
    asked_.clear();
    silent_.clear();
    day_loss_warned_ = false;
    if (!halts_.killed()) flatten_.reset();
}

// ---- halts and requests

void Guardian::raise(HaltKind kind, ReceiveTime now, std::string values, std::string text, GuardianActions& actions) {
    if (!halts_.raise(kind, now, values, text)) return;
    actions.cancel_entries = true;
    if (actions.cancel_reason.empty()) actions.cancel_reason = name_of(kind);
    actions.halts.push_back({kind, true, std::move(values), std::move(text)});
}

void Guardian::clear(HaltKind kind, ReceiveTime now, std::string values, std::string text, GuardianActions& actions) {
    if (halts_.clear(kind, now)) actions.halts.push_back({kind, false, std::move(values), std::move(text)});
}

bool Guardian::covered(const Position& position) const { return desk_.exiting(position.id) >= position.quantity; }

const Guardian::Asked* Guardian::asked(PositionId position) const {
    const auto it = std::find_if(asked_.begin(), asked_.end(), [&](const Asked& a) { return a.position == position; });
    return it == asked_.end() ? nullptr : &*it;
}

// A leg takes its group with it: the group closes as one, and asks for its legs in their turn.
bool Guardian::held_by_group(const Position& position, const ExitReason& reason, GuardianActions& actions) const {
    const OrderGroup* group = group_of(position);
    if (group == nullptr) return false;
    if (!group->closing || reason.priority < group->closing->priority) {
        const bool told = std::any_of(actions.group_exits.begin(), actions.group_exits.end(),
                                      [&](const GroupExit& exit) { return exit.group == group->id; });
        if (!told) actions.group_exits.push_back({group->id, reason});
    }
    return !group->closing || !may_leave(position);
}

// What was sold leaves first; what was bought stays while something sold of the group is open or may still open.
bool Guardian::may_leave(const Position& position) const {
    const OrderGroup* group = group_of(position);
    if (group == nullptr || position.side == Side::sell) return true;
    return std::none_of(group->legs.begin(), group->legs.end(), [&](const GroupLeg& leg) {
        return leg.side == Side::sell && (portfolio_.find(leg.position) != nullptr || desk_.entering(leg.position));
    });
}

const OrderGroup* Guardian::group_of(const Position& position) const {
    return groups_ == nullptr || !position.group.valid() ? nullptr : groups_->find(position.group);
}

void Guardian::ask(const Position& position, ExitReason reason, ReceiveTime now, GuardianActions& actions) {
    if (covered(position)) return;
    if (held_by_group(position, reason, actions)) return;
    auto& exits = actions.exits;
    const auto same =
        std::find_if(exits.begin(), exits.end(), [&](const ExitRequest& e) { return e.position == position.id; });
    if (same != exits.end()) {
        if (reason.priority < same->reason.priority) same->reason = std::move(reason);
        return;
    }
    auto* before = const_cast<Asked*>(asked(position.id));
    if (before == nullptr) {
        asked_.push_back({position.id, now, reason.priority, 0, true});
        before = &asked_.back();
    } else if (now < before->next && reason.priority >= before->priority) {
        return;
    }
    if (const ReceiveTime from = tradable_from(position, now); from > now) {
        before->next = from;  // nothing can be sold now; asked again when it can
        return;
    }
    before->next = now + seconds_of(settings_.exit_retry_s * (1 << std::min(before->tries, kRetryDoublingsMax)));
    before->priority = reason.priority;
    before->look_again = true;
    ++before->tries;
    exits.push_back({position.id, std::move(reason)});
}

void Guardian::ask_all(ReceiveTime now, GuardianActions& actions) {
    for (const Position& position : portfolio_.open()) ask(position, *flatten_, now, actions);
}

void Guardian::flatten(ReceiveTime now, ExitReason reason, GuardianActions& actions) {
    if (portfolio_.open().empty()) return;
    flatten_ = std::move(reason);
    ask_all(now, actions);
}

void Guardian::close_for_good(ReceiveTime now, ExitReason reason, GuardianActions& actions) {
    closed_for_good_ = reason;
    flatten(now, std::move(reason), actions);
}

void Guardian::kill(ReceiveTime now, std::string values, std::string text, GuardianActions& actions) {
    raise(HaltKind::kill_switch, now, values, text, actions);
    actions.cancel_all = true;
    actions.cancel_reason = "kill_switch";
    flatten(now, {1, "kill_switch", std::move(values), std::move(text)}, actions);
}

// ---- prices

// What an instrument is to the breakers, found once.
int32_t Guardian::find_role(InstrumentId id) {
    const Instrument* instrument = prices_.instruments().find(id);
    if (instrument == nullptr) return kUnknownRole;
    if (roles_.size() <= id.value()) roles_.resize(id.value() + size_t(64), kUnknownRole);
    int32_t& role = roles_[id.value()];
    if (role != kUnknownRole) return role;
    if (instrument->kind == InstrumentKind::volatility_index) return role = kVixRole;
    if (!can_underlie(*instrument)) return role = kUnwatchedRole;
    const auto recent = static_cast<size_t>(settings_.volume_spike_min);
    role = static_cast<int32_t>(underlyings_.size());
    underlyings_.push_back({id, WindowExtremes(minutes_of(settings_.underlying_move_min), kSample),
                            Ring<int64_t>(kVolumeHistory + recent), 0, 0, false, false,
                            settings_.emergency.is_halt_index(instrument->symbol), 0});
    return role;
}

void Guardian::on_watched_price(InstrumentId id, int32_t role, ReceiveTime now, GuardianActions& actions) {
    if (role == kUnknownRole) role = find_role(id);
    if (role == kUnknownRole) return;
    if (role == kVixRole) {
        on_vix(now, actions);
    } else if (role >= 0) {
        UnderlyingWatch& watch = underlyings_[static_cast<size_t>(role)];
        check_move(watch, now, actions);
        if (watch.halts_market) check_market(watch, now, actions);
    }
    if (judgement_) judge_outage(now, actions);
    if (!portfolio_.concerns(id)) return;
    if (!silent_.empty()) std::erase(silent_, id);
    for (const Position& position : portfolio_.open()) {
        if (position.instrument == id || position.underlying == id) check_position(position, now, actions);
    }
    check_losses(now, actions);
    check_margin(now, actions);
}

void Guardian::on_vix(ReceiveTime now, GuardianActions& actions) {
    const VixReading& vix = prices_.vix();
    if (!vix.known() || !std::isfinite(vix.level)) return;
    check_vix_level(vix.level, now, actions);
    // A daily value jumps once a day; that is no spike.
    if (vix.source == VixSource::tick || vix.source == VixSource::minute) check_vix_rise(vix.level, now, actions);
}

void Guardian::check_vix_level(double level, ReceiveTime now, GuardianActions& actions) {
    const auto values = [&](double limit) { return fmt::format("vix={} limit={}", level, limit); };
    if (level > settings_.vix_extreme && !halts_.active(HaltKind::vix_extreme)) {
        const std::string text = fmt::format("VIX {} is above {}: closed for the day", level, settings_.vix_extreme);
        raise(HaltKind::vix_extreme, now, values(settings_.vix_extreme), text, actions);
        flatten(now, {1, "vix_extreme", values(settings_.vix_extreme), text}, actions);
    }
    if (level > settings_.vix_high && !halts_.active(HaltKind::vix_high)) {
        const std::string text = fmt::format("VIX {} is above {}", level, settings_.vix_high);
        raise(HaltKind::vix_high, now, values(settings_.vix_high), text, actions);
        flatten(now, {1, "vix_high", values(settings_.vix_high), text}, actions);
    } else if (level <= settings_.vix_high - settings_.vix_hysteresis && halts_.active(HaltKind::vix_high)) {
        clear(HaltKind::vix_high, now, values(settings_.vix_high), fmt::format("VIX is back at {}", level), actions);
    }
}

void Guardian::check_vix_rise(double level, ReceiveTime now, GuardianActions& actions) {
    vix_kill_window_.add(now, in_units(level));
    vix_spike_window_.add(now, in_units(level));
    const double least = std::min(vix_kill_window_.low_bound(), vix_spike_window_.low_bound());
    const double nearly = std::min(settings_.vix_kill, settings_.vix_spike) * kUnitsPerRupee;
    if (!halts_.active(HaltKind::vix_spike) && in_units(level) - least < nearly * 0.99) return;
    const double kill_rise = (in_units(level) - vix_kill_window_.low()) / kUnitsPerRupee;
    const double spike_rise = (in_units(level) - vix_spike_window_.low()) / kUnitsPerRupee;
    if (kill_rise >= settings_.vix_kill && !halts_.active(HaltKind::vix_kill)) {
        const std::string values = fmt::format("vix={} rise={} minutes={}", level, kill_rise, settings_.vix_kill_min);
        const std::string text = fmt::format("VIX rose {} points in {} minutes", kill_rise, settings_.vix_kill_min);
        raise(HaltKind::vix_kill, now, values, text, actions);
        kill(now, values, text, actions);
    }
    if (spike_rise >= settings_.vix_spike && !halts_.active(HaltKind::vix_spike)) {
        const std::string values = fmt::format("vix={} rise={} minutes={}", level, spike_rise, settings_.vix_spike_min);
        const std::string text = fmt::format("VIX rose {} points in {} minutes", spike_rise, settings_.vix_spike_min);
        raise(HaltKind::vix_spike, now, values, text, actions);
        if (!halts_.killed()) flatten(now, {1, "vix_spike", values, text}, actions);
    } else if (halts_.active(HaltKind::vix_spike) && spike_rise < settings_.vix_spike - settings_.vix_hysteresis) {
        clear(HaltKind::vix_spike, now, fmt::format("vix={} rise={}", level, spike_rise), "the VIX has calmed down",
              actions);
    }
}

// Leaves at half the limit, so that a price hovering at the limit does not switch the halt on and off.
// The pre-open finds a price; that is no move of the market.
void Guardian::check_move(UnderlyingWatch& watch, ReceiveTime now, GuardianActions& actions) {
    const DayHours* day = hours_of(watch.id, now);
    if (day != nullptr && !day->open_at(now)) return;
    const Quote* quote = prices_.fed(watch.id);
    if (quote == nullptr) return;
    const double price = units(quote->last);
    watch.window.add(now, price);
    // By how much it would have to have moved, rounding aside: most prices are far from it, and need no division.
    const double nearly = settings_.underlying_move_pct * 0.0099;
    const double low = watch.window.low_bound();
    if (!watch.moving && price - low < nearly * low && watch.window.high_bound() - price < nearly * price) return;
    const double lowest = watch.window.low();
    const double highest = watch.window.high();
    const double up_pct = (price - lowest) / lowest * 100.0;
    const double down_pct = (highest - price) / highest * 100.0;
    const double move_pct = std::max(up_pct, down_pct);
    if (!watch.moving && move_pct >= settings_.underlying_move_pct) {
        watch.moving = true;
        const std::string& symbol = prices_.instruments().get(watch.id).symbol;
        raise(HaltKind::underlying_move, now,
              fmt::format("symbol={} move_pct={:.2f} minutes={}", symbol, move_pct, settings_.underlying_move_min),
              fmt::format("{} moved {:.2f} % in {} minutes", symbol, move_pct, settings_.underlying_move_min), actions);
    } else if (watch.moving && move_pct < settings_.underlying_move_pct / 2) {
        watch.moving = false;
        const bool any = std::any_of(underlyings_.begin(), underlyings_.end(), [](const auto& w) { return w.moving; });
        if (!any) clear(HaltKind::underlying_move, now, "", "underlyings have calmed down", actions);
    }
}

void Guardian::on_bar(const Bar& bar, ReceiveTime now, GuardianActions& actions) {
    if (bar.timeframe != Timeframe::m1 || bar.is_history() || !bar.has_volume()) return;
    const int32_t role = find_role(bar.instrument);
    if (role >= 0) check_volume(underlyings_[static_cast<size_t>(role)], bar.volume, now, actions);
}

// Average: of the bars before the window, up to a day of them. Leaves when volume is back at its limit's half.
void Guardian::check_volume(UnderlyingWatch& watch, int64_t volume, ReceiveTime now, GuardianActions& actions) {
    auto& ring = watch.volumes;
    const auto recent = static_cast<size_t>(settings_.volume_spike_min);
    if (ring.size() == ring.capacity()) watch.older_sum -= ring[ring.size() - 1];
    if (ring.size() >= recent) {
        watch.recent_sum -= ring[recent - 1];
        watch.older_sum += ring[recent - 1];
    }
    ring.push(volume);
    watch.recent_sum += volume;
    const size_t older = ring.size() - std::min(ring.size(), recent);
    if (older < kVolumeHistoryMin || watch.older_sum <= 0) return;
    // By how much it would have to be, rounding aside: most volumes are far below it, and need no division.
    const double nearly = settings_.volume_spike_pct * 0.0099;
    if (!watch.volume_spiking && static_cast<double>(watch.recent_sum) * static_cast<double>(older) <
                                     nearly * static_cast<double>(watch.older_sum) * static_cast<double>(recent)) {
        return;
    }
    const double average =
        static_cast<double>(watch.older_sum) / static_cast<double>(older) * static_cast<double>(recent);
    const double pct = static_cast<double>(watch.recent_sum) / average * 100.0;
    if (!watch.volume_spiking && pct > settings_.volume_spike_pct) {
        watch.volume_spiking = true;
        const std::string& symbol = prices_.instruments().get(watch.id).symbol;
        raise(HaltKind::volume_spike, now, fmt::format("symbol={} volume_pct={:.0f} minutes={}", symbol, pct, recent),
              fmt::format("volume of {} is {:.0f} % of its average", symbol, pct), actions);
    } else if (watch.volume_spiking && pct < settings_.volume_spike_pct / 2) {
        watch.volume_spiking = false;
        const bool any =
            std::any_of(underlyings_.begin(), underlyings_.end(), [](const auto& w) { return w.volume_spiking; });
        if (!any) clear(HaltKind::volume_spike, now, "", "volume has calmed down", actions);
    }
}

// ---- positions

void Guardian::check_position(const Position& position, ReceiveTime now, GuardianActions& actions) {
    const ProtectiveLevels& levels = position.levels;
    const Price price = levels.on_premium ? position.last_price : position.last_underlying;
    const int direction = levels.on_premium ? static_cast<int>(sign_of(position.side)) : position.underlying_direction;
    if (price.positive()) {
        const auto values = [&](std::string_view name, Price level) {
            return fmt::format("{}={} {}={}", levels.on_premium ? "premium" : "underlying", to_string(price), name,
                               to_string(level));
        };
        if (levels.stop && reached(price, *levels.stop, -direction)) {
            ask(position,
                {2, levels.stop_rule, values("stop", *levels.stop),
                 fmt::format("stop {} reached", to_string(*levels.stop))},
                now, actions);
            return;
        }
        if (levels.target && reached(price, *levels.target, direction)) {
            ask(position,
                {3, "target", values("target", *levels.target),
                 fmt::format("target {} reached", to_string(*levels.target))},
                now, actions);
        }
    }
    if (check_premium(position, now, actions)) return;
    const OrderGroup* group = group_of(position);
    if (group != nullptr && group->loss_limit) {
        check_group_loss(position, *group, now, actions);
    } else {
        check_disaster(position, now, actions);
    }
}

// True: a stop on the instrument's own price was reached.
bool Guardian::check_premium(const Position& position, ReceiveTime now, GuardianActions& actions) {
    const auto& stop = position.levels.premium_stop;
    const auto& target = position.levels.premium_target;
    if ((!stop && !target) || !position.last_price.positive()) return false;
    const Price price = position.last_price;
    const int side = static_cast<int>(sign_of(position.side));
    const auto values = [&](std::string_view name, Price level) {
        return fmt::format("premium={} {}={}", to_string(price), name, to_string(level));
    };
    if (stop && reached(price, *stop, -side)) {
        ask(position,
            {2, "premium_stop", values("stop", *stop), fmt::format("stop {} on the premium reached", to_string(*stop))},
            now, actions);
        return true;
    }
    if (target && reached(price, *target, side)) {
        ask(position,
            {3, "premium_target", values("target", *target),
             fmt::format("target {} on the premium reached", to_string(*target))},
            now, actions);
    }
    return false;
}

// Legs of a group win and lose against each other: their group's result is what counts.
void Guardian::check_group_loss(const Position& leg, const OrderGroup& group, ReceiveTime now,
                                GuardianActions& actions) {
    if (group.closing) return;
    const Money net = portfolio_.net_of(group.id);
    if (-net < *group.loss_limit) return;
    ask(leg,
        {2, "group_loss", fmt::format("net={} limit=-{}", to_string(net), to_string(*group.loss_limit)),
         fmt::format("group {} has lost {}", group.id.value(), to_string(-net))},
        now, actions);
}

// Acts whatever the script does: 2 % of the underlying against the position, or half the premium, whichever comes
// first.
void Guardian::check_disaster(const Position& position, ReceiveTime now, GuardianActions& actions) {
    if (position.underlying_entry.positive() && position.last_underlying.positive()) {
        const double entry = units(position.underlying_entry);
        const double against = (entry - units(position.last_underlying)) * position.underlying_direction;
        if (against >= entry * settings_.disaster_underlying_pct / 100.0) {
            ask(position,
                {2, "disaster_stop",
                 fmt::format("underlying={} entry={} limit_pct={}", to_string(position.last_underlying),
                             to_string(position.underlying_entry), settings_.disaster_underlying_pct),
                 fmt::format("the underlying moved {} % against the position", settings_.disaster_underlying_pct)},
                now, actions);
            return;
        }
    }
    if (!prices_.instruments().get(position.instrument).is_option()) return;
    const double entry = units(position.entry_price);
    const double lost = (entry - units(position.last_price)) * static_cast<double>(sign_of(position.side));
    if (lost < entry * settings_.disaster_premium_pct / 100.0) return;
    ask(position,
        {2, "disaster_stop",
         fmt::format("premium={} entry={} limit_pct={}", to_string(position.last_price),
                     to_string(position.entry_price), settings_.disaster_premium_pct),
         fmt::format("{} % of the premium is lost", settings_.disaster_premium_pct)},
        now, actions);
}

void Guardian::check_losses(ReceiveTime now, GuardianActions& actions) {
    const double start = units(portfolio_.day_start_equity());
    const double equity = units(portfolio_.equity());
    const double loss = start - equity;
    const auto values = [&](double limit_pct) {
        return fmt::format("equity={} day_start={} limit_pct={}", to_string(portfolio_.equity()),
                           to_string(portfolio_.day_start_equity()), limit_pct);
    };
    if (loss >= start * settings_.day_loss_warn_pct / 100.0 && !day_loss_warned_) {
        day_loss_warned_ = true;
        actions.warnings.push_back({"day_loss_warning", values(settings_.day_loss_warn_pct),
                                    fmt::format("the day's loss has reached {} %", settings_.day_loss_warn_pct)});
    }
    if (loss >= start * settings_.day_loss_pct / 100.0 && !halts_.active(HaltKind::daily_loss)) {
        const std::string text = fmt::format("the day's loss has reached {} %", settings_.day_loss_pct);
        raise(HaltKind::daily_loss, now, values(settings_.day_loss_pct), text, actions);
        flatten(now, {1, "daily_loss", values(settings_.day_loss_pct), text}, actions);
    }
    if (!settings_.per_strategy.empty()) check_strategy_losses(now, actions);
    const double peak = units(portfolio_.day_peak_equity());
    if (peak - equity >= peak * settings_.drawdown_pct / 100.0 && !halts_.active(HaltKind::drawdown)) {
        raise(HaltKind::drawdown, now,
              fmt::format("equity={} peak={} limit_pct={}", to_string(portfolio_.equity()),
                          to_string(portfolio_.day_peak_equity()), settings_.drawdown_pct),
              fmt::format("equity is {} % below the day's highest", settings_.drawdown_pct), actions);
    }
    if (portfolio_.losing_streak() >= settings_.losing_streak && !halts_.active(HaltKind::losing_streak)) {
        raise(HaltKind::losing_streak, now,
              fmt::format("losses={} limit={}", portfolio_.losing_streak(), settings_.losing_streak),
              fmt::format("{} losing trades in a row", portfolio_.losing_streak()), actions);
    }
    if (equity <= start * settings_.equity_floor_pct / 100.0 && !halts_.active(HaltKind::equity_floor)) {
        const std::string text = fmt::format("equity is at {} % of the day's start", settings_.equity_floor_pct);
        raise(HaltKind::equity_floor, now, values(settings_.equity_floor_pct), text, actions);
        kill(now, values(settings_.equity_floor_pct), text, actions);
    }
}

// A strategy that has lost its own share is closed and halted alone; the others go on.
void Guardian::check_strategy_losses(ReceiveTime now, GuardianActions& actions) {
    for (const StrategyLimits& limits : settings_.per_strategy) {
        if (!limits.strategy.valid() || !limits.day_loss_pct || halts_.of_strategy(limits.strategy) != nullptr)
            continue;
        const Money day_net = portfolio_.day_net_of(limits.strategy);
        const Money limit = settings_.day_loss_limit_of(limits, portfolio_.day_start_equity());
        if (-day_net < limit) continue;
        std::string values =
            fmt::format("strategy={} day_net={} limit=-{}", limits.name, to_string(day_net), to_string(limit));
        std::string text = fmt::format("{} has lost {} % of its capital today", limits.name, *limits.day_loss_pct);
        halts_.raise_strategy({limits.strategy, now, values, text});
        for (const Position& position : portfolio_.open()) {
            if (position.strategy == limits.strategy) ask(position, loss_exit(limits.strategy), now, actions);
        }
        actions.strategy_halts.push_back({limits.strategy, true, std::move(values), std::move(text)});
    }
}

ExitReason Guardian::loss_exit(StrategyId strategy) const {
    const StrategyHalt& halt = *halts_.of_strategy(strategy);
    return {1, std::string(kStrategyLoss), halt.values, halt.text};
}

void Guardian::check_margin(ReceiveTime now, GuardianActions& actions) {
    const Money used =
        margin_of_positions(portfolio_.open(), prices_.instruments(), settings_.margin, {now, prices_.vix().level});
    if (used.units() == 0 && settings_.margin_close_pct > 0) return;
    const double equity = units(portfolio_.equity());
    const double used_pct = equity > 0 ? units(used) / equity * 100.0 : 0.0;
    if (used_pct < settings_.margin_close_pct || portfolio_.open().empty()) return;
    const std::string values = fmt::format("margin_pct={:.1f}", used_pct);
    if (used_pct > settings_.margin_kill_pct && !halts_.active(HaltKind::margin)) {
        const std::string text = fmt::format("margin in use is above {} %", settings_.margin_kill_pct);
        raise(HaltKind::margin, now, values, text, actions);
        kill(now, values, text, actions);
        return;
    }
    const auto open = portfolio_.open();
    // One at a time: what is already being closed may be enough.
    if (std::any_of(open.begin(), open.end(), [&](const Position& p) { return desk_.exiting(p.id).units() > 0; }))
        return;
    const auto weakest = std::min_element(open.begin(), open.end(),
                                          [](const Position& a, const Position& b) { return a.net() < b.net(); });
    ask(*weakest,
        {2, "margin", values, fmt::format("margin in use is at {:.1f} %: the weakest position is closed", used_pct)},
        now, actions);
}

void Guardian::on_account(ReceiveTime now, GuardianActions& actions) {
    std::erase_if(asked_, [&](const Asked& a) { return portfolio_.find(a.position) == nullptr; });
    std::erase_if(condemned_, [&](const ExitRequest& e) { return portfolio_.find(e.position) == nullptr; });
    check_losses(now, actions);
    check_margin(now, actions);
    on_time(now, actions);
}

// ---- time

const DayHours* Guardian::find_hours_of(InstrumentId id, ReceiveTime now) const {
    if (places_.size() <= id.value()) places_.resize(id.value() + size_t(64), TradingHours::kNoPlace);
    size_t& place = places_[id.value()];
    if (place == TradingHours::kNoPlace) place = hours_.place_of(prices_.instruments().get(id).calendar);
    return place == TradingHours::kNoPlace ? nullptr : hours_.find(place, now);
}

const DayHours* Guardian::day_of(const Position& position) const { return hours_of(position.instrument, day_); }

// `now` while the market is open, else the day's next opening, else never.
ReceiveTime Guardian::tradable_from(const Position& position, ReceiveTime now) const {
    const DayHours* day = day_of(position);
    if (day == nullptr) return ReceiveTime::max();
    if (exchange_halted_) return std::max(now + minutes(1), market_opens_);
    if (day->open_at(now)) return now;
    for (size_t i = 0; i < day->session_count; ++i) {
        if (const ReceiveTime open = at(day->date, day->sessions[i].open); open > now) return open;
    }
    return ReceiveTime::max();
}

// When the day's hours (or the contract's last days) close this position.
Guardian::TimedExit Guardian::timed_exit(const Position& position) const {
    const Instrument& instrument = prices_.instruments().get(position.instrument);
    const DayHours* day = day_of(position);
    if (day == nullptr) return {};
    const ReceiveTime open = day->midnight + day->sessions[0].open;
    if (instrument.expiry &&
        (*instrument.expiry - day->date).count() <= settings_.exit_before_expiry_days_of(position.strategy)) {
        return TimedExit{open, true};
    }
    if (day->round_the_clock()) return {};
    const ReceiveTime out =
        std::min(day->close() - minutes_of(settings_.exit_before_close_min), day->midnight + settings_.exit_latest);
    return TimedExit{std::max(open, out), false};
}

// When waiting entries are cancelled today: before the earliest close of the calendars in use.
ReceiveTime Guardian::entries_end() const {
    ReceiveTime first = kNever;
    if (day_ < entries_cancelled_until_) return first;
    for (const DayHours& day : hours_.all()) {
        if (day.session_count == 0 || day.round_the_clock() || !day.holds(day_)) continue;
        first = std::min(first, day.close() - minutes_of(settings_.cancel_before_close_min));
    }
    return first;
}

// An entry that filled after everything was told to close must close too.
void Guardian::adopt_flattening_halt() {
    if (flatten_ || portfolio_.open().empty()) return;
    if (closed_for_good_) {
        flatten_ = closed_for_good_;
        return;
    }
    for (const HaltKind kind : {HaltKind::kill_switch, HaltKind::session_ending, HaltKind::long_outage,
                                HaltKind::daily_loss, HaltKind::vix_extreme, HaltKind::vix_spike, HaltKind::vix_high}) {
        if (!halts_.active(kind)) continue;
        const Halt& halt = halts_.of(kind);
        flatten_ = ExitReason{1, std::string(name_of(kind)), halt.values, halt.text};
        return;
    }
}

void Guardian::check_timed_exit(const Position& position, ReceiveTime now, GuardianActions& actions) {
    const TimedExit timed = timed_exit(position);
    if (now < timed.at) return;
    if (timed.expiry) {
        const Date expiry = *prices_.instruments().get(position.instrument).expiry;
        ask(position,
            {1, "expiry", fmt::format("days_to_expiry={}", (expiry - ist_date(now)).count()),
             fmt::format("the contract expires on {}", format_date(expiry))},
            now, actions);
    } else {
        ask(position,
            {1, "session_close", fmt::format("time={}", format_time_of_day(ist_since_midnight(now))),
             "the session is about to close"},
            now, actions);
    }
}

// A rejected exit does not wait for the next price, which may be long in coming: the last one still says whether the
// exit is needed.
void Guardian::retry_failed_exits(ReceiveTime now, GuardianActions& actions) {
    for (const Position& position : portfolio_.open()) {
        auto* before = const_cast<Asked*>(asked(position.id));
        if (before == nullptr || !before->look_again || now < before->next || covered(position)) continue;
        before->look_again = false;
        check_position(position, now, actions);
    }
}

void Guardian::on_time(ReceiveTime now, GuardianActions& actions) {
    day_ = now;
    if (now >= watch_due_) on_watch_due(now, actions);
    if (portfolio_.open().empty()) flatten_.reset();
    adopt_flattening_halt();
    if (flatten_) ask_all(now, actions);
    for (const Position& position : portfolio_.open()) {
        if (position.surplus) ask(position, {1, "surplus", "", position.why}, now, actions);
        if (const ExitReason* reason = condemned(position.id)) ask(position, *reason, now, actions);
        if (const OrderGroup* group = group_of(position); group != nullptr && group->closing) {
            ask(position, *group->closing, now, actions);
        }
        if (strategy_halted(position)) ask(position, loss_exit(position.strategy), now, actions);
        check_timed_exit(position, now, actions);
    }
    retry_failed_exits(now, actions);
    if (now >= entries_end()) {
        entries_cancelled_until_ = at(ist_date(now), hours(24));
        actions.cancel_entries = true;
        if (actions.cancel_reason.empty()) actions.cancel_reason = "before_close";
    }
}

// The moment at which a position's underlying will have been silent for too long while its market is open.
ReceiveTime Guardian::silent_from(const Position& position) const {
    if (std::find(silent_.begin(), silent_.end(), position.underlying) != silent_.end()) return kNever;
    const Quote* quote = prices_.fed(position.underlying);
    const DayHours* day = day_of(position);
    if (quote == nullptr || day == nullptr) return kNever;
    const Duration longest = seconds_of(settings_.stale_quote_s);
    for (size_t i = 0; i < day->session_count; ++i) {
        const ReceiveTime silent = std::max(quote->time, day->midnight + day->sessions[i].open) + longest;
        if (silent < day->midnight + day->sessions[i].close) return silent;
    }
    return kNever;
}

ReceiveTime Guardian::silence_due() const {
    ReceiveTime first = kNever;
    for (const Position& position : portfolio_.open()) first = std::min(first, silent_from(position));
    return first;
}

void Guardian::check_silence(ReceiveTime now, GuardianActions& actions) {
    for (const Position& position : portfolio_.open()) {
        if (now < silent_from(position)) continue;
        silent_.push_back(position.underlying);
        const std::string& symbol = prices_.instruments().get(position.underlying).symbol;
        actions.warnings.push_back(
            {"silent_market", fmt::format("symbol={} silent_s={}", symbol, settings_.stale_quote_s),
             fmt::format("{} has no new price: stops of open positions cannot act until it has one", symbol)});
    }
}

// Every time given here is one at which on_time gets further: a request, or a later time to ask again.
ReceiveTime Guardian::next_due_at_stake() const {
    ReceiveTime first = kNever;
    for (const Position& position : portfolio_.open()) {
        if (covered(position)) continue;
        const OrderGroup* group = group_of(position);
        const bool closing = group != nullptr && group->closing;
        if (closing && !may_leave(position)) continue;  // a fill will say when
        const Asked* before = asked(position.id);
        const ReceiveTime timed = timed_exit(position).at;
        if (before == nullptr) {
            first = std::min(first, timed);
            continue;
        }
        const bool whatever =
            flatten_ || position.surplus || condemned(position.id) != nullptr || closing || strategy_halted(position);
        if (before->look_again || whatever) first = std::min(first, before->next);
        first = std::min(first, std::max(timed, before->next));
    }
    return desk_.idle() ? first : std::min(first, entries_end());
}

}  // namespace tide
