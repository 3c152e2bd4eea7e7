#include "app/strategy_test_market.hpp"

#include <fmt/format.h>

#include <cmath>

#include "app/exit_code.hpp"
#include "app/market_source.hpp"
#include "app/script_files.hpp"
#include "app/strategy_test_views.hpp"
#include "app/test_arguments.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

constexpr const char* kVix = "INDIAVIX";
constexpr double kUsualVix = 14;
constexpr Price kUsualTick = Price::from_units(500);
// A Wednesday; at ten, when the shipped settings allow entries.
constexpr const char* kUsualStart = "2026-01-14T10:00";
constexpr size_t kMarketsMax = 8;

Error wrong(std::string problem) { return make_error(ErrorCode::input, std::move(problem)); }

TestArguments market_arguments(const TestValue& spec) {
    return {"scripted_market", spec, {"script", "params", "start", "prices", "history", "vix", "equity", "settings"}};
}

std::string text_of(const TestValue& value) {
    if (value.is_text()) return value.text;
    if (value.kind == TestValue::Kind::boolean) return value.flag ? "true" : "false";
    if (value.is_number() && value.number == std::floor(value.number) && std::fabs(value.number) < 1e15)
        return fmt::format("{}", static_cast<int64_t>(value.number));
    return fmt::format("{}", value.number);
}

Result<std::vector<ScriptedBar>> bars_of(const std::string& who, const TestValue& list) {
    std::vector<ScriptedBar> bars;
    Price before;
    for (const TestValue& one : list.list) {
        auto bar = test_bar(fmt::format("{}[{}]", who, bars.size() + 1), one, before, kUsualTick);
        if (!bar) return bar.error();
        before = bar->close;
        bars.push_back(*bar);
    }
    if (bars.empty()) return wrong(who + ": a list of bars is needed, as in { 100, 101, 102 }");
    return bars;
}

}  // namespace

Result<TestTables> TestTables::load(const Paths& paths) {
    TestTables tables;
    tables.paths = paths;
    EngineSettings settings;
    if (auto read = settings.read_file(paths.config_file().string()); !read) return read.error();
    RunOptions options;
    options.mode = RunMode::backtest;
    settings.apply(options, true, false);
    settings.session.synthetic_market = true;
    tables.config_text = settings.canonical_text();
    auto calendar = TradingCalendar::load(paths.calendars());
    if (!calendar) return calendar.error();
    tables.calendar = std::move(*calendar);
    auto rules = ContractRules::load(paths.contracts());
    if (!rules) return rules.error();
    tables.rules = std::move(*rules);
    auto charges = load_charge_rates(paths.charges(), settings.session.charges_broker);
    if (!charges) return charges.error();
    tables.charges = std::move(*charges);
    return tables;
}

// ---- scripted_market { … }

Result<std::unique_ptr<StrategyTestMarket>> StrategyTestMarket::open(const TestTables& tables,
                                                                     const std::filesystem::path& folder,
                                                                     const TestValue& spec) {
    std::unique_ptr<StrategyTestMarket> market(new StrategyTestMarket(tables, folder));
    if (auto ready = market->prepare(spec); !ready) return ready.error();
    return market;
}

Result<void> StrategyTestMarket::prepare(const TestValue& spec) {
    const TestArguments arguments = market_arguments(spec);
    if (arguments.error()) return *arguments.error();
    if (auto read = read_settings(spec); !read) return read;
    auto scripts = read_script(spec.find("script")->text);
    if (!scripts) return Error{scripts.error().code, "scripted_market: " + scripts.error().message};
    auto start = read_start(spec);
    if (!start) return start.error();
    tape_ = std::make_unique<ScriptedTape>(tables_.calendar, tables_.rules, settings_.session.option_model);
    if (auto open = tape_->set_start(*start); !open) return wrong("scripted_market: start: " + open.error().message);
    if (auto read = read_prices(spec); !read) return read;
    if (auto opened = tape_->open(); !opened) return opened;
    SessionOpening opening{settings_.canonical_text(), tables_.charges, std::move(*scripts)};
    session_ = std::make_unique<StrategyTestSession>(settings_, *tape_, std::move(opening));
    if (auto begun = session_->begin(); !begun) return begun;
    return advance(*start);
}

Result<void> StrategyTestMarket::read_settings(const TestValue& spec) {
    TestArguments arguments = market_arguments(spec);
    if (auto read = settings_.read_text(tables_.config_text); !read) return read;
    const auto equity = arguments.number("equity");
    const TestValue* given = arguments.table("settings");
    const TestValue* params = arguments.table("params");
    const auto script = arguments.text("script");
    if (arguments.error()) return *arguments.error();
    if (!script) return wrong("scripted_market: script is missing: scripted_market { script = \"ema_cross.lua\", … }");
    if (params != nullptr) {
        for (const auto& [name, value] : params->fields) parameters_.push_back(name + "=" + text_of(value));
    }
    if (equity) {
        if (auto set = settings_.registry().set("account.equity", fmt::format("{}", *equity)); !set)
            return wrong("scripted_market: equity: " + set.error().message);
    }
    if (given == nullptr) return {};
    for (const auto& [key, value] : given->fields) {
        if (auto set = settings_.registry().set(key, text_of(value)); !set)
            return wrong("scripted_market: settings: " + set.error().message);
    }
    return {};
}

Result<std::vector<ScriptBundle>> StrategyTestMarket::read_script(const std::string& script) const {
    std::string name = script;
    for (const char* ending : {"", ".lua"}) {
        std::error_code ignored;
        if (std::filesystem::is_regular_file(folder_ / (script + ending), ignored))
            name = (std::filesystem::absolute(folder_) / (script + ending)).string();
    }
    auto bundles = read_scripts(tables_.paths, {name}, parameters_);
    if (!bundles && bundles.error().code != ErrorCode::script) return wrong(bundles.error().message);
    return bundles;
}

Result<ReceiveTime> StrategyTestMarket::read_start(const TestValue& spec) const {
    const TestValue* given = spec.find("start");
    const TestValue usual(kUsualStart);
    const TestValue& start = given == nullptr ? usual : *given;
    if (start.is_text()) {
        if (const auto date = parse_date(start.text)) return at(*date, tables_.calendar.usual_hours("NSE", *date).open);
        for (const char* ending : {"", ":00"}) {
            if (const auto moment = parse_timestamp(start.text + ending)) return as_receive_time(*moment);
        }
    }
    return wrong(fmt::format("scripted_market: start must be a date or a time such as \"{}\"", kUsualStart));
}

Result<void> StrategyTestMarket::read_history(const TestValue& spec, std::map<std::string, Price>& prices) {
    const TestValue* history = spec.find("history");
    if (history == nullptr) return {};
    if (!history->is_table()) return wrong("scripted_market: history must be a table by symbol");
    for (const auto& [name, series] : history->fields) {
        const std::string symbol = canonical_symbol(name);
        for (const auto& [tf, list] : series.fields) {
            const auto timeframe = parse_timeframe(tf);
            const std::string who = fmt::format("scripted_market: history.{}[\"{}\"]", name, tf);
            if (!timeframe) {
                return wrong(who +
                             ": there is no such timeframe; history is a table by symbol, then by timeframe: "
                             "{ NIFTY = { [\"1d\"] = { … } } }");
            }
            auto bars = bars_of(who, list);
            if (!bars) return bars.error();
            if (auto added = tape_->add_history(symbol, *timeframe, *bars); !added)
                return wrong("scripted_market: " + added.error().message);
            prices.try_emplace(symbol, bars->back().close);
        }
        if (series.fields.empty()) {
            return wrong(
                fmt::format("scripted_market: history.{} must be a table by timeframe: {{ [\"1d\"] = "
                            "{{ … }} }}",
                            name));
        }
    }
    return {};
}

Result<void> StrategyTestMarket::read_prices(const TestValue& spec) {
    TestArguments arguments = market_arguments(spec);
    std::map<std::string, Price> prices;
    if (const TestValue* given = arguments.table("prices")) {
        for (const auto& [name, value] : given->fields) {
            if (!value.is_number() || !(value.number > 0) || value.number > 1e9)
                return wrong(fmt::format("scripted_market: prices.{} must be a price above 0", name));
            prices[canonical_symbol(name)] = Price::from_double(value.number);
        }
    }
    const TestValue* vix = spec.find("vix");
    if (vix != nullptr && !vix->is_number() && !(vix->kind == TestValue::Kind::boolean && !vix->flag))
        return wrong("scripted_market: vix must be a level such as 14, or false for a market without it");
    if (arguments.error()) return *arguments.error();
    if (auto read = read_history(spec, prices); !read) return read;
    if (prices.empty())
        return wrong(
            "scripted_market: which symbols are there? prices = { NIFTY = 21700 } says them with their prices");
    if (vix == nullptr || vix->is_number())
        prices.try_emplace(kVix, Price::from_double(vix == nullptr ? kUsualVix : vix->number));
    for (const auto& [symbol, price] : prices) tape_->add(replay_key({symbol, "", std::nullopt}, tables_.rules), price);
    return {};
}

// ---- time

Result<void> StrategyTestMarket::advance(ReceiveTime until) {
    while (tape_->now() < until) {
        if (auto done = tape_->step(until, session_->session().wants_bar_path()); !done) return done;
        if (auto done = session_->go_on(); !done) return done;
    }
    return {};
}

Result<TestValue> StrategyTestMarket::at_time(const TestValue& argument) {
    auto text = test_text("market:at", argument);
    if (!text) return text.error();
    std::optional<ReceiveTime> moment;
    if (const auto time = parse_time_of_day(*text)) {
        const auto today = tape_->today();
        if (!today) return wrong("market:at: the day is over: market:next_day() first");
        moment = at(*today, *time);
    } else if (const auto date = parse_date(*text)) {
        moment = at(*date, tables_.calendar.usual_hours("NSE", *date).open);
    } else {
        for (const char* ending : {"", ":00"}) {
            if (const auto stamp = parse_timestamp(*text + ending)) moment = as_receive_time(*stamp);
        }
    }
    if (!moment) return wrong("market:at: a time is needed: \"11:05\", or \"2026-01-15T11:05\"; got '" + *text + "'");
    if (*moment < tape_->now()) {
        return wrong(
            fmt::format("market:at: {} is over: it is {} already", *text, format_iso(tape_->now()).substr(0, 19)));
    }
    if (auto done = advance(*moment); !done) return done.error();
    return TestValue();
}

Result<TestValue> StrategyTestMarket::wait(const TestValue& argument) {
    auto given = test_number("market:wait", argument);
    if (!given) return given.error();
    if (*given < 0 || *given > 1e7) return wrong("market:wait: needs seconds, from 0");
    if (auto done = advance(tape_->now() + Duration(std::llround(*given * 1e9))); !done) return done.error();
    return TestValue();
}

Result<TestValue> StrategyTestMarket::next_day(const TestValue&) {
    const auto before = tape_->today();
    while (tape_->today() == before || !tape_->today()) {
        if (auto done = advance(tape_->now() + minutes(1)); !done) return done.error();
    }
    const auto open = tape_->next_boundary(minutes(1));
    if (auto done = advance(*open); !done) return done.error();
    return TestValue();
}

// ---- prices

Result<std::string> StrategyTestMarket::symbol_or_only(const std::string& who, std::optional<std::string> given) const {
    std::vector<std::string> names;
    for (const std::string& symbol : tape_->symbols()) {
        if (symbol != kVix) names.push_back(symbol);
    }
    if (!given && names.size() == 1) return names.front();
    if (!given) return wrong(fmt::format("{}: which symbol? There are {}", who, fmt::join(names, ", ")));
    const std::string symbol = canonical_symbol(*given);
    if (tape_->has(symbol)) return symbol;
    return wrong(
        fmt::format("{}: the market has no {}; scripted_market's prices name {}", who, *given, fmt::join(names, ", ")));
}

// Bars of one moment, then the market goes on to their end. `common` has the symbol and tf where a bar has none.
Result<void> StrategyTestMarket::play_bars(const std::string& who, const std::vector<TestValue>& bars,
                                           const TestValue& common) {
    const auto text_in = [&](const TestValue& bar, const char* name) -> std::optional<std::string> {
        for (const TestValue* from : {&bar, &common}) {
            const TestValue* found = from->find(name);
            if (found != nullptr && found->is_text()) return found->text;
        }
        return std::nullopt;
    };
    const std::string tf = text_in(bars.front(), "tf").value_or("1m");
    const auto timeframe = parse_timeframe(tf);
    const auto length = timeframe ? length_of(*timeframe) : std::nullopt;
    if (!length || *length < minutes(1))
        return wrong(fmt::format("{}: tf must be 1m, 3m, 5m, 15m, 30m or 1h, got {}", who, tf));
    const auto start = tape_->next_boundary(*length);
    if (!start) return wrong(who + ": the day is over: market:next_day() begins the next one");
    if (auto done = advance(*start); !done) return done;
    for (const TestValue& one : bars) {
        auto symbol = symbol_or_only(who, text_in(one, "symbol"));
        if (!symbol) return symbol.error();
        auto bar = test_bar(who, one, tape_->price(*symbol), tape_->instrument(*symbol)->tick);
        if (!bar) return bar.error();
        if (auto planned = tape_->plan(*symbol, *start, *length, *bar); !planned) return planned;
    }
    return advance(*start + *length);
}

Result<TestValue> StrategyTestMarket::bar(const TestValue& argument) {
    const bool several = argument.is_table() && !argument.list.empty();
    const std::vector<TestValue> bars = several ? argument.list : std::vector<TestValue>{argument};
    if (auto done = play_bars("market:bar", bars, several ? argument : TestValue::table()); !done) return done.error();
    return TestValue();
}

Result<TestValue> StrategyTestMarket::bars(const TestValue& argument) {
    TestArguments arguments("market:bars", argument, {"symbol", "tf"});
    if (arguments.error()) return *arguments.error();
    if (argument.list.empty()) return wrong("market:bars: a list of bars is needed, as in market:bars { 100, 101 }");
    for (const TestValue& bar : argument.list) {
        if (auto done = play_bars("market:bars", {bar}, argument); !done) return done.error();
    }
    return TestValue();
}

Result<TestValue> StrategyTestMarket::tick(const TestValue& argument) {
    TestArguments arguments("market:tick", argument, {"symbol", "last", "bid", "ask", "volume", "oi"});
    ScriptedTick tick;
    tick.last = arguments.price("last");
    tick.bid = arguments.price("bid");
    tick.ask = arguments.price("ask");
    tick.volume = arguments.whole("volume");
    tick.oi = arguments.whole("oi");
    auto given = arguments.text("symbol");
    if (arguments.error()) return *arguments.error();
    auto symbol = symbol_or_only("market:tick", std::move(given));
    if (!symbol) return symbol.error();
    const Price step = tape_->instrument(*symbol)->tick;
    for (auto* price : {&tick.last, &tick.bid, &tick.ask}) {
        if (*price) *price = round_to_nearest_tick(**price, step);
    }
    if (auto done = tape_->tick(*symbol, tick); !done) return done.error();
    if (auto done = session_->go_on(); !done) return done.error();
    return TestValue();
}

Result<TestValue> StrategyTestMarket::vix(const TestValue& argument) {
    auto level = test_number("market:vix", argument);
    if (!level) return level.error();
    if (!(*level > 0) || *level > 500) return wrong("market:vix: needs a level above 0");
    if (!tape_->has(kVix)) return wrong("market:vix: this market has none (scripted_market { vix = false })");
    ScriptedTick tick;
    tick.last = round_to_nearest_tick(Price::from_double(*level), tape_->instrument(kVix)->tick);
    if (auto done = tape_->tick(kVix, tick); !done) return done.error();
    if (auto done = session_->go_on(); !done) return done.error();
    return TestValue();
}

Result<TestValue> StrategyTestMarket::chain(const TestValue& argument) {
    TestArguments arguments("market:chain", argument,
                            {"underlying", "expiry", "strikes", "iv", "spread_pct", "oi", "volume", "rows"});
    ScriptedChain chain;
    chain.strikes = static_cast<size_t>(arguments.whole("strikes").value_or(10));
    chain.iv = arguments.number("iv").value_or(0);
    chain.half_spread_pct = arguments.number("spread_pct").value_or(0.5) / 2;
    chain.oi = arguments.whole("oi").value_or(chain.oi);
    chain.volume = arguments.whole("volume").value_or(chain.volume);
    if (const auto expiry = arguments.text("expiry")) {
        chain.expiry = parse_date(*expiry);
        if (!chain.expiry) arguments.wrong("expiry must be a date such as \"2026-01-20\"");
    }
    if (chain.iv < 0 || chain.iv > 5) arguments.wrong("iv must be a share a year: 0.14 is 14 %");
    if (chain.half_spread_pct < 0 || chain.half_spread_pct > 50) arguments.wrong("spread_pct must be from 0 to 100");
    const auto given = arguments.text("underlying");
    const TestValue* rows = arguments.table("rows");
    if (arguments.error()) return *arguments.error();
    auto underlying = symbol_or_only("market:chain", given);
    if (!underlying) return underlying.error();
    if (tape_->instrument(*underlying)->kind != InstrumentKind::index)
        return wrong(fmt::format("market:chain: {} has no options here; indices such as NIFTY have", *underlying));
    if (auto quoted = tape_->quote_chain(*underlying, chain); !quoted)
        return wrong("market:chain: " + quoted.error().message);
    if (rows != nullptr) {
        if (auto done = fixed_quotes(*underlying, chain.expiry, *rows); !done) return done.error();
    }
    if (auto done = session_->go_on(); !done) return done.error();
    return TestValue();
}

Result<void> StrategyTestMarket::fixed_quotes(const std::string& underlying, std::optional<Date> expiry,
                                              const TestValue& rows) {
    for (const TestValue& one : rows.list) {
        TestArguments arguments("market:chain: rows", one, {"strike", "right", "last", "bid", "ask", "oi", "volume"});
        const auto strike = arguments.price("strike");
        const auto right = parse_option_right(arguments.text("right").value_or(""));
        ScriptedTick quote;
        quote.last = arguments.price("last");
        quote.bid = arguments.price("bid");
        quote.ask = arguments.price("ask");
        quote.oi = arguments.whole("oi");
        quote.volume = arguments.whole("volume");
        if (!strike || !right) arguments.wrong("a row needs a strike and right = \"CE\" or \"PE\"");
        if (arguments.error()) return *arguments.error();
        if (auto done = tape_->fix_quote(underlying, expiry, *strike, *right, quote); !done)
            return wrong("market:chain: " + done.error().message);
    }
    return {};
}

// ---- what goes wrong

Result<TestValue> StrategyTestMarket::drop_ack(const TestValue&) {
    session_->exchange().drop_next_acknowledgement();
    return TestValue();
}
Result<TestValue> StrategyTestMarket::reject(const TestValue& argument) {
    if (!argument.is_nil() && !argument.is_text()) return wrong("market:reject: the reason must be a text");
    session_->exchange().reject_next(argument.is_nil() ? "rejected by the test" : argument.text);
    return TestValue();
}
Result<TestValue> StrategyTestMarket::partial_fill(const TestValue& argument) {
    auto lots = test_number("market:partial_fill", argument);
    if (!lots) return lots.error();
    if (*lots < 1 || *lots > 1e6 || *lots != std::floor(*lots))
        return wrong("market:partial_fill: needs how many lots are filled, from 1");
    session_->exchange().fill_lots_of_next(static_cast<int64_t>(*lots));
    return TestValue();
}
Result<TestValue> StrategyTestMarket::delay(const TestValue& argument) {
    auto given = test_number("market:delay", argument);
    if (!given) return given.error();
    if (*given < 0 || *given > 86'400) return wrong("market:delay: needs seconds, from 0");
    session_->exchange().delay_answers(Duration(std::llround(*given * 1e9)));
    return TestValue();
}
Result<TestValue> StrategyTestMarket::feed_down(const TestValue&) {
    tape_->set_feed(false);
    if (auto done = session_->go_on(); !done) return done.error();
    return TestValue();
}
Result<TestValue> StrategyTestMarket::feed_up(const TestValue&) {
    tape_->set_feed(true);
    if (auto done = session_->go_on(); !done) return done.error();
    return TestValue();
}
// As the engine does when a file was saved and the operator says "now".
Result<TestValue> StrategyTestMarket::reload(const TestValue& argument) {
    auto script = test_text("market:reload", argument);
    if (!script) return script.error();
    auto bundles = read_script(*script);
    if (!bundles) return wrong("market:reload: " + one_line(bundles.error().message));
    const ScriptBundle& bundle = bundles->front();
    const ScriptRunner& runner = *session_->session().scripts().front();
    for (const ScriptSource& module : bundle.modules)
        tape_->tell(ScriptEvent{runner.id(), ScriptRole::module, module.name, module.text, ""});
    tape_->tell(ScriptEvent{runner.id(), ScriptRole::strategy, bundle.name, bundle.text, bundle.parameters});
    const std::string words = fmt::format("script={};now=yes;confirm=yes", runner.declaration().name);
    tape_->tell(CommandEvent{CommandKind::reload, "test", words, "market:reload"});
    if (auto done = session_->go_on(); !done) return done.error();
    const CommandRecord* answer = nullptr;
    for (const Record& record : session_->records()) {
        if (const auto* command = std::get_if<CommandRecord>(&record.body)) answer = command;
    }
    if (answer == nullptr || answer->code != "ok")
        return wrong("market:reload: " + (answer == nullptr ? "no answer" : answer->outcome));
    return TestValue();
}
Result<TestValue> StrategyTestMarket::restart(const TestValue&) {
    if (auto done = session_->restart(); !done) return done.error();
    return TestValue();
}

// ---- what there is

Result<TestValue> StrategyTestMarket::time(const TestValue&) {
    return TestValue(format_iso(tape_->now()).substr(0, 19));
}
Result<TestValue> StrategyTestMarket::price(const TestValue& argument) {
    if (!argument.is_nil() && !argument.is_text()) return wrong("market:price: needs a symbol");
    auto symbol = symbol_or_only("market:price", argument.is_nil() ? std::nullopt : std::optional(argument.text));
    if (!symbol) return symbol.error();
    return TestValue(tape_->price(*symbol).to_double());
}

const std::map<std::string_view, StrategyTestMarket::Action>& StrategyTestMarket::actions() {
    static const std::map<std::string_view, Action> kActions{
        {"bar", &StrategyTestMarket::bar},
        {"bars", &StrategyTestMarket::bars},
        {"tick", &StrategyTestMarket::tick},
        {"chain", &StrategyTestMarket::chain},
        {"vix", &StrategyTestMarket::vix},
        {"at", &StrategyTestMarket::at_time},
        {"wait", &StrategyTestMarket::wait},
        {"next_day", &StrategyTestMarket::next_day},
        {"drop_ack", &StrategyTestMarket::drop_ack},
        {"reject", &StrategyTestMarket::reject},
        {"partial_fill", &StrategyTestMarket::partial_fill},
        {"delay", &StrategyTestMarket::delay},
        {"feed_down", &StrategyTestMarket::feed_down},
        {"feed_up", &StrategyTestMarket::feed_up},
        {"reload", &StrategyTestMarket::reload},
        {"restart", &StrategyTestMarket::restart},
        {"time", &StrategyTestMarket::time},
        {"price", &StrategyTestMarket::price},
    };
    return kActions;
}

Result<TestValue> StrategyTestMarket::act(std::string_view operation, const TestValue& argument) {
    static const std::map<std::string_view, TestValue (*)(const StrategyTestSession&)> kViews{
        {"orders", &test_orders}, {"positions", &test_positions}, {"trades", &test_trades}, {"exits", &test_exits},
        {"skips", &test_skips},   {"refusals", &test_refusals},   {"logs", &test_logs},     {"account", &test_account},
    };
    if (const auto view = kViews.find(operation); view != kViews.end()) return view->second(*session_);
    const auto action = actions().find(operation);
    if (action == actions().end()) return wrong(fmt::format("market:{}: there is no such function", operation));
    return (this->*action->second)(argument);
}

// ---- the markets of a test file

Result<TestValue> StrategyTestMarkets::open(const TestValue& spec) {
    if (markets_.size() == kMarketsMax)
        return wrong(fmt::format("scripted_market: at most {} in one test", kMarketsMax));
    auto market = StrategyTestMarket::open(tables_, folder_, spec);
    if (!market) return market.error();
    markets_.push_back(std::move(*market));
    return TestValue(static_cast<int64_t>(markets_.size()));
}

Result<TestValue> StrategyTestMarkets::act(size_t market, std::string_view operation, const TestValue& argument) {
    if (market < 1 || market > markets_.size())
        return wrong(fmt::format("market:{}: this market belongs to an earlier test", operation));
    return markets_[market - 1]->act(operation, argument);
}

}  // namespace tide
