#include "ops/kill_timeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tide {
namespace {

struct StepRule {
    std::string_view name;
    int64_t limit_ms;
};
constexpr std::array<StepRule, kKillStepCount> kRules{{{"entries_stopped", 1'000},
                                                       {"latched", 1'000},
                                                       {"cancels_confirmed", 5'000},
                                                       {"positions_closed", 30'000},
                                                       {"verified_flat", 30'000},
                                                       {"state_saved", 60'000},
                                                       {"report_written", 60'000},
                                                       {"backed_up", 60'000},
                                                       {"connections_closed", 60'000},
                                                       {"operator_notified", 90'000},
                                                       {"shutdown_complete", 90'000}}};

const StepRule& rule_of(KillStep step) { return kRules[static_cast<size_t>(step)]; }

}  // namespace

std::string_view name_of(KillStep step) { return rule_of(step).name; }
int64_t limit_ms_of(KillStep step) { return rule_of(step).limit_ms; }

int64_t KillTimeline::session_ms(ReceiveTime time) const {
    return std::chrono::duration_cast<milliseconds>(time - began_).count();
}

void KillTimeline::begin(ReceiveTime at, uint64_t newest_order, std::set<uint64_t> live_orders,
                         std::set<uint64_t> open_positions) {
    began_ = at;
    newest_ = newest_order;
    wall_began_ = wall_ ? wall_() : 0;
    waiting_ = std::move(live_orders);
    open_ = std::move(open_positions);
    orders_.clear();
    closed_.clear();
    tries_.clear();
    steps_.clear();
    set(KillStep::entries_stopped, at, true,
        fmt::format("no entry passes; {} order(s) live, {} position(s) open", waiting_.size(), open_.size()));
    if (waiting_.empty()) set(KillStep::cancels_confirmed, at, true, "no order was live");
    if (open_.empty()) set(KillStep::positions_closed, at, true, "no position was open");
}

void KillTimeline::set(KillStep step, ReceiveTime time, bool done, std::string text) {
    const auto wall = wall_ ? std::optional(wall_ms()) : std::nullopt;
    steps_[step] = {step, done, session_ms(time), wall, std::move(text)};
}

void KillTimeline::note_at(KillStep step, int64_t wall_ms, bool done, std::string text) {
    steps_[step] = {step, done, std::nullopt, wall_ms, std::move(text)};
}

void KillTimeline::record(const Record& record) {
    if (const auto* order = std::get_if<OrderRecord>(&record.body)) {
        on_order(record.time, *order);
    } else if (const auto* trade = std::get_if<TradeRecord>(&record.body)) {
        on_closed(record.time, *trade);
    } else if (const auto* position = std::get_if<PositionRecord>(&record.body);
               position != nullptr && position->what == "opened") {
        open_.insert(position->position.id.value());  // a fill that came in spite of the cancel
        steps_.erase(KillStep::positions_closed);
    } else if (const auto* books = std::get_if<ReconcileRecord>(&record.body)) {
        if (books->what == "agreed") {
            set(KillStep::verified_flat, record.time, open_.empty(), "the broker's books: " + books->values);
        } else if (books->what == "differs") {
            set(KillStep::verified_flat, record.time, false, "the broker's books differ: " + books->values);
        }
    }
}

void KillTimeline::on_order(ReceiveTime time, const OrderRecord& record) {
    const Order& order = record.order;
    const uint64_t id = order.id.value();
    if (order.purpose == OrderPurpose::exit && order.state == OrderState::submitted &&
        record.from == OrderState::created) {
        ++tries_[order.position.value()];
    }
    if (id > newest_) return;
    const bool asked = order.state == OrderState::pending_cancel && record.from != OrderState::pending_cancel;
    auto known = std::find_if(orders_.begin(), orders_.end(), [&](const KilledOrder& o) { return o.order == id; });
    // It had not left, or its cancel was on the way already.
    const bool at_once = is_final(order.state) && waiting_.contains(id) && known == orders_.end();
    if ((asked || at_once) && known == orders_.end()) {
        orders_.push_back({id, record.instrument, record.detail, "", session_ms(time), std::nullopt});
        known = orders_.end() - 1;
        if (asked) waiting_.insert(id);
    }
    if (!is_final(order.state)) return;
    if (known != orders_.end()) {
        known->outcome = name_of(order.state);
        known->ended_ms = session_ms(time);
    }
    if (waiting_.erase(id) == 0) return;
    if (waiting_.empty()) {
        set(KillStep::cancels_confirmed, time, true, fmt::format("{} order(s) cancelled or ended", orders_.size()));
    }
}

void KillTimeline::on_closed(ReceiveTime time, const TradeRecord& record) {
    const uint64_t id = record.position.id.value();
    closed_.push_back({id, record.instrument, record.position.exit_price, record.position.gross(),
                       record.position.net(), std::max(1, tries_[id]), session_ms(time), wall_ms()});
    open_.erase(id);
    if (!open_.empty()) return;
    Money net;
    int tries = 1;
    for (const KilledPosition& position : closed_) {
        net += position.net.value_or(Money());
        tries = std::max(tries, position.tries);
    }
    set(KillStep::positions_closed, time, true,
        fmt::format("{} position(s) closed, net {}, {} exit order(s) for one at most", closed_.size(), to_string(net),
                    tries));
}

std::vector<KillStepTime> KillTimeline::steps() const {
    std::vector<KillStepTime> all;
    for (const auto& [step, time] : steps_) all.push_back(time);
    return all;
}

std::optional<bool> KillTimeline::verified() const {
    const auto found = steps_.find(KillStep::verified_flat);
    return found == steps_.end() ? std::nullopt : std::optional(found->second.done);
}

std::string step_words(const KillStepTime& step, bool paced) {
    std::string words = fmt::format("step={}", name_of(step.step));
    if (step.session_ms) words += fmt::format(";since_ms={}", *step.session_ms);
    if (step.wall_ms && paced) words += fmt::format(";wall_ms={}", *step.wall_ms);
    return words + fmt::format(";limit_ms={};done={}", limit_ms_of(step.step), step.done ? "yes" : "no");
}

}  // namespace tide
