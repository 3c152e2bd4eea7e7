#include "feeds/synthetic_feed.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>
#include <tuple>

#include "core/digest.hpp"
#include "recorded_data.hpp"

namespace tide {
namespace {

using test::calendar;
using test::rules;

const Date kFriday = make_date(2026, 11, 20);

std::unique_ptr<SyntheticFeed> feed_of(const std::string& text, Date date = kFriday) {
    SyntheticSettings settings = parse_synthetic_feed(text).value();
    settings.session_date = date;
    return SyntheticFeed::create(settings, calendar(), rules()).value();
}

struct IndexTick {
    ReceiveTime time;
    double price;
};
// What a session was made of.
struct Session {
    std::map<uint32_t, Instrument> instruments;
    std::map<uint32_t, std::vector<Bar>> daily, minutes;
    std::map<uint32_t, std::vector<IndexTick>> ticks;  // NIFTY, BANKNIFTY, VIX from the open on
    std::vector<std::pair<ReceiveTime, TickEvent>> quotes;
    std::vector<std::pair<ReceiveTime, FeedState>> statuses;
    std::optional<TradingDayEvent> day;
    std::string order;  // kinds of events in the order of their first coming
    size_t events = 0;
    size_t pre_open_ticks = 0;
    bool ascending = true;
};

char letter_of(const Event& event) {
    if (std::holds_alternative<InstrumentEvent>(event.payload)) return 'I';
    if (const auto* bar = std::get_if<BarEvent>(&event.payload)) return bar->bar.timeframe == Timeframe::d1 ? 'd' : 'm';
    if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) return day->history ? 'h' : 'D';
    if (std::holds_alternative<TickEvent>(event.payload)) return 't';
    if (std::holds_alternative<DayEndEvent>(event.payload)) return 'E';
    return 'S';
}

void take_tick(Session& session, const Event& event, const TickEvent& tick) {
    const uint32_t id = tick.instrument.value();
    const ReceiveTime open = at(session.day->date, session.day->sessions[0].open);
    if (event.received < open) {
        ++session.pre_open_ticks;
    } else if (id <= 3) {
        session.ticks[id].push_back({event.received, tick.last.to_double()});
    } else {
        session.quotes.emplace_back(event.received, tick);
    }
}

Session play(SyntheticFeed& feed) {
    Session session;
    ReceiveTime last;
    for (Event event; feed.next(event).value(); ++session.events) {
        session.ascending = session.ascending && event.received >= last;
        last = event.received;
        const char letter = letter_of(event);
        if (session.order.find(letter) == std::string::npos) session.order.push_back(letter);
        if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
            session.instruments[added->instrument.id.value()] = added->instrument;
        } else if (const auto* bar = std::get_if<BarEvent>(&event.payload)) {
            auto& series = bar->bar.timeframe == Timeframe::d1 ? session.daily : session.minutes;
            series[bar->bar.instrument.value()].push_back(bar->bar);
        } else if (const auto* day = std::get_if<TradingDayEvent>(&event.payload)) {
            session.day = *day;
        } else if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
            take_tick(session, event, *tick);
        } else if (const auto* status = std::get_if<FeedStatusEvent>(&event.payload)) {
            session.statuses.emplace_back(event.received, status->state);
        }
    }
    return session;
}
const Session& default_session() {
    static const Session session = play(*feed_of("synthetic"));
    return session;
}

void append(std::string& bytes, std::initializer_list<int64_t> values) {
    for (const int64_t value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
// Of everything that the events say.
std::string digest_of(SyntheticFeed& feed) {
    Sha256 digest;
    std::string bytes;
    for (Event event; feed.next(event).value();) {
        bytes.clear();
        append(bytes, {event.received.time_since_epoch().count(), event.exchange.time_since_epoch().count()});
        if (const auto* tick = std::get_if<TickEvent>(&event.payload)) {
            append(bytes, {tick->instrument.value(), tick->flags, tick->last.units(), tick->bid.units(),
                           tick->ask.units(), tick->bid_quantity, tick->ask_quantity, tick->volume, tick->oi});
        } else if (const auto* bar_event = std::get_if<BarEvent>(&event.payload)) {
            const Bar& bar = bar_event->bar;
            append(bytes, {bar.instrument.value(), bar.flags, bar.start.time_since_epoch().count(), bar.open.units(),
                           bar.high.units(), bar.low.units(), bar.close.units(), bar.volume});
        } else if (const auto* added = std::get_if<InstrumentEvent>(&event.payload)) {
            bytes += added->instrument.symbol;
            append(bytes, {added->instrument.lot.units()});
        }
        digest.update(bytes);
    }
    return to_hex(digest.finish());
}

// The daily bars of one index, without playing the session.
std::vector<Bar> daily_bars(const std::string& text, uint32_t id) {
    auto feed = feed_of(text);
    std::vector<Bar> bars;
    for (Event event; feed->next(event).value() && !std::holds_alternative<TradingDayEvent>(event.payload);) {
        const auto* at_bar = std::get_if<BarEvent>(&event.payload);
        const bool wanted = at_bar != nullptr && at_bar->bar.timeframe == Timeframe::d1;
        if (wanted && at_bar->bar.instrument.value() == id) bars.push_back(at_bar->bar);
    }
    return bars;
}

struct Adx {
    double adx = 0, plus = 0, minus = 0;
};
// Wilder, "New Concepts in Technical Trading Systems", 1978, with 14 bars: sums of the first 14 seed true range and
// movement, the mean of the first 14 DX seeds ADX.
Adx wilder_adx(const std::vector<Bar>& bars) {
    constexpr int kLength = 14;
    double range = 0, plus = 0, minus = 0, dx_sum = 0;
    Adx at;
    for (int i = 1; i < static_cast<int>(bars.size()); ++i) {
        const double high = bars[i].high.to_double(), low = bars[i].low.to_double();
        const double close_before = bars[i - 1].close.to_double();
        const double up = high - bars[i - 1].high.to_double(), down = bars[i - 1].low.to_double() - low;
        const double keep = i <= kLength ? 1.0 : 1.0 - 1.0 / kLength;
        range = range * keep + std::max({high - low, std::fabs(high - close_before), std::fabs(low - close_before)});
        plus = plus * keep + (up > down && up > 0 ? up : 0);
        minus = minus * keep + (down > up && down > 0 ? down : 0);
        if (i < kLength) continue;
        at.plus = 100 * plus / range;
        at.minus = 100 * minus / range;
        const double dx = 100 * std::fabs(at.plus - at.minus) / (at.plus + at.minus);
        if (i < 2 * kLength) dx_sum += dx;
        at.adx = i < 2 * kLength ? dx_sum / kLength : (at.adx * (kLength - 1) + dx) / kLength;
    }
    return at;
}

std::vector<double> log_returns(const std::vector<double>& prices) {
    std::vector<double> returns;
    for (size_t i = 1; i < prices.size(); ++i) returns.push_back(std::log(prices[i] / prices[i - 1]));
    return returns;
}
double mean(const std::vector<double>& x) {
    return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}
double correlation(const std::vector<double>& x, const std::vector<double>& y) {
    const double mx = mean(x), my = mean(y);
    double xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < x.size(); ++i) {
        xy += (x[i] - mx) * (y[i] - my);
        xx += (x[i] - mx) * (x[i] - mx);
        yy += (y[i] - my) * (y[i] - my);
    }
    return xy / std::sqrt(xx * yy);
}
std::vector<double> closes(const std::vector<Bar>& bars) {
    std::vector<double> prices;
    for (const Bar& bar : bars) prices.push_back(bar.close.to_double());
    return prices;
}
// 1-minute returns within each day, overnight steps left out.
std::vector<std::vector<double>> minute_returns(const std::vector<Bar>& bars) {
    std::map<Date, std::vector<double>> by_day;
    for (const Bar& bar : bars) by_day[ist_date(bar.start)].push_back(bar.close.to_double());
    std::vector<std::vector<double>> returns;
    for (const auto& [date, prices] : by_day) returns.push_back(log_returns(prices));
    return returns;
}

TEST(SyntheticFeed, events_come_in_the_documented_order_with_times_that_never_fall) {
    const Session& session = default_session();
    EXPECT_EQ(session.order, "IdhmDtES");
    EXPECT_TRUE(session.ascending);
    EXPECT_EQ(session.day->date, kFriday);
    EXPECT_EQ(session.day->sessions[0].close, hours(15) + minutes(40));
    EXPECT_EQ(session.pre_open_ticks, 4U);
    EXPECT_EQ(session.statuses.back().second, FeedState::ended);
    EXPECT_EQ(session.instruments.at(1).symbol, "NIFTY");
    EXPECT_EQ(session.instruments.at(2).symbol, "BANKNIFTY");
    EXPECT_EQ(session.instruments.at(3).kind, InstrumentKind::volatility_index);
    EXPECT_GT(session.events, 400'000U);
    EXPECT_LT(session.events, 650'000U);
}

TEST(SyntheticFeed, a_year_of_days_and_ten_sessions_of_minutes_warm_a_strategy_up) {
    const Session& session = default_session();
    for (const uint32_t id : {1U, 2U, 3U}) {
        EXPECT_GE(session.daily.at(id).size(), 260U);
        EXPECT_EQ(session.minutes.at(id).size(), 10 * 385U);
        for (const auto* series : {&session.daily.at(id), &session.minutes.at(id)}) {
            for (const Bar& bar : *series) {
                ASSERT_TRUE(bar.consistent());
                ASSERT_TRUE(bar.is_history());
                ASSERT_EQ(bar.has_volume(), id != 3 && bar.timeframe == Timeframe::d1);
                ASSERT_LT(ist_date(bar.start), kFriday);
                ASSERT_TRUE(calendar().day("NSE", ist_date(bar.start)).value().has_value());
            }
        }
    }
}

TEST(SyntheticFeed, contracts_are_those_that_the_exchange_lists) {
    std::map<std::string, std::map<Date, size_t>> listed;
    for (const auto& [id, instrument] : default_session().instruments) {
        if (!instrument.is_option()) continue;
        const std::string underlying = instrument.underlying.value() == 1 ? "NIFTY" : "BANKNIFTY";
        ++listed[underlying][*instrument.expiry];
        EXPECT_EQ(instrument.lot.units(), underlying == "NIFTY" ? 65 : 30);
        EXPECT_EQ(instrument.freeze.units(), underlying == "NIFTY" ? 1800 : 600);
    }
    // 24 November 2026 is a holiday; the monthly of the 23rd is in its last days, so December's is listed besides.
    const size_t strikes = 2 * (2 * (10 + 15) + 1);
    EXPECT_EQ(listed["NIFTY"], (std::map<Date, size_t>{{make_date(2026, 11, 23), strikes},
                                                       {make_date(2026, 12, 1), strikes},
                                                       {make_date(2026, 12, 8), strikes},
                                                       {make_date(2026, 12, 29), strikes}}));
    EXPECT_EQ(listed["BANKNIFTY"],
              (std::map<Date, size_t>{{make_date(2026, 11, 23), strikes}, {make_date(2026, 12, 29), strikes}}));
}

TEST(SyntheticFeed, every_price_is_positive_and_on_its_tick) {
    const Session& session = default_session();
    for (const auto& [time, tick] : session.quotes) {
        const Price step = session.instruments.at(tick.instrument.value()).tick;
        ASSERT_TRUE(tick.last.positive() && on_tick(tick.last, step));
        ASSERT_TRUE(tick.ask.positive() && on_tick(tick.ask, step) && tick.has(kTickHasAsk));
        if (tick.has(kTickHasBid)) {
            ASSERT_TRUE(tick.bid.positive() && on_tick(tick.bid, step));
            ASSERT_LT(tick.bid, tick.ask);
            ASSERT_GT(tick.bid_quantity, 0);
        }
        ASSERT_GT(tick.oi, 0);
    }
    for (const auto& [id, ticks] : session.ticks) {
        const double step = id == 3 ? 0.01 : 0.05;
        for (const IndexTick& tick : ticks) {
            ASSERT_GT(tick.price, 0);
            ASSERT_NEAR(tick.price, std::round(tick.price / step) * step, 1e-7);
        }
    }
}

TEST(SyntheticFeed, the_chain_is_quoted_every_five_seconds_and_volume_never_falls) {
    const Session& session = default_session();
    std::map<uint32_t, ReceiveTime> last;
    std::map<uint32_t, int64_t> volume;
    std::map<int64_t, size_t> gaps_s;
    for (const auto& [time, tick] : session.quotes) {
        const uint32_t id = tick.instrument.value();
        if (last.contains(id)) ++gaps_s[(time - last[id] + milliseconds(500)) / seconds(1)];
        last[id] = time;
        ASSERT_GE(tick.volume, volume[id]);
        volume[id] = tick.volume;
    }
    EXPECT_GT(gaps_s[5], 200'000U);
    EXPECT_LE(gaps_s.rbegin()->first, 61);
}

TEST(SyntheticFeed, put_call_parity_holds_within_the_spread) {
    const Session& session = default_session();
    std::map<uint32_t, double> spot;
    size_t checked = 0;
    size_t next_tick[3] = {0, 0, 0};
    for (size_t i = 0; i + 1 < session.quotes.size(); ++i) {
        const auto& [time, call] = session.quotes[i];
        const TickEvent& put = session.quotes[i + 1].second;
        const Instrument& option = session.instruments.at(call.instrument.value());
        const Instrument& other = session.instruments.at(put.instrument.value());
        const uint32_t underlying = option.underlying.value();
        const auto& ticks = session.ticks.at(underlying);
        size_t& at_tick = next_tick[underlying];
        while (at_tick < ticks.size() && ticks[at_tick].time <= time) spot[underlying] = ticks[at_tick++].price;
        // The index skips a second now and then; then the quote knows a newer price.
        const bool fresh = at_tick > 0 && time - ticks[at_tick - 1].time < seconds(1);
        const bool pair = option.right == OptionRight::call && other.right == OptionRight::put &&
                          option.strike == other.strike && option.expiry == other.expiry;
        if (!fresh || !pair || !call.has(kTickHasBid) || !put.has(kTickHasBid)) continue;
        const ReceiveTime expires = at(*option.expiry, hours(15) + minutes(40));
        const double years = static_cast<double>((expires - time).count()) / (365 * 86'400e9);
        const double forward_value = spot[underlying] - option.strike.to_double() * std::exp(-0.065 * years);
        const double tolerance = 0.0101;  // the quote's clock is a fraction of a second older
        ASSERT_LE((call.bid - put.ask).to_double(), forward_value + tolerance);
        ASSERT_GE((call.ask - put.bid).to_double(), forward_value - tolerance);
        ++checked;
    }
    EXPECT_GT(checked, 100'000U);
}

TEST(SyntheticFeed, spreads_widen_away_from_the_money) {
    const Session& session = default_session();
    double near_share = 0, far_share = 0;
    size_t near_count = 0, far_count = 0;
    const double spot = session.ticks.at(1).front().price;
    for (const auto& [time, tick] : session.quotes) {
        const Instrument& option = session.instruments.at(tick.instrument.value());
        if (option.underlying.value() != 1 || option.right != OptionRight::call || !tick.has(kTickHasBid)) continue;
        const double away = std::fabs(option.strike.to_double() - spot);
        const double share = (tick.ask - tick.bid).to_double() / (tick.ask + tick.bid).to_double();
        if (away < 60) near_share += share, ++near_count;
        if (option.strike.to_double() - spot > 400) far_share += share, ++far_count;
    }
    ASSERT_GT(near_count, 0U);
    ASSERT_GT(far_count, 0U);
    EXPECT_GT(far_share / static_cast<double>(far_count), 1.3 * near_share / static_cast<double>(near_count));
}

TEST(SyntheticFeed, same_seed_gives_the_same_bytes_and_another_seed_others) {
    const std::string first = digest_of(*feed_of("synthetic:5"));
    EXPECT_EQ(first, digest_of(*feed_of("synthetic:5")));
    EXPECT_NE(first, digest_of(*feed_of("synthetic:6")));
    EXPECT_NE(first, digest_of(*feed_of("synthetic:trend:5")));
}

// NIFTY's lowest strike of the first quoted expiry, 25 below the money, and one of its last expiry, which is not
// quoted.
TEST(SyntheticFeed, what_is_wanted_besides_the_own_window_is_quoted_and_the_rest_stays_the_same) {
    const Session& usual = default_session();
    const InstrumentId own = usual.quotes.front().second.instrument;
    std::vector<const Instrument*> options;
    for (const auto& [id, instrument] : usual.instruments) {
        const bool nifty = instrument.is_option() && instrument.underlying == InstrumentId(1);
        if (nifty && *instrument.expiry >= *usual.instruments.at(own.value()).expiry) options.push_back(&instrument);
    }
    const auto before = [](const Instrument* a, const Instrument* b) {
        return std::tie(*a->expiry, a->strike) < std::tie(*b->expiry, b->strike);
    };
    const Instrument& near = **std::min_element(options.begin(), options.end(), before);
    const Instrument& last = **std::max_element(options.begin(), options.end(), before);
    const auto quotes_of = [](const Session& session, const Instrument& contract) {
        return std::count_if(session.quotes.begin(), session.quotes.end(), [&](const auto& quote) {
            const Instrument& other = session.instruments.at(quote.second.instrument.value());
            return other.expiry == contract.expiry && other.strike == contract.strike && other.right == contract.right;
        });
    };
    EXPECT_EQ(quotes_of(usual, near) + quotes_of(usual, last), 0);
    std::vector<InstrumentId> wanted{own, near.id, last.id, InstrumentId(1'000'000)};
    std::sort(wanted.begin(), wanted.end());
    const auto feed = feed_of("synthetic");
    feed->want_contracts(wanted);
    const Session more = play(*feed);
    EXPECT_TRUE(more.ascending);
    const int64_t day_s = (more.day->sessions[0].close - more.day->sessions[0].open) / seconds(1);
    EXPECT_EQ(quotes_of(more, near), day_s / 5);
    EXPECT_EQ(quotes_of(more, last), day_s / 15);
    std::vector<std::pair<ReceiveTime, TickEvent>> rest;
    for (const auto& quote : more.quotes) {
        const Instrument& contract = more.instruments.at(quote.second.instrument.value());
        const auto is = [&](const Instrument& one) {
            return contract.expiry == one.expiry && contract.strike == one.strike &&
                   contract.underlying == one.underlying;
        };
        if (!is(near) && !is(last)) rest.push_back(quote);
    }
    ASSERT_EQ(rest.size(), usual.quotes.size());
    for (size_t i = 0; i < rest.size(); ++i) {
        const TickEvent &a = rest[i].second, &b = usual.quotes[i].second;
        ASSERT_TRUE(rest[i].first == usual.quotes[i].first && a.instrument == b.instrument && a.last == b.last &&
                    a.bid == b.bid && a.ask == b.ask && a.volume == b.volume && a.oi == b.oi)
            << i;
    }
}

// Cont, "Empirical properties of asset returns: stylized facts and statistical issues", 2001.
TEST(SyntheticFeed, returns_have_fat_tails_and_clustered_volatility) {
    double fourth = 0, second = 0;
    size_t count = 0;
    std::vector<double> now, later;
    for (const uint64_t seed : {11U, 12U, 13U, 14U, 15U, 16U}) {
        auto feed = feed_of("synthetic:" + std::to_string(seed));
        const Session session = play(*feed);
        for (const auto& day : minute_returns(session.minutes.at(1))) {
            const double m = mean(day);
            double variance = 0;
            for (const double r : day) variance += (r - m) * (r - m) / static_cast<double>(day.size());
            for (size_t i = 0; i < day.size(); ++i) {
                const double z = (day[i] - m) / std::sqrt(variance);  // within a day: no help from busy and quiet days
                second += z * z;
                fourth += z * z * z * z;
                ++count;
                if (i + 10 < day.size()) {
                    now.push_back(std::fabs(z));
                    later.push_back(std::fabs((day[i + 10] - m) / std::sqrt(variance)));
                }
            }
        }
    }
    const double n = static_cast<double>(count);
    EXPECT_GT(fourth / n / (second / n * second / n), 3.5);
    EXPECT_GT(correlation(now, later), 0.05);  // ten minutes apart
}

TEST(SyntheticFeed, the_two_indices_move_together_and_the_vix_against_them) {
    std::vector<double> nifty, banknifty, vix_change, vix_level, realised;
    for (const uint64_t seed : {21U, 22U, 23U, 24U, 25U, 26U}) {
        auto feed = feed_of("synthetic:" + std::to_string(seed));
        const Session session = play(*feed);
        const auto a = log_returns(closes(session.daily.at(1)));
        const auto b = log_returns(closes(session.daily.at(2)));
        const auto vix = closes(session.daily.at(3));
        const auto v = log_returns(vix);
        nifty.insert(nifty.end(), a.begin(), a.end());
        banknifty.insert(banknifty.end(), b.begin(), b.end());
        vix_change.insert(vix_change.end(), v.begin(), v.end());
        for (size_t i = 20; i < a.size(); ++i) {
            double squares = 0;
            for (size_t k = i - 20; k < i; ++k) squares += a[k] * a[k];
            realised.push_back(std::sqrt(squares / 20 * 252) * 100);
            vix_level.push_back(vix[i]);
        }
        for (const double level : vix) {
            ASSERT_GE(level, 10.9);
            ASSERT_LE(level, 35.1);
        }
    }
    EXPECT_GT(correlation(nifty, banknifty), 0.70);
    EXPECT_LT(correlation(nifty, banknifty), 0.92);
    EXPECT_LT(correlation(nifty, vix_change), -0.5);
    EXPECT_GT(correlation(realised, vix_level), 0.55);
    EXPECT_GT(mean(vix_level), mean(realised));  // the price of insurance
}

// What makes the default seed an example for a follower of trends; held on sessions of both lengths.
TEST(SyntheticFeed, the_default_seed_is_a_clear_trend_that_goes_on_with_pullbacks) {
    for (const Date date : {kFriday, make_date(2026, 7, 15), make_date(2025, 6, 11)}) {
        auto feed = feed_of("synthetic", date);
        const Session session = play(*feed);
        for (const uint32_t id : {1U, 2U}) {
            const auto& daily = session.daily.at(id);
            const Adx adx = wilder_adx(daily);
            EXPECT_GT(adx.adx, 30) << format_date(date);
            EXPECT_GT(adx.plus - adx.minus, 10);
            double volume = 0;
            for (size_t i = daily.size() - 20; i < daily.size(); ++i)
                volume += static_cast<double>(daily[i].volume) / 20;
            EXPECT_GT(static_cast<double>(daily.back().volume), volume);
            const auto& ticks = session.ticks.at(id);
            const auto at_time = [&](Duration time) {
                const ReceiveTime moment = at(date, time);
                return std::find_if(ticks.begin(), ticks.end(), [&](const IndexTick& t) { return t.time >= moment; })
                    ->price;
            };
            EXPECT_GT(at_time(hours(14) + minutes(30)), 1.004 * at_time(hours(10)));
            EXPECT_GT(ticks.back().price, 1.006 * ticks.front().price);
            EXPECT_GT(at_time(hours(12)), at_time(hours(10)));
        }
    }
}

double largest_rise(const std::vector<IndexTick>& ticks, Duration within) {
    double rise = 0;
    size_t first = 0;
    for (size_t i = 0; i < ticks.size(); ++i) {
        while (ticks[i].time - ticks[first].time > within) ++first;
        for (size_t k = first; k < i; k += 10) rise = std::max(rise, ticks[i].price - ticks[k].price);
    }
    return rise;
}

TEST(SyntheticFeed, scenarios_do_what_they_are_named_for) {
    const Session gap = play(*feed_of("synthetic:gap_up"));
    EXPECT_NEAR(gap.ticks.at(1).front().price / gap.daily.at(1).back().close.to_double(), 1.024, 0.002);

    const Session crash = play(*feed_of("synthetic:flash_crash"));
    std::vector<IndexTick> upside_down;
    for (const IndexTick& tick : crash.ticks.at(1)) upside_down.push_back({tick.time, -tick.price});
    EXPECT_GT(largest_rise(upside_down, minutes(5)) / crash.ticks.at(1).front().price, 0.035);

    const Session spike = play(*feed_of("synthetic:vix_spike"));
    EXPECT_GT(largest_rise(spike.ticks.at(3), minutes(5)), 7.0);

    const Session dead = play(*feed_of("synthetic:dead_feed"));
    Duration longest{0};
    for (size_t i = 1; i < dead.ticks.at(1).size(); ++i) {
        longest = std::max(longest, dead.ticks.at(1)[i].time - dead.ticks.at(1)[i - 1].time);
    }
    EXPECT_GE(longest, minutes(12));
    ASSERT_EQ(dead.statuses.size(), 3U);
    EXPECT_EQ(dead.statuses[0], std::pair(at(kFriday, hours(11)), FeedState::down));
    EXPECT_EQ(dead.statuses[1], std::pair(at(kFriday, hours(11) + minutes(12)), FeedState::up));
    EXPECT_TRUE(dead.ascending);
}

TEST(SyntheticFeed, the_expiry_scenario_is_played_on_an_expiry_day) {
    auto feed = feed_of("synthetic:expiry");
    EXPECT_EQ(feed->session_date(), make_date(2026, 11, 23));
    const Session session = play(*feed);
    size_t last_day = 0;
    for (const auto& [time, tick] : session.quotes) {
        last_day += session.instruments.at(tick.instrument.value()).expiry == make_date(2026, 11, 23);
    }
    EXPECT_GT(last_day, 100'000U);
}

TEST(SyntheticFeed, trends_trend_and_ranges_range_for_most_seeds) {
    int trending = 0;
    int ranging = 0;
    for (int seed = 1; seed <= 10; ++seed) {
        trending += wilder_adx(daily_bars("synthetic:trend:" + std::to_string(seed), 1)).adx > 25;
        ranging += wilder_adx(daily_bars("synthetic:range:" + std::to_string(seed), 1)).adx < 25;
    }
    EXPECT_GE(trending, 8);
    EXPECT_GE(ranging, 8);
}

TEST(SyntheticFeed, short_and_divided_sessions_are_played_too) {
    const Session muhurat = play(*feed_of("synthetic", make_date(2025, 10, 21)));
    EXPECT_EQ(muhurat.ticks.at(3).size(), 3600 / 5U);
    const Session drill = play(*feed_of("synthetic", make_date(2024, 5, 18)));
    EXPECT_EQ(drill.ticks.at(3).size(), 105 * 60 / 5U);
    for (const IndexTick& tick : drill.ticks.at(1)) {
        const Duration time = ist_since_midnight(tick.time);
        EXPECT_TRUE(time < hours(10) || (time >= hours(11) + minutes(30) && time < hours(12) + minutes(30)));
    }
}

TEST(SyntheticFeed, closed_days_and_wrong_settings_are_refused) {
    SyntheticSettings settings;
    settings.session_date = make_date(2026, 11, 21);
    const auto closed = SyntheticFeed::create(settings, calendar(), rules());
    ASSERT_FALSE(closed.has_value());
    EXPECT_NE(closed.error().message.find("2026-11-21 is not a trading day (weekend)"), std::string::npos);
    settings.session_date = kFriday;
    settings.chain_strikes = 0;
    EXPECT_FALSE(SyntheticFeed::create(settings, calendar(), rules()).has_value());
}

TEST(SyntheticFeed, the_feed_name_says_seed_and_scenario) {
    EXPECT_EQ(parse_synthetic_feed("synthetic").value().seed, kDefaultSyntheticSeed);
    EXPECT_EQ(parse_synthetic_feed("synthetic:42").value().seed, 42U);
    EXPECT_EQ(parse_synthetic_feed("synthetic:vix_spike").value().scenario, SyntheticScenario::vix_spike);
    EXPECT_EQ(parse_synthetic_feed("synthetic:gap_up:9").value().seed, 9U);
    EXPECT_EQ(parse_synthetic_feed("synthetic:gap_up:9").value().scenario, SyntheticScenario::gap_up);
    for (const char* bad :
         {"synthetic:", "synthetic:x", "synthetic:9:gap_up", "synth", "synthetic:-1", "synthetic:1:2"}) {
        EXPECT_FALSE(parse_synthetic_feed(bad).has_value()) << bad;
    }
    EXPECT_EQ(feed_of("synthetic:trend:3")->describe(),
              "synthetic market, scenario trend, seed 3, one session of 2026-11-20");
}

}  // namespace
}  // namespace tide
