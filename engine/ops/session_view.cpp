#include "ops/session_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <span>

namespace tide {
namespace {

using Json = nlohmann::ordered_json;

Error usage(std::string text) { return make_error(ErrorCode::usage, std::move(text)); }
Error not_found(std::string text) { return make_error(ErrorCode::not_found, std::move(text)); }

std::span<const std::string_view> keys_of(ControlView view) {
    static constexpr std::string_view kBars[] = {"symbol", "tf", "n"};
    static constexpr std::string_view kChain[] = {"symbol", "expiry"};
    static constexpr std::string_view kName[] = {"name"};
    switch (view) {
        case ControlView::bars:
            return kBars;
        case ControlView::indicators:
        case ControlView::quote:
            return std::span(kBars).first(1);
        case ControlView::chain:
            return kChain;
        case ControlView::script:
            return kName;
        default:
            return {};
    }
}

Result<void> check_keys(ControlView view, const OperatorArgument& argument) {
    const auto keys = keys_of(view);
    for (const auto& [key, value] : argument.pairs()) {
        if (std::find(keys.begin(), keys.end(), key) != keys.end()) continue;
        return usage(fmt::format("{} has no '{}'; it takes {}", name_of(view), key,
                                 keys.empty() ? "nothing" : fmt::format("{}", fmt::join(keys, ", "))));
    }
    return {};
}

Result<int64_t> count_of(std::string_view text) {
    int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc() || end != text.data() + text.size() || count < 1 || count > kViewBarsMax) {
        return usage(fmt::format("n={}: give a whole number from 1 to {}", text, kViewBarsMax));
    }
    return count;
}

Result<void> check(const SessionQuery& query) {
    const bool needs_symbol =
        query.view == ControlView::bars || query.view == ControlView::chain || query.view == ControlView::quote;
    if (needs_symbol && query.symbol.empty()) {
        return usage(fmt::format("{}: symbol= is missing, as in symbol=NIFTY", name_of(query.view)));
    }
    if (query.view == ControlView::script && query.name.empty()) {
        return usage("script: name= is missing, as in name=adx_trend");
    }
    if (!parse_timeframe(query.timeframe) && !parse_activity(query.timeframe)) {
        return usage(
            fmt::format("tf={}: give 1m, 3m, 5m, 15m, 30m, 1h, 1d, 1w, or ticks, volume, range as 500t, "
                        "10000v, 20r",
                        query.timeframe));
    }
    const bool named = query.expiry == "weekly" || query.expiry == "next" || query.expiry == "monthly";
    if (!named && !parse_date(query.expiry)) {
        return usage(fmt::format("expiry={}: give weekly, next, monthly or a date YYYY-MM-DD", query.expiry));
    }
    return {};
}

// A number, or null where it is missing.
Json number(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }
Json text_or_null(std::string_view text) { return text.empty() ? Json(nullptr) : Json(text); }

std::string to_text(Json document) { return document.dump(-1, ' ', false, Json::error_handler_t::replace); }
ViewDocument document_of(Json fields) {
    return [fields = std::move(fields)] {
        Json document{{"schema_version", 1}};
        document.update(fields);
        return to_text(std::move(document));
    };
}

const InstrumentBook& book_of(const Session& session) { return session.market().prices().instruments(); }

Result<InstrumentId> instrument_of(const Session& session, const std::string& symbol) {
    const InstrumentId id = session.services().find_instrument(symbol);
    if (id.valid()) return id;
    std::string known;
    for (const InstrumentId followed : session.followed_instruments()) {
        known += fmt::format("{}{}", known.empty() ? "" : ", ", book_of(session).get(followed).symbol);
    }
    return not_found(fmt::format("unknown symbol '{}'; {}", symbol,
                                 known.empty() ? "no script follows one yet" : "the scripts follow " + known));
}

std::string name_of_frame(const MarketState& market, Timeframe timeframe) {
    if (!is_activity(timeframe)) return std::string(name_of(timeframe));
    const auto specs = market.activity_frames().all();
    const size_t i = static_cast<size_t>(timeframe) - kTimeTimeframes;
    return i < specs.size() ? name_of(specs[i]) : std::string();
}

std::string timeframes_of(const Session& session, InstrumentId id) {
    std::string names;
    for (size_t i = 0; i < kTimeframeCount; ++i) {
        const auto timeframe = static_cast<Timeframe>(i);
        if (session.market().series().count(id, timeframe) == 0) continue;
        names += fmt::format("{}{}", names.empty() ? "" : ", ", name_of_frame(session.market(), timeframe));
    }
    return names.empty() ? "none yet" : names;
}

std::string notes_of(const Bar& bar) {
    static constexpr std::pair<BarFlag, std::string_view> kNotes[] = {
        {kBarHistory, "history"},        {kBarGapFilled, "gap_filled"}, {kBarHasGap, "gap"},
        {kBarModelPrice, "model_price"}, {kBarPartial, "partial"},      {kBarFutureVolume, "future_volume"}};
    std::string notes;
    for (const auto& [flag, note] : kNotes) {
        if ((bar.flags & flag) != 0) notes += fmt::format("{}{}", notes.empty() ? "" : ",", note);
    }
    return notes;
}

std::string bars_text(const std::string& symbol, const std::string& timeframe, const std::vector<Bar>& bars) {
    Json rows = Json::array();
    for (const Bar& bar : bars) {
        rows.push_back({{"time", format_iso(bar.start)},
                        {"open", bar.open.to_double()},
                        {"high", bar.high.to_double()},
                        {"low", bar.low.to_double()},
                        {"close", bar.close.to_double()},
                        {"volume", bar.has_volume() ? Json(bar.volume) : Json(nullptr)},
                        {"oi", bar.has_oi() ? Json(bar.oi) : Json(nullptr)},
                        {"notes", text_or_null(notes_of(bar))}});
    }
    return to_text({{"schema_version", 1}, {"symbol", symbol}, {"timeframe", timeframe}, {"bars", std::move(rows)}});
}

Result<ViewDocument> bars_view(const Session& session, const SessionQuery& query) {
    const auto id = instrument_of(session, query.symbol);
    if (!id) return id.error();
    auto timeframe = parse_timeframe(query.timeframe);
    if (!timeframe) timeframe = session.market().activity_frames().find(*parse_activity(query.timeframe));
    const BarSeriesBook& series = session.market().series();
    const size_t there = timeframe ? series.count(*id, *timeframe) : 0;
    const std::string& symbol = book_of(session).get(*id).symbol;
    if (there == 0) {
        return not_found(fmt::format("no {} bars of {} are kept; there are: {}", query.timeframe, symbol,
                                     timeframes_of(session, *id)));
    }
    std::vector<Bar> bars;
    for (size_t back = std::min(there, static_cast<size_t>(query.count)); back-- > 0;) {
        bars.push_back(*series.at(*id, *timeframe, back));
    }
    return ViewDocument([symbol, name = name_of_frame(session.market(), *timeframe), bars = std::move(bars)] {
        return bars_text(symbol, name, bars);
    });
}

Result<ViewDocument> indicators_view(const Session& session, const SessionQuery& query) {
    InstrumentId only;
    if (!query.symbol.empty()) {
        const auto id = instrument_of(session, query.symbol);
        if (!id) return id.error();
        only = *id;
    }
    const IndicatorHub& hub = session.market().indicators();
    Json rows = Json::array();
    for (int32_t handle = 0; handle < static_cast<int32_t>(hub.size()); ++handle) {
        const IndicatorHub::About about = hub.about(handle);
        if (only.valid() && about.instrument != only) continue;
        const auto outputs = hub.outputs(handle);
        for (size_t i = 0; i < outputs.size(); ++i) {
            if (static_cast<int64_t>(rows.size()) == kViewIndicatorsMax) break;
            rows.push_back({{"symbol", book_of(session).get(about.instrument).symbol},
                            {"timeframe", name_of_frame(session.market(), about.timeframe)},
                            {"indicator", fmt::format("{}({})", about.name, fmt::join(about.parameters, ", "))},
                            {"output", outputs[i]},
                            {"value", number(hub.value(handle, i, 0))},
                            {"previous", number(hub.value(handle, i, 1))}});
        }
    }
    return document_of({{"indicators", std::move(rows)}});
}

Json chain_row_json(const ChainRow& row) {
    return {{"strike", row.strike},         {"right", row.right},         {"last", number(row.last)},
            {"bid", number(row.bid)},       {"ask", number(row.ask)},     {"iv", number(row.iv)},
            {"delta", number(row.delta)},   {"gamma", number(row.gamma)}, {"theta", number(row.theta)},
            {"vega", number(row.vega)},     {"oi", number(row.oi)},       {"oi_change", number(row.oi_change)},
            {"volume", number(row.volume)}, {"age_s", number(row.age_s)}, {"build_up", text_or_null(row.build_up)},
            {"stale", row.stale},           {"model", row.model},         {"lot", row.lot},
            {"symbol", row.symbol}};
}

std::string chain_text(const ChainSnapshot& chain) {
    Json rows = Json::array();
    for (const ChainRow& row : chain.rows) rows.push_back(chain_row_json(row));
    return to_text({{"schema_version", 1},
                    {"underlying", chain.underlying},
                    {"spot", number(chain.spot)},
                    {"expiry", chain.expiry},
                    {"days_to_expiry", chain.days_to_expiry},
                    {"atm_strike", number(chain.atm_strike)},
                    {"strike_step", number(chain.strike_step)},
                    {"forward", number(chain.forward)},
                    {"forward_source", chain.forward_source},
                    {"pcr", number(chain.pcr)},
                    {"pcr_volume", number(chain.pcr_volume)},
                    {"max_pain", number(chain.max_pain)},
                    {"atm_iv", number(chain.atm_iv)},
                    {"skew", number(chain.skew)},
                    {"expected_move", number(chain.expected_move)},
                    {"iv_rank", number(chain.iv_rank)},
                    {"rows", std::move(rows)}});
}

Result<ViewDocument> chain_view(const Session& session, const SessionQuery& query) {
    auto chain = session.services().chain(query.symbol, query.expiry, 0, kViewStrikes);
    if (!chain) return not_found(chain.error().message);
    return ViewDocument([chain = std::move(*chain)] { return chain_text(chain); });
}

Result<ViewDocument> vix_view(const Session& session, const SessionQuery&) {
    const VixReading& reading = session.market().prices().vix();
    const VolatilityMessage now = session.services().volatility();
    return document_of({{"level", reading.known() ? Json(reading.level) : Json(nullptr)},
                        {"class", text_or_null(now.vix_class)},
                        {"source", name_of(reading.source)},
                        {"time", reading.known() ? Json(format_iso(reading.time)) : Json(nullptr)},
                        {"change_5m", number(now.change_5m)},
                        {"change_10m", number(now.change_10m)},
                        {"change_30m", number(now.change_30m)},
                        {"change_today", number(now.change_today)}});
}

Result<ViewDocument> quote_view(const Session& session, const SessionQuery& query) {
    const auto id = instrument_of(session, query.symbol);
    if (!id) return id.error();
    const MarketPrices& prices = session.market().prices();
    const std::string& symbol = book_of(session).get(*id).symbol;
    const auto quote = prices.quote(*id, session.now());
    if (!quote) return not_found(fmt::format("no price of {} yet", symbol));
    const auto price = [](bool there, Price value) { return there ? Json(value.to_double()) : Json(nullptr); };
    const QualityMessage quality = session.services().quality(symbol);
    return document_of({{"symbol", symbol},
                        {"last", quote->last.to_double()},
                        {"bid", price(quote->has_bid(), quote->bid)},
                        {"ask", price(quote->has_ask(), quote->ask)},
                        {"volume", quote->has_volume() ? Json(quote->volume) : Json(nullptr)},
                        {"oi", quote->has_oi() ? Json(quote->oi) : Json(nullptr)},
                        {"time", format_iso(quote->time)},
                        {"age_s", std::chrono::duration<double>(session.now() - quote->time).count()},
                        {"suspect", prices.suspect(*id)},
                        {"bad", text_or_null(quality.bad)},
                        {"regime", text_or_null(session.services().regime(symbol))},
                        {"model", quote->model()}});
}

Json state_of_script(const Session& session, StrategyId id) {
    Json states = Json::object();
    const auto& all = session.script_states();
    size_t count = 0;
    for (auto at = all.lower_bound({id, ""}); at != all.end() && at->first.first == id; ++at) {
        if (++count > kViewScriptTextsMax) break;
        const std::string& key = at->first.second;
        const size_t end = key.find('\n');
        const std::string symbol = key.substr(0, end);
        states[symbol.empty() ? "session" : symbol][key.substr(end + 1)] = at->second;
    }
    return states;
}

// A number where it is one, as scripts see it.
Json parameter_json(const std::string& value) {
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    const bool whole_text = error == std::errc() && end == value.data() + value.size();
    return whole_text && std::isfinite(number) ? Json(number) : Json(value);
}

Json script_json(const Session& session, const ScriptRunner& runner) {
    const StrategyDeclaration& declared = runner.declaration();
    Json parameters = Json::object();
    for (const auto& [name, value] : declared.parameters) parameters[name] = parameter_json(value);
    Json skipping = Json::array();
    for (const auto& [symbol, run] : runner.running_skips()) {
        if (run.count == 0) continue;
        if (skipping.size() == kViewScriptTextsMax) break;
        skipping.push_back({{"symbol", symbol},
                            {"why", run.why},
                            {"first", format_iso(run.first)},
                            {"last", format_iso(run.last)},
                            {"count", run.count}});
    }
    const ScriptUsage usage = session.usage_of(runner);
    const auto known = [](const std::optional<int64_t>& value) { return value ? Json(*value) : Json(nullptr); };
    return {{"name", runner.name()},
            {"version", declared.version},
            {"active", runner.active()},
            {"failures", known(usage.failures)},
            {"fuel", known(usage.fuel_units)},
            {"memory_kb", usage.memory_bytes ? Json(*usage.memory_bytes / 1024) : Json(nullptr)},
            {"sha256", declared.sha256},
            {"symbols", declared.symbols},
            {"timeframes", declared.timeframe_names},
            {"params", std::move(parameters)},
            {"state", state_of_script(session, runner.id())},
            {"skipping", std::move(skipping)}};
}

// What on_save gave last. Its bytes are any, so they cross as hexadecimal digits; more than a console shows stays away.
Json saved_json(const ScriptRunner& runner) {
    const auto& saved = runner.saved();
    if (saved.bytes.empty()) return nullptr;
    Json json{{"at", format_iso(saved.at)}, {"version", saved.version}, {"bytes", saved.bytes.size()}};
    if (saved.bytes.size() > kViewSavedBytesMax) return json;
    std::string digits;
    digits.reserve(2 * saved.bytes.size());
    for (const char byte : saved.bytes) fmt::format_to(std::back_inserter(digits), "{:02x}", uint8_t(byte));
    json["hex"] = std::move(digits);
    return json;
}

Result<ViewDocument> scripts_view(const Session& session, const SessionQuery&) {
    Json rows = Json::array();
    for (const auto& runner : session.scripts()) rows.push_back(script_json(session, *runner));
    return document_of({{"scripts", std::move(rows)}});
}

Result<ViewDocument> script_view(const Session& session, const SessionQuery& query) {
    std::string names;
    for (const auto& runner : session.scripts()) {
        if (runner->name() == query.name || runner->declaration().name == query.name) {
            Json script = script_json(session, *runner);
            script["saved"] = saved_json(*runner);
            return document_of({{"script", std::move(script)}});
        }
        names += fmt::format("{}{}", names.empty() ? "" : ", ", runner->name());
    }
    if (names.empty())
        return not_found(fmt::format("no script '{}' yet: scripts are loaded when the trading day begins (it is {})",
                                     query.name, format_iso(session.now())));
    return not_found(fmt::format("no script '{}' in this session; there are: {}", query.name, names));
}

}  // namespace

Result<SessionQuery> parse_session_query(ControlView view, std::string_view argument) {
    TIDE_ASSERT(is_asked_of_session(view));
    const auto pairs = OperatorArgument::parse(argument);
    if (!pairs) return pairs.error();
    if (auto known = check_keys(view, *pairs); !known) return known.error();
    const auto text = [&](std::string_view key, std::string_view otherwise) {
        return std::string(pairs->find(key).value_or(otherwise));
    };
    SessionQuery query{view, text("symbol", ""), text("tf", "1m"), 20, text("expiry", "weekly"), text("name", "")};
    if (const auto given = pairs->find("n")) {
        const auto count = count_of(*given);
        if (!count) return count.error();
        query.count = *count;
    }
    if (auto fits = check(query); !fits) return fits.error();
    return query;
}

Result<ViewDocument> session_view(const Session& session, const SessionQuery& query) {
    switch (query.view) {
        case ControlView::bars:
            return bars_view(session, query);
        case ControlView::indicators:
            return indicators_view(session, query);
        case ControlView::chain:
            return chain_view(session, query);
        case ControlView::vix:
            return vix_view(session, query);
        case ControlView::quote:
            return quote_view(session, query);
        case ControlView::scripts:
            return scripts_view(session, query);
        case ControlView::script:
            return script_view(session, query);
        case ControlView::status:
        case ControlView::positions:
        case ControlView::orders:
        case ControlView::balance:
        case ControlView::risk:
            break;
    }
    TIDE_ASSERT(false && "a view that is answered from the snapshot");
    return make_error(ErrorCode::internal, "unknown view");
}

}  // namespace tide
