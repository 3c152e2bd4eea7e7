#pragma once
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <vector>

#include "trading/records.hpp"

// Records written by hand, linked by the documented rule: hash(n) = sha256(hash(n-1) || row || time || text).
namespace tide::ledger_samples {

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "tide-ledger-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }

  private:
    std::filesystem::path path_;
};

inline const Date kDay = make_date(2024, 1, 25);
inline ReceiveTime moment(int64_t seconds_after_open) {
    return at(kDay, hours(9) + minutes(15) + seconds(seconds_after_open));
}

class Chain {
  public:
    Record link(ReceiveTime time, RecordBody body, std::string text) {
        Record record;
        record.row = ++row_;
        record.event_sequence = row_ * 10;
        record.time = time;
        record.body = std::move(body);
        record.text = std::move(text);
        const int64_t nanos = time.time_since_epoch().count();
        std::string covered(reinterpret_cast<const char*>(head_.data()), head_.size());
        for (int shift = 0; shift < 64; shift += 8) covered.push_back(static_cast<char>(record.row >> shift & 0xff));
        for (int shift = 0; shift < 64; shift += 8) covered.push_back(static_cast<char>(nanos >> shift & 0xff));
        record.hash = head_ = sha256(covered + record.text);
        return record;
    }
    const Sha256Digest& head() const { return head_; }

  private:
    uint64_t row_ = 0;
    Sha256Digest head_{};
};

// 2 lots of 50: bought at 142.35, half sold, the rest at 171.20. Gross (171.20 - 142.35) x 100 = 2885.00.
inline Position sample_position() {
    Position p;
    p.id = PositionId(5);
    p.strategy = StrategyId(1);
    p.strategy_name = "adx_trend";
    p.script_version = "1.0.0 4f3a";
    p.instrument = InstrumentId(9);
    p.quantity = Quantity(100);
    p.opened_quantity = Quantity(100);
    p.entry_price = Price::from_units(1'423'500);
    p.entry_value = p.entry_price * p.quantity;
    p.last_price = Price::from_units(1'500'000);
    p.last_underlying = Price::from_rupees(21'750);
    p.charges = Money::from_paise(5'025);
    p.opened = moment(3600);
    p.levels.stop = Price::from_rupees(21'500);
    p.levels.stop_rule = "stop";
    p.tag = "first";
    p.why = "breakout above 21 700";
    return p;
}
inline Position closed_position() {
    Position p = sample_position();
    p.quantity = Quantity(0);
    p.entry_value = Money();
    p.exit_price = Price::from_units(1'712'000);
    p.realised_gross = Money::from_rupees(2'885);
    p.charges = Money::from_paise(12'575);
    p.closed = moment(7200);
    return p;
}
inline Order sample_order(OrderState state, int64_t filled) {
    Order o;
    o.id = OrderId(11);
    o.intent = IntentId(3);
    o.strategy = StrategyId(1);
    o.position = PositionId(5);
    o.instrument = InstrumentId(9);
    o.state = state;
    o.quantity = Quantity(100);
    o.filled = Quantity(filled);
    o.limit = Price::from_units(1'425'000);
    o.filled_value = Price::from_units(1'423'500) * Quantity(filled);
    o.created = moment(3600);
    o.updated = moment(3605);
    o.client_id = "0190b2c4-0000-8000-8000-00000000000b";
    o.tag = "first";
    o.why = "breakout above 21 700";
    return o;
}

// One record of every kind, as a small session has them.
inline std::vector<Record> small_session(Chain& chain) {
    const std::string option = "NIFTY 2024-01-25 21700 CE";
    std::vector<Record> out;
    const auto add = [&](int64_t second, RecordBody body) {
        std::string text = canonical_text(body);
        out.push_back(chain.link(moment(second), std::move(body), std::move(text)));
    };
    add(0, SessionRecord{"s", "start", "paper", "synthetic"});
    add(0, ScriptRecord{StrategyId(1), "adx_trend", "1.0.0", "4f3a", "loaded", ""});
    add(0, DayRecord{kDay, "open", ""});
    add(10, CategoryRecord{StrategyId(1), "NIFTY", "category", "B", "A", "adx=31.2"});
    add(20, SkipRecord{StrategyId(1), "NIFTY", "ADX below 25", moment(10), moment(20), 4});
    Intent intent;
    intent.id = IntentId(3);
    add(3600, IntentRecord{intent, option, "adx_trend 1.0.0 4f3a", "on_bar NIFTY 5m 2024-01-25T10:10:00+05:30",
                           "tick NIFTY 21700.50", 80});
    add(3600, RiskRecord{IntentId(3), {}, StrategyId(1), option, true, "ok", "lots=2", ""});
    add(3600, OrderRecord{sample_order(OrderState::submitted, 0), OrderState::created, option, ""});
    Fill fill;
    fill.id = FillId(77);
    fill.order = OrderId(11);
    fill.position = PositionId(5);
    fill.quantity = Quantity(100);
    fill.price = Price::from_units(1'423'500);
    fill.charges = Money::from_paise(5'025);
    FillRecord fill_record;
    fill_record.fill = fill;
    fill_record.instrument = option;
    fill_record.ask = fill.price;
    fill_record.brokerage = Money::from_rupees(20);
    add(3605, fill_record);
    add(3605, OrderRecord{sample_order(OrderState::filled, 100), OrderState::submitted, option, "all"});
    add(3605, PositionRecord{sample_position(), option, "opened", ""});
    add(4000, HaltRecord{"vix_level", true, "vix=31", "VIX above 30"});
    add(4100, CommandRecord{"resume", "asha", "", "checked", "done"});
    add(4200, NoteRecord{"warning", "data", "gap of 6 minutes"});
    ExitRecord exit;
    exit.position = PositionId(5);
    exit.instrument = option;
    exit.reason = ExitReason{3, "target", "underlying=21900", "target reached"};
    exit.decided_by = "engine";
    exit.script = "adx_trend 1.0.0 4f3a";
    add(7199, exit);
    add(7200, PositionRecord{closed_position(), option, "closed", ""});
    add(7200, TradeRecord{closed_position(), option, "NIFTY", exit.reason, 1, "2 x 50"});
    add(7300, EquityRecord{Money::from_rupees(1'002'759), Money::from_rupees(2'885), Money::from_paise(12'575),
                           Money::from_paise(275'925), "day end"});
    add(7300, SessionRecord{"s", "end", "paper", ""});
    return out;
}

}  // namespace tide::ledger_samples
