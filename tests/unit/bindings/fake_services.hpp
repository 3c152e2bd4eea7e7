#pragma once
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "bindings/lua_host.hpp"
#include "core/instrument.hpp"
#include "session/strategy_host.hpp"

namespace tide::test {

// A market that stands still unless a test changes it.
class FakeServices final : public StrategyServices {
  public:
    struct Indicator {
        std::vector<std::string> outputs;
        std::vector<std::vector<double>> rows;  // oldest first, one value an output
    };

    int64_t now_ns() const override { return now; }
    Result<IndicatorInfo> indicator(StrategyId, std::string_view symbol, Timeframe timeframe, std::string_view name,
                                    std::span<const double> parameters) override {
        std::string key = fmt::format("{} {} {}", symbol, name_of(timeframe), name);
        for (const double value : parameters) key += fmt::format(" {}", value);
        if (name != "ema" && name != "rsi" && name != "adx")
            return make_error(ErrorCode::not_found, fmt::format("no indicator '{}'", name));
        if (!handles.contains(key)) {
            handles[key] = static_cast<int32_t>(handles.size());
            by_handle.push_back(key);
        }
        Indicator& found = indicators[key];
        if (found.outputs.empty())
            found.outputs = name == "adx" ? std::vector<std::string>{"adx", "plus_di", "minus_di"}
                                          : std::vector<std::string>{std::string(name)};
        return IndicatorInfo{handles[key], found.outputs, found.rows.size()};
    }
    double indicator_history(int32_t handle, size_t output, size_t back) const override {
        const Indicator& found = indicators.at(by_handle.at(static_cast<size_t>(handle)));
        return back < found.rows.size() ? found.rows[found.rows.size() - 1 - back].at(output) : kMissing;
    }
    std::optional<Timeframe> activity_frame(const ActivitySpec& spec, bool declare) override {
        return declare ? frames.place(spec) : frames.find(spec);
    }
    ActivityFrames frames;
    size_t bar_count(StrategyId, int32_t symbol, Timeframe timeframe) const override {
        const auto found = bars.find({symbol, timeframe});
        return found == bars.end() ? 0 : found->second.size();
    }
    BarMessage bar(StrategyId, int32_t symbol, Timeframe timeframe, size_t back) const override {
        const auto& series = bars.at({symbol, timeframe});
        return series.at(series.size() - 1 - back);
    }
    Result<ChainSnapshot> chain(std::string_view underlying, std::string_view expiry, int64_t min_days,
                                int64_t) const override {
        last_chain_request = fmt::format("{} {} {}", underlying, expiry, min_days);
        if (snapshot.rows.empty()) return make_error(ErrorCode::not_found, "no chain for " + std::string(underlying));
        return snapshot;
    }
    VixMessage vix() const override { return vix_reading; }
    VolatilityMessage volatility() const override { return volatility_reading; }
    std::string_view regime(std::string_view symbol) const override { return symbol == "NIFTY" ? "trending" : ""; }
    QualityMessage quality(std::string_view symbol) const override {
        const auto found = qualities.find(std::string(symbol));
        return found == qualities.end() ? QualityMessage() : found->second;
    }
    GapMessage opening_gap(std::string_view) const override { return gap; }
    AccountMessage account(StrategyId) const override { return account_state; }
    std::vector<PositionMessage> positions(StrategyId) const override { return open_positions; }
    double last_price(std::string_view symbol) const override {
        const auto found = prices.find(std::string(symbol));
        return found == prices.end() ? kMissing : found->second;
    }
    std::string_view phase() const override { return "open"; }
    // A refusal for size lets so many lots pass.
    std::optional<Refusal> precheck(const Intent& intent) const override {
        const bool fits = refusal && refusal->max_lots && intent.lots <= *refusal->max_lots;
        return fits ? std::nullopt : refusal;
    }
    InstrumentId find_instrument(std::string_view symbol) const override {
        const auto found = instruments.find(std::string(symbol));
        return InstrumentId(found == instruments.end() ? 0 : found->second);
    }
    IntentId reserve_intent_id() override { return IntentId(++intents); }

    int64_t now = 0;
    std::map<std::string, QualityMessage> qualities;
    GapMessage gap;
    std::map<std::string, int32_t> handles;
    std::vector<std::string> by_handle;
    std::map<std::string, Indicator> indicators;
    std::map<std::pair<int32_t, Timeframe>, std::vector<BarMessage>> bars;
    mutable std::string last_chain_request;
    ChainSnapshot snapshot;
    VixMessage vix_reading{15.5, 0.25, "1m"};
    VolatilityMessage volatility_reading{15.5, "normal", 0.25, 0.5, kMissing, -1};
    AccountMessage account_state{1'000'000, 1'000'000, 0, 0, 3, 1.0, true, ""};
    std::vector<PositionMessage> open_positions;
    std::map<std::string, double> prices{{"NIFTY", 21750.0}};
    std::optional<Refusal> refusal;
    std::map<std::string, uint32_t> instruments{
        {"NIFTY", 1}, {"RELIANCE", 2}, {"NIFTY 2024-01-25 21750 CE", 3}, {"NIFTY 2024-01-25 21750 PE", 4}};
    uint64_t intents = 0;
};

inline constexpr StrategyId kStrategy{1};
inline constexpr ScriptSlot kSlot{1};

inline ScriptBundle bundle_of(std::string text, std::vector<ScriptSource> modules = {}, std::string parameters = {}) {
    return ScriptBundle{"probe", std::move(text), std::move(modules), std::move(parameters), 7, kStrategy};
}

// A strategy of one symbol with the given callbacks.
inline std::string strategy_text(const std::string& body, const std::string& more_needs = "") {
    return "local S = strategy { name = \"probe\", version = \"1.0.0\", api = 1, needs = { symbols = { \"NIFTY\" }, "
           "bars = { \"1m\", \"5m\" } " +
           (more_needs.empty() ? "" : ", " + more_needs) + " } }\n" + body + "\nreturn S\n";
}

inline BarMessage bar_of(int64_t start_s, double open, double high, double low, double close,
                         Timeframe timeframe = Timeframe::m1) {
    BarMessage bar;
    bar.timeframe = timeframe;
    bar.start_s = start_s;
    bar.open = open;
    bar.high = high;
    bar.low = low;
    bar.close = close;
    return bar;
}

}  // namespace tide::test
