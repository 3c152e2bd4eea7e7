#include "risk/risk_gate.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <limits>
#include <set>
#include <sstream>

#include "risk_world.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using namespace tide::testing;

// One line a check: a world just inside its limit, where the entry passes, and the same just beyond, where it is
// refused with that code. A check that is switched off fails its line.
struct EntryCase {
    RiskCode code;
    const char* what;
    std::function<void(World&)> inside;
    std::function<void(World&)> beyond;
    double equity = 2'500'000;
};

void small_price(World& w) {
    w.tick(quote_tick(kCall, 1, 0.95, 1.05));
    w.intent.limit = rupees(1);
}
// Switches off the size limits that would speak first.
void any_size(World& w) {
    w.risk.position_size_pct = w.risk.trade_loss_pct = w.risk.underlying_exposure_pct = 1'000;
    w.risk.max_delta_pct = w.risk.max_vega_pct = w.risk.max_gamma_pct = w.risk.max_theta_pct = 1e9;
}
void any_mix(World& w) {
    w.risk.same_direction_pct = w.risk.same_sector_pct = 100;
    w.risk.two_expiries_from = 100;
}
void overfill(World& w, InstrumentId id, int64_t quantity) {
    const OrderId order = w.order(id, Side::buy, OrderPurpose::entry);
    OrderUpdateEvent fill;
    fill.order = order;
    fill.kind = OrderUpdateKind::filled;
    fill.quantity = Quantity(quantity);
    fill.price = rupees(100);
    fill.fill = FillId(1);
    w.desk.on_update(fill, w.now);
}
void note(World& w, int64_t lots, Duration ago, ExchangeTime bar = ExchangeTime()) {
    Intent earlier = w.intent;
    earlier.lots = lots;
    earlier.decision_bar = bar;
    w.gate.note_accepted(earlier, w.now - ago);
}
ExchangeTime stamp_of(int hour, int minute) { return as_exchange_time(time_of(hour, minute)); }
void repeat_nifty(World& w, int seconds_long) {
    for (int i = 0; i < seconds_long; ++i) {
        w.quality.on_tick(w.now - seconds(seconds_long - 1 - i), ExchangeTime(), last_tick(kNifty, 24'500));
    }
}
// A tick a second for 100 seconds, then one after `hole` seconds, now.
void ticks_with_hole(World& w, int hole) {
    for (int i = 0; i < 100; ++i) {
        w.quality.on_tick(w.now - seconds(hole + 99 - i), ExchangeTime(), last_tick(kCall, 100 + i % 3));
    }
    w.quality.on_tick(w.now, ExchangeTime(), last_tick(kCall, 100));
}
// NIFTY once a second up to now, with silences of 20 s (15 s are too long) between.
void nifty_with_silences(World& w, int silences) {
    w.data.missing_refuse_pct = 100;
    ReceiveTime at = w.now - seconds(silences * 50 + 49);
    for (int run = 0; run <= silences; ++run) {
        for (int i = 0; i < (run == silences ? 50 : 30); ++i) {
            w.quality.on_tick(at, ExchangeTime(), last_tick(kNifty, 24'500 + i % 3));
            at += seconds(1);
        }
        at += seconds(19) + (run == silences ? seconds(0) : seconds(1));
    }
}
void move_nifty(World& w, double price) {
    for (int i = 0; i < 24; ++i) w.tick(last_tick(kNifty, 24'500 + i % 2));
    w.tick(last_tick(kNifty, 24'500));
    w.tick(last_tick(kNifty, price));
}
void open_nifty(World& w, double previous_close) {
    w.data.gap_mode_min = 240;  // entries begin at 10:00
    Bar daily;
    daily.instrument = kNifty;
    daily.timeframe = Timeframe::d1;
    daily.flags = kBarHistory;
    daily.start = as_exchange_time(at(kDay - std::chrono::days(3), hours(9) + minutes(15)));
    daily.open = daily.high = daily.low = daily.close = rupees(previous_close);
    w.gaps.on_bar(time_of(9, 0), daily);
    w.gaps.on_tick(w.now, last_tick(kNifty, 24'500));
}
void two_entries(World& w) {
    any_size(w);
    w.risk.margin_entry_pct = 1'000;
    w.order(kBankPut, Side::buy, OrderPurpose::entry);
    w.order(kBankPut, Side::buy, OrderPurpose::entry);
}
const ExchangeTime kBar = as_exchange_time(time_of(10, 59));
void nothing(World&) {}

const std::vector<EntryCase>& entry_cases() {
    static const std::vector<EntryCase> cases{
        {RiskCode::unknown_instrument, "", nothing, [](World& w) { w.intent.instrument = InstrumentId(99); }},
        {RiskCode::not_tradable, "index", nothing, [](World& w) { w.intent.instrument = kNifty; }},
        {RiskCode::not_tradable, "VIX", nothing, [](World& w) { w.intent.instrument = kVix; }},
        {RiskCode::contract_expired, "", nothing, [](World& w) { w.intent.instrument = kExpired; }},
        {RiskCode::bad_lots, "", [](World& w) { w.intent.lots = 1; }, [](World& w) { w.intent.lots = 0; }},
        {RiskCode::bad_lots, "negative", nothing, [](World& w) { w.intent.lots = -5; }},
        {RiskCode::freeze_below_lot, "", nothing, [](World& w) { w.intent.instrument = kTinyFreeze; }},
        {RiskCode::bad_limit, "", nothing, [](World& w) { w.intent.limit = Price(); }},
        {RiskCode::off_tick, "", [](World& w) { w.intent.limit = rupees(100.05); },
         [](World& w) { w.intent.limit = rupees(100.03); }},
        {RiskCode::bad_levels, "stop", [](World& w) { w.intent.stop = rupees(24'499.95); },
         [](World& w) { w.intent.stop = rupees(24'500); }},
        {RiskCode::bad_levels, "target", [](World& w) { w.intent.target = rupees(24'500.05); },
         [](World& w) { w.intent.target = rupees(24'500); }},
        {RiskCode::bad_levels, "percent", [](World& w) { w.intent.target_pct = 3; },
         [](World& w) { w.intent.target_pct = 0; }},
        {RiskCode::bad_levels, "not a number", nothing,
         [](World& w) { w.intent.stop_pct = std::numeric_limits<double>::quiet_NaN(); }},
        {RiskCode::no_stop, "", [](World& w) { w.intent.cover = true; },
         [](World& w) {
             w.intent.cover = true;
             w.intent.stop.reset();
         }},
        {RiskCode::bad_levels, "stop on the premium at 100", [](World& w) { w.intent.premium.stop = rupees(99.95); },
         [](World& w) { w.intent.premium.stop = rupees(100); }},
        {RiskCode::bad_levels, "target on the premium", [](World& w) { w.intent.premium.target = rupees(100.05); },
         [](World& w) { w.intent.premium.target = rupees(100); }},
        {RiskCode::bad_levels, "both of one", [](World& w) { w.intent.premium.stop_pct = 30; },
         [](World& w) {
             w.intent.premium.stop_pct = 30;
             w.intent.premium.stop = rupees(70);
         }},
        {RiskCode::bad_levels, "trail", [](World& w) { w.intent.trail_stop_pct = 99; },
         [](World& w) { w.intent.trail_stop_pct = 100; }},
        {RiskCode::bad_terms, "more shown than there is",
         [](World& w) {
             w.intent.lots = 5;
             w.intent.terms.display_lots = 5;
         },
         [](World& w) {
             w.intent.lots = 5;
             w.intent.terms.display_lots = 6;
         }},
        {RiskCode::bad_terms, "slices without their time",
         [](World& w) {
             w.intent.lots = 4;
             w.intent.terms.algo = SliceAlgo::twap;
             w.intent.terms.slices = 4;
             w.intent.terms.over_min = 10;
         },
         [](World& w) {
             w.intent.lots = 4;
             w.intent.terms.algo = SliceAlgo::twap;
             w.intent.terms.slices = 4;
         }},
        {RiskCode::trigger_side, "buy stop", [](World& w) { w.intent.terms.trigger = rupees(100.05); },
         [](World& w) { w.intent.terms.trigger = rupees(100); }},
        {RiskCode::trigger_side, "sell stop",
         [](World& w) {
             w.intent.side = Side::sell;
             w.intent.terms.trigger = rupees(99.95);
         },
         [](World& w) {
             w.intent.side = Side::sell;
             w.intent.terms.trigger = rupees(100);
         }},
        {RiskCode::trigger_side, "a put below its underlying",
         [](World& w) {
             w.intent.instrument = kPut;
             w.intent.terms.trigger_on = TriggerOn::underlying;
             w.intent.terms.trigger = rupees(24'499.95);
         },
         [](World& w) {
             w.intent.instrument = kPut;
             w.intent.terms.trigger_on = TriggerOn::underlying;
             w.intent.terms.trigger = rupees(24'500.05);
         }},
        {RiskCode::bad_good_till, "at 11:00, until 11:01, until 11:00",
         [](World& w) {
             w.intent.terms.good_till = GoodTill::time;
             w.intent.terms.good_till_minute = 11 * 60 + 1;
         },
         [](World& w) {
             w.intent.terms.good_till = GoodTill::time;
             w.intent.terms.good_till_minute = 11 * 60;
         }},
        {RiskCode::bad_good_till, "its expiry, the day after",
         [](World& w) {
             w.intent.terms.good_till = GoodTill::date;
             w.intent.terms.good_till_date = make_date(2026, 8, 25);
         },
         [](World& w) {
             w.intent.terms.good_till = GoodTill::date;
             w.intent.terms.good_till_date = make_date(2026, 8, 26);
         }},
        {RiskCode::after_entry_window, "an entry for the next day",
         [](World& w) {
             w.intent.terms.after_market = true;
             w.at_time(15, 0);
         },
         [](World& w) {
             w.intent.terms.display_lots = 1;
             w.at_time(15, 0);
         }},
        {RiskCode::too_many_parents, "",
         [](World& w) {
             w.orders.max_parents = 2;
             w.intent.terms.display_lots = 1;
             w.hold(IntentId(1));
         },
         [](World& w) {
             w.orders.max_parents = 2;
             w.intent.terms.display_lots = 1;
             w.hold(IntentId(1));
             w.hold(IntentId(2));
         }},
        {RiskCode::kill_switch, "", nothing,
         [](World& w) { w.halts.raise(HaltKind::kill_switch, w.now, "", "operator"); }},
        {RiskCode::halted, "", nothing, [](World& w) { w.halts.raise(HaltKind::paused, w.now, "", "operator"); }},
        {RiskCode::manual_mode, "of a script", nothing, [](World& w) { w.manual_mode = true; }},
        {RiskCode::market_closed, "before the open", nothing, [](World& w) { w.at_time(9, 14, 59); }},
        {RiskCode::market_closed, "after the close", nothing, [](World& w) { w.at_time(15, 40); }},
        {RiskCode::before_entry_window, "", [](World& w) { w.at_time(10, 0); }, [](World& w) { w.at_time(9, 59, 59); }},
        {RiskCode::after_entry_window, "", [](World& w) { w.at_time(14, 29, 59); },
         [](World& w) { w.at_time(14, 30); }},
        {RiskCode::near_close, "",
         [](World& w) {
             w.risk.entry_until = std::chrono::hours(15) + minutes(30);
             w.at_time(15, 9, 59);
         },
         [](World& w) {
             w.risk.entry_until = std::chrono::hours(15) + minutes(30);
             w.at_time(15, 10);
         }},
        {RiskCode::near_expiry, "", [](World& w) { w.intent.instrument = kFourDays; },
         [](World& w) { w.intent.instrument = kThreeDays; }},
        {RiskCode::no_quote, "", nothing, [](World& w) { w.intent.instrument = kUnquoted; }},
        {RiskCode::model_price, "",
         [](World& w) {
             w.prices.use_option_model({});
             w.allow_model_prices = true;
             w.intent.instrument = kUnquoted;
             w.intent.limit.reset();
         },
         [](World& w) {
             w.prices.use_option_model({});
             w.intent.instrument = kUnquoted;
             w.intent.limit.reset();
         }},
        {RiskCode::data_frozen, "a stamp that stands for 90 s, for 120 s",
         [](World& w) { w.stamped(kCall, 4, seconds(30), [](ReceiveTime) { return stamp_of(10, 58); }); },
         [](World& w) { w.stamped(kCall, 5, seconds(30), [](ReceiveTime) { return stamp_of(10, 58); }); }},
        {RiskCode::data_frozen, "an index without stamps that repeats itself", [](World& w) { repeat_nifty(w, 120); },
         [](World& w) { repeat_nifty(w, 121); }},
        {RiskCode::data_skewed, "stamps 10 s behind, 11 s behind",
         [](World& w) {
             w.stamped(kBank, 6, seconds(1), [](ReceiveTime t) { return as_exchange_time(t - seconds(10)); });
         },
         [](World& w) {
             w.stamped(kBank, 6, seconds(1), [](ReceiveTime t) { return as_exchange_time(t - seconds(11)); });
         }},
        {RiskCode::data_skewed, "stamps ahead",
         [](World& w) {
             w.stamped(kBank, 6, seconds(1), [](ReceiveTime t) { return as_exchange_time(t + seconds(10)); });
         },
         [](World& w) {
             w.stamped(kBank, 6, seconds(1), [](ReceiveTime t) { return as_exchange_time(t + seconds(11)); });
         }},
        // A tick a second is 300 in five minutes: 29 and 30 of them did not come.
        {RiskCode::data_missing, "9.7 %, 10 % of five minutes", [](World& w) { ticks_with_hole(w, 30); },
         [](World& w) { ticks_with_hole(w, 31); }},
        {RiskCode::data_gaps, "two, three silences in a quarter of an hour",
         [](World& w) { nifty_with_silences(w, 2); }, [](World& w) { nifty_with_silences(w, 3); }},
        {RiskCode::price_suspect, "0.49 %, 0.53 % from the last price, after 24 quiet ones",
         [](World& w) { move_nifty(w, 24'620); }, [](World& w) { move_nifty(w, 24'630); }},
        {RiskCode::gap_mode, "opened 1.66 %, 2.08 % from the previous close", [](World& w) { open_nifty(w, 24'100); },
         [](World& w) { open_nifty(w, 24'000); }},
        {RiskCode::stale_quote, "",
         [](World& w) {
             w.now += seconds(60);
             w.tick(last_tick(kNifty, 24'500));
         },
         [](World& w) {
             w.now += seconds(61);
             w.tick(last_tick(kNifty, 24'500));
         }},
        {RiskCode::stale_quote, "held",
         [](World& w) {
             w.risk.max_per_underlying = 3;
             w.open(kCall);
             w.now += seconds(5);
         },
         [](World& w) {
             w.risk.max_per_underlying = 3;
             w.open(kCall);
             w.now += seconds(6);
         }},
        {RiskCode::stale_underlying, "",
         [](World& w) {
             w.now += seconds(60);
             w.tick(quote_tick(kCall, 100, 99.5, 100.5));
         },
         [](World& w) {
             w.now += seconds(61);
             w.tick(quote_tick(kCall, 100, 99.5, 100.5));
         }},
        {RiskCode::vix_stale, "",
         [](World& w) {
             w.now += minutes(5);
             w.tick(last_tick(kNifty, 24'500));
             w.tick(last_tick(kCall, 100));
         },
         [](World& w) {
             w.now += minutes(5) + seconds(1);
             w.tick(last_tick(kNifty, 24'500));
             w.tick(last_tick(kCall, 100));
         }},
        {RiskCode::vix_high, "", [](World& w) { w.tick(last_tick(kVix, 30)); },
         [](World& w) { w.tick(last_tick(kVix, 30.01)); }},
        {RiskCode::low_open_interest, "",
         [](World& w) {
             auto t = quote_tick(kCall, 100, 99.5, 100.5);
             t.oi = 500;
             t.flags |= kTickHasOi;
             w.tick(t);
         },
         [](World& w) {
             auto t = quote_tick(kCall, 100, 99.5, 100.5);
             t.oi = 499;
             t.flags |= kTickHasOi;
             w.tick(t);
         }},
        {RiskCode::limit_far_from_last, "above", [](World& w) { w.intent.limit = rupees(105); },
         [](World& w) { w.intent.limit = rupees(105.05); }},
        {RiskCode::limit_far_from_last, "below", [](World& w) { w.intent.limit = rupees(95); },
         [](World& w) { w.intent.limit = rupees(94.95); }},
        {RiskCode::max_lots, "",
         [](World& w) {
             small_price(w);
             w.intent.lots = 100;
         },
         [](World& w) {
             small_price(w);
             w.intent.lots = 101;
         },
         1e9},
        // 100 x 65 = 6500 a lot: 76 lots are 494000, 77 are 500500.
        {RiskCode::max_value, "", [](World& w) { w.intent.lots = 76; }, [](World& w) { w.intent.lots = 77; }, 1e9},
        {RiskCode::unusual_size, "",
         [](World& w) {
             small_price(w);
             for (int i = 0; i < 5; ++i) note(w, 1, hours(1));
             w.intent.lots = 10;
         },
         [](World& w) {
             small_price(w);
             for (int i = 0; i < 5; ++i) note(w, 1, hours(1));
             w.intent.lots = 11;
         }},
        {RiskCode::duplicate_intent, "in a minute", [](World& w) { note(w, 1, seconds(60)); },
         [](World& w) { note(w, 1, milliseconds(59'999)); }},
        {RiskCode::duplicate_intent, "same bar",
         [](World& w) {
             note(w, 1, minutes(5), kBar);
             w.intent.decision_bar = kBar + minutes(1);
         },
         [](World& w) {
             note(w, 1, minutes(5), kBar);
             w.intent.decision_bar = kBar;
         }},
        {RiskCode::instrument_blocked, "", [](World& w) { overfill(w, kPut, 130); },
         [](World& w) { overfill(w, kCall, 130); }},
        {RiskCode::opposite_position, "",
         [](World& w) {
             w.risk.max_per_underlying = 2;
             w.open(kCall);
         },
         [](World& w) {
             w.risk.max_per_underlying = 2;
             w.open(kCall, Side::sell, 65, 100);
         }},
        {RiskCode::self_trade, "", nothing, [](World& w) { w.order(kCall, Side::sell, OrderPurpose::exit); }},
        {RiskCode::pending_order, "", nothing, [](World& w) { w.order(kCall, Side::buy, OrderPurpose::exit); }},
        {RiskCode::queue_full, "",
         [](World& w) {
             w.orders.max_queue = 2;
             w.orders.messages_per_second = 1;
             w.order(kPut, Side::sell, OrderPurpose::exit);
             w.order(kPut, Side::sell, OrderPurpose::exit);
         },
         [](World& w) {
             w.orders.max_queue = 1;
             w.orders.messages_per_second = 1;
             w.order(kPut, Side::sell, OrderPurpose::exit);
             w.order(kPut, Side::sell, OrderPurpose::exit);
         }},
        // 3 % of 2500000 is 75000; 5 % of it 125000.
        {RiskCode::daily_loss, "", [](World& w) { w.lose(74'999); }, [](World& w) { w.lose(75'000); }},
        {RiskCode::drawdown, "",
         [](World& w) {
             w.risk.day_loss_pct = 100;
             w.lose(-100'000);
             w.lose(129'999);
         },
         [](World& w) {
             w.risk.day_loss_pct = 100;
             w.lose(-100'000);
             w.lose(130'000);
         }},
        {RiskCode::losing_streak, "",
         [](World& w) {
             w.lose(1);
             w.lose(1);
         },
         [](World& w) {
             w.lose(1);
             w.lose(1);
             w.lose(1);
         }},
        {RiskCode::max_positions, "",
         [](World& w) {
             any_mix(w);
             w.open(kBankCall);
             w.open(kMidPut);
         },
         [](World& w) {
             any_mix(w);
             w.open(kBankCall);
             w.open(kMidPut);
             w.open(kSensexPut);
         }},
        {RiskCode::max_positions, "being opened",
         [](World& w) {
             any_mix(w);
             w.open(kBankCall);
             w.order(kMidPut, Side::buy, OrderPurpose::entry);
         },
         [](World& w) {
             any_mix(w);
             w.open(kBankCall);
             w.order(kMidPut, Side::buy, OrderPurpose::entry);
             w.order(kSensexPut, Side::buy, OrderPurpose::entry, PositionId(901));
         }},
        {RiskCode::max_per_underlying, "",
         [](World& w) {
             w.risk.max_per_underlying = 2;
             w.open(kPut);
         },
         [](World& w) { w.open(kPut); }},
        {RiskCode::same_direction, "",
         [](World& w) {
             w.open(kBankPut);
             w.open(kMidCall);
         },
         [](World& w) {
             w.open(kBankCall);
             w.open(kMidCall);
         }},
        {RiskCode::same_sector, "",
         [](World& w) {
             w.open(kBankCall);
             w.open(kMidPut);
         },
         [](World& w) {
             w.open(kBankCall);
             w.open(kSensexPut);
         }},
        {RiskCode::one_expiry, "",
         [](World& w) {
             any_mix(w);
             w.risk.two_expiries_from = 3;
             w.open(kBankCallLater);
             w.open(kBankPut);
         },
         [](World& w) {
             any_mix(w);
             w.risk.two_expiries_from = 3;
             w.open(kBankCall);
             w.open(kBankPut);
         }},
        // 2.5 % of 2500000 is 62500: nine lots of 6500, not ten. The stop is so near that the loss does not matter.
        {RiskCode::position_size, "",
         [](World& w) {
             w.intent.stop = rupees(24'475);
             w.intent.lots = 9;
         },
         [](World& w) {
             w.intent.stop = rupees(24'475);
             w.intent.lots = 10;
         }},
        // 1 % is 25000. Without a stop a lot may lose its 6500: three, not four.
        {RiskCode::trade_loss, "no stop",
         [](World& w) {
             w.intent.stop.reset();
             w.intent.lots = 3;
         },
         [](World& w) {
             w.intent.stop.reset();
             w.intent.lots = 4;
         }},
        // 1 % of 24500 is 245; half of it, 122.50, is more than half the premium, so 50 x 65 = 3250 a lot: seven, not
        // eight.
        {RiskCode::trade_loss, "stop", [](World& w) { w.intent.lots = 7; }, [](World& w) { w.intent.lots = 8; }},
        // 90 points: 45 x 65 = 2925 a lot: eight, not nine.
        {RiskCode::trade_loss, "near stop",
         [](World& w) {
             w.intent.stop = rupees(24'410);
             w.intent.lots = 8;
         },
         [](World& w) {
             w.intent.stop = rupees(24'410);
             w.intent.lots = 9;
         }},
        // 20 % is 500000; 455000 are held: six lots of 6500 more, not seven.
        {RiskCode::underlying_exposure, "",
         [](World& w) {
             any_size(w);
             w.risk.underlying_exposure_pct = 20;
             w.risk.max_per_underlying = 2;
             w.open(kPut, Side::buy, 6'500, 70);
             w.intent.lots = 6;
         },
         [](World& w) {
             any_size(w);
             w.risk.underlying_exposure_pct = 20;
             w.risk.max_per_underlying = 2;
             w.open(kPut, Side::buy, 6'500, 70);
             w.intent.lots = 7;
         }},
        // At the money the delta is about a half: a lot is worth about 0.51 x 24500 x 65 = 812000, 32 % of equity.
        {RiskCode::delta_limit, "", [](World& w) { w.risk.max_delta_pct = 40; },
         [](World& w) {
             w.risk.max_delta_pct = 40;
             w.intent.lots = 2;
         }},
        // Vega of 22 days at the money: 24500 x sqrt(22.2/365) x 0.3989 / 100 = 24.1 a unit, 1566 a lot, 0.063 % of
        // equity.
        {RiskCode::vega_limit, "", [](World& w) { w.risk.max_vega_pct = 0.1; },
         [](World& w) {
             w.risk.max_vega_pct = 0.1;
             w.intent.lots = 2;
         }},
        // Gamma there: 0.3989 / (24500 x 0.14 x sqrt(22.2/365)) = 0.000472; 1 % of the underlying changes the delta's
        // value by 0.000472 x 24500^2 / 100 = 2831 a unit, 184000 a lot, 7.4 % of equity.
        {RiskCode::gamma_limit, "", [](World& w) { w.risk.max_gamma_pct = 10; },
         [](World& w) {
             w.risk.max_gamma_pct = 10;
             w.intent.lots = 2;
         }},
        // Theta there: 24500 x 0.3989 x 0.14 / (2 x sqrt(22.2/365) x 365) = 7.6 a unit and day (9.8 with the interest
        // on half the strike), 490 to 640 a lot, 0.020 to 0.026 % of equity.
        {RiskCode::theta_limit, "", [](World& w) { w.risk.max_theta_pct = 0.03; },
         [](World& w) {
             w.risk.max_theta_pct = 0.03;
             w.intent.lots = 2;
         }},
        {RiskCode::no_charges, "", nothing, [](World& w) { w.charges = ChargeTable(); }},
        {RiskCode::cash, "",
         [](World& w) {
             any_size(w);
             w.risk.margin_entry_pct = 1'000;
         },
         [](World& w) {
             any_size(w);
             w.risk.margin_entry_pct = 1'000;
             w.intent.lots = 2;
         },
         6'500},
        // Two orders of one entry at 101.05 (ask 100.50 + 0.5 %, up to the tick) reserve 2 x 6568.25; 19636.50 -
        // 13136.50 = 6500.
        {RiskCode::cash, "reserved by live entries", [](World& w) { two_entries(w); },
         [](World& w) {
             two_entries(w);
             w.intent.limit = rupees(100.05);
         },
         19'636.5},
        {RiskCode::margin, "", [](World& w) { any_size(w); },
         [](World& w) {
             any_size(w);
             w.intent.limit = rupees(100.05);
         },
         9'286},
    };
    return cases;
}

TEST(RiskGate, the_plain_entry_passes) {
    World w;
    const RiskVerdict verdict = w.evaluate();
    EXPECT_TRUE(verdict.passed()) << name_of(verdict.code) << ": " << verdict.text;
}

TEST(RiskGate, every_check_passes_just_inside_its_limit_and_refuses_just_beyond) {
    for (const EntryCase& c : entry_cases()) {
        SCOPED_TRACE(std::string(name_of(c.code)) + " " + c.what);
        World inside(c.equity);
        c.inside(inside);
        const RiskVerdict in = inside.evaluate();
        EXPECT_EQ(name_of(in.code), "ok") << in.text << " (" << in.values << ")";
        World beyond(c.equity);
        c.beyond(beyond);
        const RiskVerdict out = beyond.evaluate();
        EXPECT_EQ(name_of(out.code), name_of(c.code)) << out.text << " (" << out.values << ")";
        EXPECT_FALSE(out.text.empty());
    }
}

TEST(RiskGate, missing_prices_of_underlying_and_vix_refuse) {
    World w;
    MarketPrices bare;
    for (const Instrument& instrument : wider_market())
        bare.on_event(event_at(time_of(9, 0), InstrumentEvent{instrument}));
    bare.on_event(event_at(w.now, quote_tick(kCall, 100, 99.5, 100.5)));
    const auto evaluate = [&] {
        return w.gate.evaluate(w.intent, {w.now, bare, w.portfolio, w.desk, w.hours, w.halts, w.charges, false, false});
    };
    EXPECT_EQ(evaluate().code, RiskCode::no_underlying_price);
    bare.on_event(event_at(w.now, last_tick(kNifty, 24'500)));
    EXPECT_EQ(evaluate().code, RiskCode::vix_missing);
    bare.on_event(event_at(w.now, last_tick(kVix, 14)));
    EXPECT_EQ(evaluate().code, RiskCode::ok);
}

TEST(RiskGate, a_daily_vix_holds_for_its_day_over_history_only) {
    World w;
    auto daily = last_tick(kVix, 14);
    daily.flags |= kTickDailyValue;
    w.now = time_of(9, 15);
    w.tick(daily);
    w.now = time_of(11, 0);
    EXPECT_EQ(w.evaluate().code, RiskCode::vix_stale);
    w.over_history = true;
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
}

TEST(RiskGate, every_code_has_a_test) {
    std::set<RiskCode> tested{
        RiskCode::ok, RiskCode::no_underlying_price, RiskCode::vix_missing, RiskCode::unknown_position,
        RiskCode::not_your_position, RiskCode::bad_fraction, RiskCode::exit_in_progress, RiskCode::bad_level,
        RiskCode::stop_against_position, RiskCode::unknown_order, RiskCode::not_your_order,
        // strategy_limits_test.cpp, group_risk_test.cpp
        RiskCode::strategy_loss, RiskCode::strategy_positions, RiskCode::strategy_margin, RiskCode::bad_group,
        RiskCode::unknown_group, RiskCode::not_your_group, RiskCode::leg_of_group};
    for (const EntryCase& c : entry_cases()) tested.insert(c.code);
    for (int i = 0; i <= static_cast<int>(RiskCode::not_your_order); ++i) {
        EXPECT_TRUE(tested.contains(static_cast<RiskCode>(i))) << name_of(static_cast<RiskCode>(i));
    }
}

TEST(RiskGate, a_limit_on_size_says_how_many_lots_would_pass) {
    World w;
    w.intent.lots = 8;
    const RiskVerdict refused = w.evaluate();
    EXPECT_EQ(refused.code, RiskCode::trade_loss);
    ASSERT_TRUE(refused.max_lots);
    EXPECT_EQ(*refused.max_lots, 7);
    EXPECT_NE(refused.values.find("max_lots=7"), std::string::npos) << refused.values;
    w.intent.lots = *refused.max_lots;
    EXPECT_TRUE(w.evaluate().passed());
}

// Limited mode: half of 62500 is 31250, four lots of 6500; and one position.
TEST(RiskGate, limited_mode_halves_the_size_and_allows_one_position) {
    World w;
    w.halts.raise(HaltKind::kill_switch, w.now, "", "operator");
    w.halts.resume(w.now);
    w.intent.lots = 4;
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
    w.intent.lots = 5;
    EXPECT_EQ(w.evaluate().code, RiskCode::position_size);
    w.intent.lots = 1;
    w.open(kBankPut);
    EXPECT_EQ(w.evaluate().code, RiskCode::max_positions);
}

TEST(RiskGate, a_strategy_may_be_allowed_a_pyramid) {
    World w;
    w.open(kCall);
    EXPECT_EQ(w.evaluate().code, RiskCode::max_per_underlying);
    w.limits_of_one().max_per_underlying = 3;
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
    w.limits_of_one().exit_before_expiry_days = 30;
    EXPECT_EQ(w.evaluate().code, RiskCode::near_expiry);
}

TEST(RiskGate, a_market_that_never_closes_has_no_entry_window) {
    World w;
    TradingDayEvent day;
    day.date = kDay;
    day.session_count = 1;
    day.sessions[0] = {Duration(0), std::chrono::hours(24)};
    day.calendar = "NSE";
    w.hours.on_day(day);
    w.at_time(3, 0);
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
}

TEST(RiskGate, an_entry_that_earns_by_time_passes_the_theta_limit) {
    World w;
    any_size(w);
    w.risk.max_theta_pct = 0.001;
    w.intent.side = Side::sell;
    w.intent.stop.reset();
    EXPECT_NE(w.evaluate().code, RiskCode::theta_limit);
}

TEST(RiskGate, an_entry_that_hedges_passes_the_delta_limit) {
    World w;
    w.risk.max_delta_pct = 40;
    w.risk.max_per_underlying = 2;
    w.open(kCall, Side::buy, 130);
    w.intent.instrument = kPut;
    w.intent.stop = rupees(24'745);
    EXPECT_EQ(w.evaluate().code, RiskCode::ok);
}

TEST(RiskCodes, the_page_in_docs_is_current) {
    std::ifstream file(source_dir() / "docs/risk-codes.md");
    std::ostringstream text;
    text << file.rdbuf();
    EXPECT_EQ(text.str(), risk_code_table_markdown());
}

}  // namespace
}  // namespace tide
