#include "app/scripted_tape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "market/instruments.hpp"

namespace tide {
namespace {

constexpr Duration kMinute = minutes(1);
constexpr Duration kDayStartBeforeOpen = minutes(15);
constexpr Duration kDayEndAfterClose = minutes(1);
constexpr std::string_view kFeedName = "scripted";
constexpr std::array<Duration, 4> kPathTimes{seconds(0), seconds(20), seconds(40), seconds(59)};

// As a replay plays a bar: open, the nearer extreme, the other one, close.
std::array<Price, 4> path_of(const ScriptedBar& bar) {
    const bool low_first = bar.open - bar.low < bar.high - bar.open;
    return {bar.open, low_first ? bar.low : bar.high, low_first ? bar.high : bar.low, bar.close};
}

// A bar of `count` minutes as that many bars whose sum it is: straight lines from open over the extremes to the close.
std::vector<ScriptedBar> in_minutes(const ScriptedBar& bar, size_t count, Price tick) {
    if (count == 1) return {bar};
    const auto corner = path_of(bar);
    const std::array<size_t, 4> at{0, std::max<size_t>(1, count / 3), std::max<size_t>(1, count * 2 / 3), count};
    std::vector<Price> points(count + 1);
    for (size_t leg = 0; leg + 1 < at.size(); ++leg) {
        for (size_t i = at[leg]; i <= at[leg + 1]; ++i) {
            const auto length = static_cast<double>(std::max<size_t>(1, at[leg + 1] - at[leg]));
            const double share = static_cast<double>(i - at[leg]) / length;
            const double from = corner[leg].to_double(), to = corner[leg + 1].to_double();
            points[i] = round_to_nearest_tick(Price::from_double(from + (to - from) * share), tick);
        }
        points[at[leg]] = corner[leg];
    }
    points[count] = bar.close;
    std::vector<ScriptedBar> made;
    for (size_t i = 0; i < count; ++i) {
        ScriptedBar minute{points[i],
                           std::max(points[i], points[i + 1]),
                           std::min(points[i], points[i + 1]),
                           points[i + 1],
                           std::nullopt,
                           bar.oi};
        if (bar.volume) {
            const auto parts = static_cast<int64_t>(count);
            minute.volume = *bar.volume / parts + (i + 1 == count ? *bar.volume % parts : 0);
        }
        made.push_back(minute);
    }
    // Of two minutes only one corner lies inside; the extremes are the bar's all the same.
    made.front().high = std::max(made.front().high, count == 2 ? bar.high : made.front().high);
    made.front().low = std::min(made.front().low, count == 2 ? bar.low : made.front().low);
    return made;
}

BarEvent bar_event(InstrumentId id, ExchangeTime start, Timeframe timeframe, const ScriptedBar& bar) {
    BarEvent event;
    event.bar.instrument = id;
    event.bar.timeframe = timeframe;
    event.bar.start = start;
    event.bar.open = bar.open;
    event.bar.high = bar.high;
    event.bar.low = bar.low;
    event.bar.close = bar.close;
    if (bar.volume) {
        event.bar.flags |= kBarHasVolume;
        event.bar.volume = *bar.volume;
    }
    if (bar.oi) {
        event.bar.flags |= kBarHasOi;
        event.bar.oi = *bar.oi;
    }
    return event;
}

}  // namespace

ScriptedTape::ScriptedTape(const TradingCalendar& calendar, const ContractRules& rules,
                           const OptionModelSettings& model)
    : calendar_(calendar), contracts_(calendar, rules), model_(model) {}

// ---- before the first event

Result<void> ScriptedTape::set_start(ReceiveTime start) {
    auto day = calendar_.day("NSE", ist_date(start));
    if (!day) return day.error();
    if (!*day) {
        const std::string why = calendar_.note("NSE", ist_date(start));
        return make_error(ErrorCode::input, fmt::format("the market is closed on {}{}", format_date(ist_date(start)),
                                                        why.empty() ? "" : " (" + why + ")"));
    }
    start_ = start;
    return {};
}

void ScriptedTape::add(const ReplayKey& key, Price price) {
    keys_.push_back(key);
    opening_prices_[canonical_symbol(key.symbol)] = price;
}

Result<void> ScriptedTape::add_history(const std::string& symbol, Timeframe timeframe,
                                       const std::vector<ScriptedBar>& bars) {
    if (!length_of(timeframe) && timeframe != Timeframe::d1)
        return make_error(ErrorCode::input, fmt::format("history of {} bars cannot be given", name_of(timeframe)));
    history_[symbol].push_back({{}, timeframe, bars});
    return {};
}

Result<std::optional<TradingDay>> ScriptedTape::trading_day(Date date) const {
    if (calendar_.covers("NSE", date)) return calendar_.day("NSE", date);
    // Long histories reach back to years without a table: weekdays, at the usual hours.
    const auto weekday = weekday_of(date);
    if (weekday == std::chrono::Saturday || weekday == std::chrono::Sunday) return std::optional<TradingDay>();
    TradingDay day;
    day.date = date;
    day.sessions = {calendar_.usual_hours("NSE", date)};
    return std::optional(day);
}

// Of the last `count` bars before `date`, ascending.
Result<std::vector<ExchangeTime>> ScriptedTape::starts_before(Date date, Timeframe timeframe, size_t count) const {
    std::vector<ExchangeTime> starts;
    while (starts.size() < count) {
        date -= std::chrono::days(1);
        auto day = trading_day(date);
        if (!day) return day.error();
        if (!*day) continue;
        if (timeframe == Timeframe::d1) {
            starts.push_back(ist_moment<ExchangeTime>(date, (*day)->sessions.front().open));
            continue;
        }
        std::vector<ExchangeTime> today;
        for (const SessionHours& span : (*day)->sessions) {
            for (Duration t = span.open; t < span.close; t += *length_of(timeframe))
                today.push_back(ist_moment<ExchangeTime>(date, t));
        }
        starts.insert(starts.end(), today.rbegin(), today.rend());
    }
    starts.resize(count);
    std::reverse(starts.begin(), starts.end());
    return starts;
}

Result<void> ScriptedTape::push_history() {
    std::vector<BarEvent> all;
    for (const auto& [symbol, series] : history_) {
        for (const HistoryBars& one : series) {
            auto starts = starts_before(ist_date(start_), one.timeframe, one.bars.size());
            if (!starts) return starts.error();
            for (size_t i = 0; i < one.bars.size(); ++i) {
                all.push_back(bar_event(find(symbol)->id, (*starts)[i], one.timeframe, one.bars[i]));
                all.back().bar.flags |= kBarHistory;
            }
        }
    }
    // Longest first, so that a shorter series finds its longer ones in place: the order of a replay.
    std::stable_sort(all.begin(), all.end(), [](const BarEvent& a, const BarEvent& b) {
        return std::tuple(b.bar.timeframe, a.bar.start, a.bar.instrument) <
               std::tuple(a.bar.timeframe, b.bar.start, b.bar.instrument);
    });
    Date announced{};
    for (const BarEvent& event : all) {
        const Date date = ist_date(event.bar.start);
        if (event.bar.timeframe == Timeframe::m1 && date != announced) {
            announced = date;
            auto day = trading_day(date);
            if (!day) return day.error();
            TradingDayEvent history_day;
            history_day.date = date;
            history_day.history = true;
            history_day.session_count = static_cast<uint8_t>((*day)->sessions.size());
            std::copy((*day)->sessions.begin(), (*day)->sessions.end(), history_day.sessions.begin());
            history_day.calendar = "NSE";
            push(now_, history_day);
        }
        push(now_, event);
    }
    return {};
}

Result<void> ScriptedTape::open() {
    const Date date = ist_date(start_);
    now_ = at(date, Duration(0));
    contracts_.list(keys_, date);
    for (const Instrument& instrument : contracts_.listed()) {
        push(now_, InstrumentEvent{instrument});
        const auto price = opening_prices_.find(instrument.symbol);
        if (price == opening_prices_.end()) continue;
        Series series;
        series.id = instrument.id;
        series.symbol = instrument.symbol;
        series.tick = instrument.tick;
        series.last = round_to_nearest_tick(price->second, instrument.tick);
        series.index = instrument.kind == InstrumentKind::index;
        series_.push_back(std::move(series));
    }
    if (auto done = push_history(); !done) return done;
    return begin_day(date);
}

Result<void> ScriptedTape::begin_day(Date date) {
    auto day = calendar_.day("NSE", date);
    if (!day) return day.error();
    TIDE_ASSERT(day->has_value());
    day_ = **day;
    last_date_ = date;
    TradingDayEvent event;
    event.date = date;
    event.session_count = static_cast<uint8_t>(day_->sessions.size());
    std::copy(day_->sessions.begin(), day_->sessions.end(), event.sessions.begin());
    event.calendar = "NSE";
    now_ = std::max(now_, at(date, day_->sessions.front().open) - kDayStartBeforeOpen);
    push(now_, event);
    for (const auto& [underlying, chain] : chains_) announce(underlying);
    return {};
}

// ---- while it runs

void ScriptedTape::push(ReceiveTime at, EventPayload payload) {
    Event event;
    event.received = at;
    if (std::holds_alternative<TickEvent>(payload) || std::holds_alternative<BarEvent>(payload))
        event.exchange = as_exchange_time(at);
    event.payload = std::move(payload);
    queue_.push_back(std::move(event));
}

Result<bool> ScriptedTape::next(Event& event) {
    if (queue_.empty()) return false;
    event = std::move(queue_.front());
    queue_.pop_front();
    return true;
}

Result<void> ScriptedTape::step(ReceiveTime until, bool path_wanted) {
    const auto wait = [&](ReceiveTime moment) {
        now_ = std::min(until, moment);
        push(now_, ClockEvent{});
    };
    if (!day_) {
        Date date = last_date_;
        std::optional<TradingDay> day;
        while (!day) {
            date += std::chrono::days(1);
            auto found = calendar_.day("NSE", date);
            if (!found) return found.error();
            day = *found;
        }
        const ReceiveTime begins = at(date, day->sessions.front().open) - kDayStartBeforeOpen;
        if (until < begins) {
            wait(until);
            return {};
        }
        return begin_day(date);
    }
    for (const SessionHours& span : day_->sessions) {
        const ReceiveTime open = at(day_->date, span.open), close = at(day_->date, span.close);
        if (now_ >= close) continue;
        if (now_ < open) {
            wait(open);
            return {};
        }
        const ReceiveTime start = open + (now_ - open) / kMinute * kMinute;
        if (until < start + kMinute) {
            wait(until);
            return {};
        }
        play_minute(start, path_wanted);
        return {};
    }
    const ReceiveTime ends = at(day_->date, day_->sessions.back().close) + kDayEndAfterClose;
    wait(ends);
    if (now_ < ends) return {};
    push(now_, DayEndEvent{day_->date});
    day_.reset();
    return {};
}

std::optional<ReceiveTime> ScriptedTape::next_boundary(Duration length) const {
    if (!day_) return std::nullopt;
    for (const SessionHours& span : day_->sessions) {
        const ReceiveTime open = at(day_->date, span.open), close = at(day_->date, span.close);
        const ReceiveTime from = std::max(now_, open);
        const ReceiveTime start = open + (from - open + length - Duration(1)) / length * length;
        if (start < close) return start;
    }
    return std::nullopt;
}

Result<void> ScriptedTape::plan(const std::string& symbol, ReceiveTime start, Duration length, const ScriptedBar& bar) {
    Series* series = find(symbol);
    TIDE_ASSERT(series != nullptr);
    // The day's last bar may be shorter than its timeframe: the hourly one from 15:15 has 15 minutes.
    ReceiveTime close = start;
    for (const SessionHours& span : day_->sessions) {
        if (start < at(day_->date, span.close)) {
            close = at(day_->date, span.close);
            break;
        }
    }
    const auto count = static_cast<size_t>(std::min(length, close - start) / kMinute);
    const auto parts = in_minutes(bar, count, series->tick);
    for (size_t i = 0; i < count; ++i) series->planned[start + kMinute * static_cast<int64_t>(i)] = parts[i];
    return {};
}

void ScriptedTape::play_minute(ReceiveTime start, bool path_wanted) {
    std::vector<ScriptedBar> bars;
    bool untouched = true;
    for (Series& series : series_) {
        const auto planned = series.planned.find(start);
        ScriptedBar bar{series.last, series.last, series.last, series.last, std::nullopt, std::nullopt};
        if (planned != series.planned.end()) {
            bar = planned->second;
            series.planned.erase(planned);
        } else if (series.formed) {
            bar = *series.formed;
        }
        untouched = untouched && !series.formed;
        series.formed.reset();
        series.last = bar.close;
        bars.push_back(bar);
    }
    const ReceiveTime end = start + kMinute;
    if (up_) {
        if (path_wanted && untouched && now_ == start) {
            play_path(start, bars);
        } else {
            for (const Series& series : series_) quote_options(series, end - seconds(1));
        }
        for (size_t i = 0; i < series_.size(); ++i) {
            BarEvent event = bar_event(series_[i].id, as_exchange_time(start), Timeframe::m1, bars[i]);
            event.more = i + 1 < series_.size();
            push(end, event);
        }
    } else {
        push(end, ClockEvent{});
    }
    now_ = end;
}

void ScriptedTape::play_path(ReceiveTime start, const std::vector<ScriptedBar>& bars) {
    for (size_t point = 0; point < kPathTimes.size(); ++point) {
        const ReceiveTime at = start + kPathTimes[point];
        for (size_t i = 0; i < series_.size(); ++i) {
            const Price price = path_of(bars[i])[point];
            push(at, path_tick(series_[i].id, price));
            Series there = series_[i];
            there.last = price;
            quote_options(there, at);
        }
    }
}

TickEvent ScriptedTape::path_tick(InstrumentId id, Price price) const {
    TickEvent tick;
    tick.instrument = id;
    tick.flags = kTickPathOfBar;
    tick.last = price;
    return tick;
}

Result<void> ScriptedTape::tick(const std::string& symbol, const ScriptedTick& given) {
    Series* series = find(symbol);
    TIDE_ASSERT(series != nullptr);
    const Price last = given.last.value_or(series->last);
    if (!series->formed) series->formed = ScriptedBar{last, last, last, last, std::nullopt, std::nullopt};
    ScriptedBar& bar = *series->formed;
    bar.high = std::max(bar.high, last);
    bar.low = std::min(bar.low, last);
    bar.close = last;
    if (given.volume) bar.volume = bar.volume.value_or(0) + *given.volume;
    if (given.oi) bar.oi = given.oi;
    series->last = last;
    TickEvent tick = path_tick(series->id, last);
    if (given.bid) tick.flags |= kTickHasBid;
    if (given.ask) tick.flags |= kTickHasAsk;
    if (given.oi) tick.flags |= kTickHasOi;
    tick.bid = given.bid.value_or(Price());
    tick.ask = given.ask.value_or(Price());
    tick.oi = given.oi.value_or(0);
    push(now_, tick);
    quote_options(*series, now_);
    return {};
}

void ScriptedTape::set_feed(bool up) {
    if (up == up_) return;
    up_ = up;
    push(now_, FeedStatusEvent{up ? FeedState::up : FeedState::down, kFeedName,
                               up ? "the test brought it back" : "the test took it down"});
}

// ---- options

void ScriptedTape::announce(const std::string& underlying) {
    const Series* series = find(underlying);
    auto& options = options_[underlying];
    for (const Instrument& contract : contracts_.of_day(series->id, last_date_, series->last)) {
        push(now_, InstrumentEvent{contract});
        const auto known = std::find_if(options.begin(), options.end(),
                                        [&](const Option& option) { return option.instrument.id == contract.id; });
        if (known == options.end()) {
            options.push_back({contract, false, std::nullopt});
        } else {
            known->instrument = contract;
        }
    }
}

Result<void> ScriptedTape::quote_chain(const std::string& underlying, const ScriptedChain& chain) {
    const bool first = chains_.insert_or_assign(underlying, chain).second;
    if (first) announce(underlying);
    if (options_[underlying].empty())
        return make_error(ErrorCode::input, fmt::format("{} has no options by config/contracts.toml", underlying));
    quote_options(*find(underlying), now_);
    return {};
}

Result<void> ScriptedTape::fix_quote(const std::string& underlying, std::optional<Date> expiry, Price strike,
                                     OptionRight right, const ScriptedTick& quote) {
    Option* found = nullptr;
    for (Option& option : options_[underlying]) {
        const Instrument& contract = option.instrument;
        if (contract.strike != strike || contract.right != right || *contract.expiry < last_date_) continue;
        if (expiry ? *contract.expiry != *expiry : found != nullptr && *found->instrument.expiry <= *contract.expiry)
            continue;
        found = &option;
    }
    if (found == nullptr) {
        return make_error(ErrorCode::not_found,
                          fmt::format("no option {} {} {} is listed{}", underlying, to_string(strike), name_of(right),
                                      expiry ? " for " + format_date(*expiry) : ""));
    }
    found->fixed = quote;
    found->quoted = true;
    this->quote(*found, chains_[underlying], find(underlying)->last, now_);
    return {};
}

void ScriptedTape::quote_options(const Series& underlying, ReceiveTime at) {
    const auto chain = chains_.find(underlying.symbol);
    if (chain == chains_.end() || !up_) return;
    auto& options = options_[underlying.symbol];
    std::set<Price> strikes;
    for (const Option& option : options) strikes.insert(option.instrument.strike);
    std::vector<Price> near(strikes.begin(), strikes.end());
    const auto distance = [&](Price strike) { return std::abs((strike - underlying.last).units()); };
    std::stable_sort(near.begin(), near.end(), [&](Price a, Price b) { return distance(a) < distance(b); });
    near.resize(std::min(near.size(), 2 * chain->second.strikes + 1));
    const Date today = ist_date(at);
    for (Option& option : options) {
        const Instrument& contract = option.instrument;
        const bool wanted = std::find(near.begin(), near.end(), contract.strike) != near.end() &&
                            (!chain->second.expiry || *chain->second.expiry == *contract.expiry);
        option.quoted = option.quoted || wanted;  // what was seen once may be held
        if (option.quoted && *contract.expiry >= today) quote(option, chain->second, underlying.last, at);
    }
}

void ScriptedTape::quote(const Option& option, const ScriptedChain& chain, Price spot, ReceiveTime at) {
    OptionModelSettings model = model_;
    model.half_spread_pct = chain.half_spread_pct;
    const Series* vix = find(vix_symbol_);
    const double level = chain.iv > 0 ? chain.iv * 100 : vix != nullptr ? vix->last.to_double() : 0;
    TickEvent tick = path_tick(option.instrument.id, Price());
    tick.flags |= kTickHasOi | kTickHasVolume;
    tick.oi = chain.oi;
    tick.volume = chain.volume;
    if (const auto made = model_quote(model, option.instrument, spot, level, at)) {
        tick.last = made->last;
        tick.bid = made->bid;
        tick.ask = made->ask;
        tick.flags |= kTickHasBid | kTickHasAsk;
    }
    if (option.fixed) {
        const ScriptedTick& fixed = *option.fixed;
        tick.flags &= ~static_cast<uint32_t>(kTickHasBid | kTickHasAsk);
        if (fixed.bid) tick.flags |= kTickHasBid;
        if (fixed.ask) tick.flags |= kTickHasAsk;
        tick.bid = fixed.bid.value_or(Price());
        tick.ask = fixed.ask.value_or(Price());
        if (fixed.last) tick.last = *fixed.last;
        if (fixed.oi) tick.oi = *fixed.oi;
        if (fixed.volume) tick.volume = *fixed.volume;
    }
    if (tick.last.positive()) push(at, tick);
}

// ---- what there is

const ScriptedTape::Series* ScriptedTape::find(const std::string& symbol) const {
    const auto found =
        std::find_if(series_.begin(), series_.end(), [&](const Series& series) { return series.symbol == symbol; });
    return found == series_.end() ? nullptr : &*found;
}
ScriptedTape::Series* ScriptedTape::find(const std::string& symbol) {
    return const_cast<Series*>(std::as_const(*this).find(symbol));
}

const Instrument* ScriptedTape::instrument(const std::string& symbol) const {
    const Series* series = find(symbol);
    return series == nullptr ? nullptr : &contracts_.listed()[series->id.value() - 1];
}

Price ScriptedTape::price(const std::string& symbol) const {
    const Series* series = find(symbol);
    return series == nullptr ? Price() : series->last;
}

std::vector<std::string> ScriptedTape::symbols() const {
    std::vector<std::string> names;
    for (const Series& series : series_) names.push_back(series.symbol);
    return names;
}

}  // namespace tide
