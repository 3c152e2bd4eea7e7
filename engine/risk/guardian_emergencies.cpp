#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "risk/guardian.hpp"
#include "risk/market_halt.hpp"

// What goes wrong outside the market's prices: the broker's answers and session, orders that nobody decided, outages,
// halts of the whole market (option-bot-flow 13.14.2, 13.14.4, 14.2.1).
namespace tide {
namespace {

constexpr Duration kJudgedWithin = minutes(15);  // an outage, by the first prices after it

Duration minutes_of(double m) { return Duration(static_cast<int64_t>(m * 60e9 + 0.5)); }
double in_minutes(Duration d) { return std::chrono::duration<double, std::ratio<60>>(d).count(); }
std::string clock_of(ReceiveTime t) { return format_time_of_day(std::chrono::floor<seconds>(ist_since_midnight(t))); }

}  // namespace

// ---- the broker's answers, and orders that nobody decided

void Guardian::on_answer(bool error, ReceiveTime now, GuardianActions& actions) {
    error_rate_.add(now, error);
    if (!error || halts_.active(HaltKind::error_rate) || !error_rate_.too_high()) return;
    const ErrorRate::Count count = error_rate_.count();
    const double window_min = settings_.emergency.error_rate_min;
    std::string values = fmt::format("errors={} answers={} pct={:.0f} limit_pct={} minutes={}", count.errors,
                                     count.answers, count.pct(), settings_.emergency.error_rate_pct, window_min);
    std::string text = fmt::format("{} of {} answers of the broker in {} minutes were errors", count.errors,
                                   count.answers, window_min);
    error_rate_.clear();  // an operator who resumes begins anew
    raise(HaltKind::error_rate, now, values, text, actions);
    kill(now, std::move(values), std::move(text), actions);
}

// By default the kill switch, as 14.2.1 lists it. Where an operator has set a loss for that, what is smaller takes
// 13.14.4's way: closed at once, or watched; entries stay halted until he resumes.
void Guardian::on_wrong_order(const WrongOrder& wrong, ReceiveTime now, GuardianActions& actions) {
    const EmergencySettings& limits = settings_.emergency;
    const double equity = static_cast<double>(portfolio_.equity().units());
    const double loss_pct = equity > 0 ? static_cast<double>(wrong.at_risk.units()) / equity * 100.0 : 100.0;
    const std::string values = fmt::format("rule={} {} at_risk={} of_equity_pct={:.2f}", wrong.rule, wrong.values,
                                           to_string(wrong.at_risk), loss_pct);
    raise(HaltKind::wrong_order, now, values, wrong.text, actions);
    if (loss_pct >= limits.wrong_order_kill_pct) return kill(now, values, wrong.text, actions);
    if (loss_pct >= limits.wrong_order_exit_pct) {
        return condemn(wrong.position, {1, "wrong_order", values, wrong.text}, now, actions);
    }
    actions.warnings.push_back({"wrong_order", values, wrong.text + "; its position is watched"});
}

// ---- positions that must go, whatever happens

void Guardian::condemn(PositionId id, ExitReason reason, ReceiveTime now, GuardianActions& actions) {
    const Position* position = portfolio_.find(id);
    if (position == nullptr || !position->open() || condemned(id) != nullptr) return;
    condemned_.push_back({id, reason});
    ask(*position, std::move(reason), now, actions);
}

const ExitReason* Guardian::condemned(PositionId id) const {
    const auto found =
        std::find_if(condemned_.begin(), condemned_.end(), [&](const ExitRequest& e) { return e.position == id; });
    return found == condemned_.end() ? nullptr : &found->reason;
}

// ---- the broker's session

void Guardian::on_service(const ServiceStatusEvent& status, ReceiveTime now, GuardianActions& actions) {
    if (status.service == Service::exchange) {
        on_exchange(status, now, actions);
    } else {
        on_broker_session(status, now, actions);
    }
    plan_watch();
    if (now >= watch_due_) on_watch_due(now, actions);
}

void Guardian::on_broker_session(const ServiceStatusEvent& status, ReceiveTime now, GuardianActions& actions) {
    const std::string text(status.detail);
    session_until_ = status.until > ReceiveTime() ? status.until : kNever;
    if (status.state == ServiceState::down) return expire_broker_session(now, text, actions);
    if (status.state == ServiceState::ending) {
        const std::string until = session_until_ == kNever ? "soon" : "at " + clock_of(session_until_);
        actions.warnings.push_back({"broker_session", text, "the broker's session ends " + until});
        return;
    }
    clear(HaltKind::session_ending, now, "", text, actions);
    clear(HaltKind::session_expired, now, "", text, actions);
}

// Positions are closed before it ends, if it ends in the market hours of today. One that ends over night closes
// nothing.
ReceiveTime Guardian::broker_exit_at() const {
    if (session_until_ == kNever || halts_.active(HaltKind::session_ending)) return kNever;
    const bool in_market = std::any_of(hours_.all().begin(), hours_.all().end(), [&](const DayHours& day) {
        if (day.session_count == 0) return false;
        return session_until_ > day.midnight + day.sessions[0].open && session_until_ < day.close();
    });
    return in_market ? session_until_ - minutes_of(settings_.emergency.broker_exit_min) : kNever;
}

void Guardian::expire_broker_session(ReceiveTime now, std::string text, GuardianActions& actions) {
    session_until_ = kNever;
    if (halts_.active(HaltKind::session_expired)) return;
    const std::string values = "time=" + clock_of(now);
    raise(HaltKind::session_expired, now, values, text, actions);
    if (hours_.any_open_at(now)) kill(now, values, std::move(text), actions);
}

// ---- halts of the whole market

void Guardian::on_exchange(const ServiceStatusEvent& status, ReceiveTime now, GuardianActions& actions) {
    if (status.state != ServiceState::down) {
        if (status.state == ServiceState::up) end_market_halt(now, std::string(status.detail), actions);
        return;
    }
    exchange_halted_ = true;
    market_opens_ = status.until > now ? status.until : kNever;
    const std::string until = market_opens_ == kNever ? "not_told" : clock_of(market_opens_);
    raise(HaltKind::market_halt, now, "told_by=exchange until=" + until, std::string(status.detail), actions);
}

// Exits go on being asked for on this alone: the reckoning of a limit must not keep a position from its way out.
void Guardian::check_market(UnderlyingWatch& watch, ReceiveTime now, GuardianActions& actions) {
    if (watch.previous_close <= 0) {
        const OpeningGap* gap = gaps_ == nullptr ? nullptr : gaps_->find_gap(watch.id);
        if (gap == nullptr) return;
        watch.previous_close = static_cast<double>(gap->previous_close.units());
    }
    const Quote* quote = prices_.fed(watch.id);
    if (quote == nullptr) return;
    const double move = static_cast<double>(quote->last.units()) - watch.previous_close;
    // Most prices are far from the limits, and need no division.
    if (std::fabs(move) < watch.previous_close * settings_.emergency.halt_1_pct * 0.0099) return;
    const double move_pct = move / watch.previous_close * 100.0;
    const int level = market_halt_level(settings_.emergency, move_pct);
    if (level <= market_level_) return;
    const DayHours* day = hours_of(watch.id, now);
    if (day == nullptr || !day->open_at(now)) return;
    market_level_ = level;
    const auto length = market_halt_length(settings_.emergency, level, now - day->midnight);
    if (!length) return;
    const bool for_day = *length == Duration::max();
    market_opens_ = for_day ? kNever : now + *length;
    const std::string& symbol = prices_.instruments().get(watch.id).symbol;
    const std::string until = for_day ? "day_end" : clock_of(market_opens_);
    std::string values = fmt::format("symbol={} move_pct={:.2f} level={} until={}", symbol, move_pct, level, until);
    std::string text = fmt::format("{} is {:+.2f} % from its previous close: the market halts until {}", symbol,
                                   move_pct, for_day ? "the end of the day" : until);
    if (halts_.active(HaltKind::market_halt)) {
        actions.warnings.push_back({"market_halt", std::move(values), std::move(text)});
    } else {
        raise(HaltKind::market_halt, now, std::move(values), std::move(text), actions);
    }
    plan_watch();
}

void Guardian::end_market_halt(ReceiveTime now, std::string text, GuardianActions& actions) {
    exchange_halted_ = false;
    market_opens_ = kNever;
    clear(HaltKind::market_halt, now, "", std::move(text), actions);
    // Exits that waited for the opening need not wait any longer.
    for (Asked& asked : asked_) asked.next = std::min(asked.next, now);
}

// ---- outages

void Guardian::on_line_down(OutageLine line, ReceiveTime since) {
    MarketBefore before;
    if (prices_.vix().known()) before.vix = prices_.vix().level;
    for (const Position& position : portfolio_.open()) before.held.push_back({position.id, position.last_underlying});
    outages_.begin(line, since, std::move(before));
}

void Guardian::on_line_up(OutageLine line, ReceiveTime now, GuardianActions& actions) {
    auto outage = outages_.end(line, now, hours_);
    if (!outage || outage->in_session <= Duration(0)) return;
    const EmergencySettings& limits = settings_.emergency;
    std::string values = fmt::format("line={} minutes={:.1f} from={} to={}", name_of(line),
                                     in_minutes(outage->in_session), clock_of(outage->from), clock_of(now));
    std::string text =
        fmt::format("{} was out for {:.1f} minutes", line == OutageLine::feed ? "market data" : "the broker's line",
                    in_minutes(outage->in_session));
    if (outage->in_session > minutes_of(limits.long_outage_min)) {
        raise(HaltKind::long_outage, now, values, text, actions);
        return flatten(now, {1, "long_outage", std::move(values), std::move(text)}, actions);
    }
    actions.warnings.push_back({"outage", values, text});
    if (outage->in_session < minutes_of(limits.medium_outage_min)) return;
    const ReceiveTime until = now + minutes_of(limits.quiet_after_outage_min);
    quiet_until_ = until;
    raise(HaltKind::after_outage, now, std::move(values), text + ": no entries until " + clock_of(until), actions);
    judgement_ = Judgement{outage->from, now + kJudgedWithin, std::move(outage->before)};
    judge_outage(now, actions);
    plan_watch();
}

void Guardian::judge_outage(ReceiveTime now, GuardianActions& actions) {
    Judgement& judgement = *judgement_;
    if (judgement.before.vix > 0 && judge_vix(now, actions)) judgement.before.vix = 0;
    std::erase_if(judgement.before.held,
                  [&](const MarketBefore::Held& held) { return judge_position(held, now, actions); });
    const bool judged = judgement.before.vix <= 0 && judgement.before.held.empty();
    if (judged || now >= judgement.until) judgement_.reset();
}

bool Guardian::judge_vix(ReceiveTime now, GuardianActions& actions) {
    const VixReading& vix = prices_.vix();
    if (!vix.known() || vix.time <= judgement_->from) return false;
    const double rise = vix.level - judgement_->before.vix;
    if (rise < settings_.emergency.outage_vix_rise) return true;
    flatten(now,
            {1, "outage_vix",
             fmt::format("vix={} before={} limit={}", vix.level, judgement_->before.vix,
                         settings_.emergency.outage_vix_rise),
             fmt::format("the VIX rose {:.2f} points in the outage", rise)},
            actions);
    return true;
}

bool Guardian::judge_position(const MarketBefore::Held& held, ReceiveTime now, GuardianActions& actions) {
    const Position* position = portfolio_.find(held.position);
    if (position == nullptr || !position->open() || !held.underlying.positive()) return true;
    const Quote* quote = prices_.fed(position->underlying);
    if (quote == nullptr || quote->time <= judgement_->from) return false;
    const double before = held.underlying.to_double();
    const double against_pct = (before - quote->last.to_double()) / before * 100.0 * position->underlying_direction;
    if (against_pct < settings_.emergency.outage_adverse_pct) return true;
    condemn(held.position,
            {1, "outage_adverse",
             fmt::format("underlying={} before={} limit_pct={}", to_string(quote->last), to_string(held.underlying),
                         settings_.emergency.outage_adverse_pct),
             fmt::format("the underlying moved {:.2f} % against the position in the outage", against_pct)},
            now, actions);
    return true;
}

// ---- time

void Guardian::on_watch_due(ReceiveTime now, GuardianActions& actions) {
    if (now >= quiet_until_) {
        quiet_until_ = kNever;
        clear(HaltKind::after_outage, now, "", "the time after the outage is over", actions);
    }
    if (now >= market_opens_) end_market_halt(now, "the halt and the pre-open after it are over", actions);
    if (now >= session_until_) {
        expire_broker_session(now, "the broker's session has ended and was not renewed", actions);
    } else if (now >= broker_exit_at()) {
        const std::string values = "until=" + clock_of(session_until_);
        const std::string text = "the broker's session is about to end";
        raise(HaltKind::session_ending, now, values, text, actions);
        flatten(now, {1, "broker_session", values, text}, actions);
    }
    plan_watch();
}

void Guardian::plan_watch() {
    watch_due_ = std::min(std::min(quiet_until_, market_opens_), std::min(session_until_, broker_exit_at()));
}

}  // namespace tide
