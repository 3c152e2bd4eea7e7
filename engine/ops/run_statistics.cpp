#include "ops/run_statistics.hpp"

#include <algorithm>
#include <cmath>

namespace tide {
namespace {

double ratio(Money part, Money whole) { return part.to_double() / whole.to_double(); }

}  // namespace

RunStatistics::RunStatistics(Money starting_equity)
    : starting_equity_(starting_equity), equity_(starting_equity), peak_(starting_equity) {}

void RunStatistics::record(const Record& record) {
    audit_rows_ = record.row;
    audit_head_ = record.hash;
    if (const auto* order = std::get_if<OrderRecord>(&record.body)) {
        on_order(*order);
    } else if (const auto* intent = std::get_if<IntentRecord>(&record.body)) {
        const IntentKind kind = intent->intent.kind;
        // A group was asked for once, with all its legs.
        const bool of_group = kind == IntentKind::enter && intent->intent.group.valid();
        const bool counts = kind == IntentKind::enter || kind == IntentKind::exit || kind == IntentKind::enter_group ||
                            kind == IntentKind::exit_group;
        order_intent_ = counts && !of_group ? intent->intent.id : IntentId();
        if (order_intent_.valid()) ++orders_.intents;
    } else if (const auto* risk = std::get_if<RiskRecord>(&record.body)) {
        if (!risk->passed && risk->intent.valid() && risk->intent == order_intent_) ++orders_.refused;
    } else if (const auto* trade = std::get_if<TradeRecord>(&record.body)) {
        on_trade(trade->position);
    } else if (const auto* equity = std::get_if<EquityRecord>(&record.body)) {
        on_equity(record.time, equity->equity);
    } else if (const auto* halt = std::get_if<HaltRecord>(&record.body)) {
        on_halt(record.time, *halt);
    }
}

void RunStatistics::on_order(const OrderRecord& record) {
    const OrderState now = record.order.state;
    if (now == record.from) return;
    if (now == OrderState::submitted && (record.from == OrderState::created || record.from == OrderState::in_review)) {
        ++orders_.sent;
    }
    if (now == OrderState::filled) ++orders_.filled;
    if (now == OrderState::cancelled) ++orders_.cancelled;
    if (now == OrderState::rejected) ++orders_.rejected;
    if (now == OrderState::expired) ++orders_.expired;
}

void RunStatistics::on_trade(const Position& position) {
    const Money net = position.net();
    ++trades_;
    gross_ += position.gross();
    charges_ += position.charges;
    net_ += net;
    if (net > Money()) {
        ++wins_;
        won_ += net;
    } else {
        lost_ -= net;
    }
    // Between two days the curve moves with closed trades, unless something is carried whose value they do not show.
    if (nothing_carried_) add_curve_point(starting_equity_ + net_);
}

void RunStatistics::on_equity(ReceiveTime time, Money equity) {
    equity_ = equity;
    nothing_carried_ = equity == starting_equity_ + net_;
    add_curve_point(equity);
    const Date date = ist_date(time);
    if (!days_.empty() && days_.back().date == date) {
        days_.back().equity = equity;
    } else {
        days_.push_back({date, equity});
    }
}

void RunStatistics::add_curve_point(Money equity) {
    peak_ = std::max(peak_, equity);
    if (peak_ > Money()) max_drawdown_ = std::max(max_drawdown_, ratio(peak_ - equity, peak_));
}

void RunStatistics::on_halt(ReceiveTime time, const HaltRecord& halt) {
    const HaltNote note{halt.kind, halt.values, halt.text, time, std::nullopt};
    if (halt.kind == "kill_switch") {
        if (halt.active && !kill_switch_) kill_switch_ = note;
        if (!halt.active && kill_switch_) kill_switch_->until = time;
        return;
    }
    if (halt.active) {
        halts_.push_back(note);
        return;
    }
    const auto open = std::find_if(halts_.rbegin(), halts_.rend(),
                                   [&](const HaltNote& h) { return h.kind == halt.kind && !h.until; });
    if (open != halts_.rend()) open->until = time;
}

RunResult RunStatistics::result() const {
    RunResult result;
    result.trades = trades_;
    result.wins = wins_;
    result.gross = gross_;
    result.charges = charges_;
    result.net = net_;
    const Money last = days_.empty() ? starting_equity_ + net_ : equity_;
    if (starting_equity_ > Money()) result.return_pct = 100 * ratio(last - starting_equity_, starting_equity_);
    result.max_drawdown_pct = 100 * max_drawdown_;
    result.sharpe = sharpe();
    if (lost_ > Money()) result.profit_factor = ratio(won_, lost_);
    if (trades_ > 0) result.win_rate_pct = 100.0 * static_cast<double>(wins_) / static_cast<double>(trades_);
    return result;
}

// Mean of the daily returns over their sample deviation, a year being 252 trading days, the riskless rate left out.
std::optional<double> RunStatistics::sharpe() const {
    if (days_.size() < 2) return std::nullopt;
    std::vector<double> returns;
    Money before = starting_equity_;
    for (const Day& day : days_) {
        if (before <= Money()) return std::nullopt;
        returns.push_back(ratio(day.equity - before, before));
        before = day.equity;
    }
    double mean = 0;
    for (const double r : returns) mean += r / static_cast<double>(returns.size());
    double squares = 0;
    for (const double r : returns) squares += (r - mean) * (r - mean);
    const double deviation = std::sqrt(squares / static_cast<double>(returns.size() - 1));
    if (!(deviation > 0)) return std::nullopt;
    return mean / deviation * std::sqrt(252.0);
}

}  // namespace tide
