#include "bindings/api_entries.hpp"
#include "bindings/api_limits.hpp"

// ctx: what a strategy asks and says, and the tables of orders and positions.
namespace tide {
namespace {

using api_entry::field;
using api_entry::method;
using api_entry::option;

constexpr std::string_view kRiskGate = "`bad_argument`, and those of the risk gate (risk-codes.md)";
constexpr std::string_view kOwnPosition = "`bad_argument`, `unknown_position`, and those of the risk gate";
constexpr std::string_view kLevelRounding =
    "nearest 1/10000 rupee, then to the underlying's tick away from the market, so that it never acts earlier than "
    "asked";

void add_looks(std::vector<ApiName>& all) {
    const ApiArgument symbol{"symbol", "string"};
    const ApiArgument timeframe{"tf", "string"};
    all.push_back(field("ctx", "now", "number", "time of the event being handled", "seconds since 1970"));
    all.push_back(field("ctx", "time", "string", "the same in India: \"11:05\""));
    all.push_back(field("ctx", "date", "string", "the same in India: \"2024-01-08\""));
    all.push_back(field("ctx", "params", "table", "parameters in force, by name; a wrong name is an error"));
    all.push_back(method("ctx", "bars", {symbol, timeframe}, "bars", "closed bars of a declared symbol and timeframe",
                         "local close = ctx:bars(\"NIFTY\", \"5m\"):close(0)"));
    all.push_back(method("ctx", "indicator",
                         {symbol, timeframe, {"name", "string|indicator_definition"}, {"...", "number"}}, "indicator",
                         "an indicator of the engine by name (indicators.md), or one of the script's own",
                         "ctx.adx = ctx:indicator(\"NIFTY\", \"1d\", \"adx\", 14)"));
    all.push_back(method("ctx", "chain", {symbol, {"options", "chain_options?"}}, "chain?, string?",
                         "the option chain now, or nil and why not; needs.chain",
                         "local chain, why = ctx:chain(\"NIFTY\", { expiry = \"monthly\", min_days = 4 })"));
    all.push_back(method("ctx", "vix", {}, "number?, string, number?",
                         "level, source (tick 1m daily realised chain none), change in 10 minutes"));
    all.push_back(method("ctx", "volatility", {}, "volatility", "the VIX, its class and its changes"));
    all.push_back(method("ctx", "regime", {symbol}, "string?", "trending ranging volatile quiet gap; nil: not known"));
    all.push_back(method("ctx", "quality", {symbol}, "quality?", "what the data is worth; nil: nothing came yet"));
    all.push_back(method("ctx", "gap", {symbol}, "number?, boolean",
                         "today's opening against the previous close in per cent; is gap mode on?"));
    all.push_back(method("ctx", "account", {}, "account", "money, open positions, and whether entries are allowed"));
    all.push_back(method("ctx", "positions", {}, "position[]", "this strategy's open positions"));
    all.push_back(method("ctx", "price", {{"symbol", "string|leg|position"}}, "number?", "last price, or nil",
                         "local premium = ctx:price(leg)"));
    all.push_back(method("ctx", "phase", {}, "phase", "of the session"));
    all.push_back(method("ctx", "has", {symbol}, "boolean", "is there data of this symbol?"));
    all.push_back(option("chain_options", "expiry", "string?",
                         "\"weekly\" (the nearest of any kind), \"next\", \"monthly\" or a date YYYY-MM-DD"));
    all.push_back(option("chain_options", "min_days", "integer?", "at least this many days left", "days"));
}

void add_group_intents(std::vector<ApiName>& all, std::string_view answer) {
    ApiName enter =
        method("ctx", "enter_group", {{"group", "enter_group"}}, answer,
               "asks for legs that are entered and left as one: the group's id; or nil, code and text. Bought legs "
               "leave first",
               "local id = ctx:enter_group { legs = { { leg = near, side = \"buy\", lots = 1 }, { leg = far, side = "
               "\"sell\", lots = 1 } }, why = \"debit spread\" }");
    enter.refusals = kRiskGate;
    enter.rounding = "limits to the nearest 1/10000 rupee and must be on the tick";
    all.push_back(std::move(enter));
    all.push_back(
        option("enter_group", "legs", "group_leg[]", "2 to 8, each its own instrument, all on one underlying"));
    all.push_back(option("enter_group", "timeout_s", "number?",
                         "to be whole by then, 1 to 3600; without it orders.group_timeout_s", "seconds"));
    all.push_back(option("enter_group", "max_loss", "number?",
                         "the engine closes it at this loss; without it at half of what it can lose", "rupees"));
    all.push_back(option("enter_group", "tag", "string?", "short name of the kind of entry, up to 64 bytes"));
    all.push_back(option("enter_group", "why", "string?", "reason, for the records"));
    all.push_back(option("group_leg", "leg", "leg?", "what to trade: a leg of ctx:chain; or give symbol"));
    all.push_back(option("group_leg", "symbol", "string?", "what to trade, by name"));
    all.push_back(option("group_leg", "side", "\"buy\"|\"sell\"", "side"));
    all.push_back(option("group_leg", "lots", "integer", "1 to 1000000", "lots"));
    all.push_back(option("group_leg", "limit", "number?", "limit price; without it at the touch, in a band", "rupees"));
    ApiName exit = method("ctx", "exit_group", {{"group", "integer"}, {"options", "exit_group?"}}, answer,
                          "asks to close a group: what was sold is bought back first",
                          "ctx:exit_group(id, { reason = \"target\" })");
    exit.refusals = kRiskGate;
    all.push_back(std::move(exit));
    all.push_back(option("exit_group", "rule", "string?", "short name of the rule, up to 64 bytes"));
    all.push_back(option("exit_group", "reason", "string?", "reason, for the records"));
    all.push_back(option("exit_group", "why", "string?", "the same as reason"));
    all.push_back(option("exit_group", "priority", "integer?", "2 to 5; 1 is the engine's own"));
    all.push_back(option("exit_group", "values", "table|string?", "what the rule looked at, for the records"));
}

void add_intents(std::vector<ApiName>& all) {
    const std::string_view answer = "integer?, string?, string?, integer?";
    ApiName enter =
        method("ctx", "enter", {{"order", "enter"}}, answer,
               "asks for an entry: the intent's id; or nil, code, text and, where size is the reason, how many lots "
               "would pass",
               "local id, code, text = ctx:enter { leg = leg, lots = 1, stop_pct = 1, why = \"breakout\" }");
    enter.refusals = kRiskGate;
    enter.rounding = "limit to the nearest 1/10000 rupee and must be on the tick; stop and target as ctx:set_stop";
    all.push_back(std::move(enter));
    all.push_back(option("enter", "leg", "leg?", "what to trade: a leg of ctx:chain; or give symbol"));
    all.push_back(option("enter", "symbol", "string?", "what to trade, by name"));
    all.push_back(option("enter", "lots", "integer", "1 to 1000000", "lots"));
    all.push_back(option("enter", "side", "\"buy\"|\"sell\"?", "\"buy\" without it"));
    all.push_back(option("enter", "limit", "number?", "limit price; without it at the touch, in a band", "rupees"));
    all.push_back(option("enter", "stop", "number?", "stop on the underlying's price", "rupees"));
    all.push_back(option("enter", "stop_pct", "number?", "stop as a distance of the underlying; 0.01 to 100", "%"));
    all.push_back(option("enter", "target", "number?", "target on the underlying's price", "rupees"));
    all.push_back(option("enter", "target_pct", "number?", "target as a distance of the underlying; 0.01 to 100", "%"));
    all.push_back(option("enter", "premium_stop", "number?", "stop on the contract's own price, besides", "rupees"));
    all.push_back(option("enter", "premium_stop_pct", "number?", "the same below the first fill; 0.01 to 100", "%"));
    all.push_back(option("enter", "premium_target", "number?", "target on the contract's own price", "rupees"));
    all.push_back(option("enter", "premium_target_pct", "number?", "the same above the first fill; 0.01 to 1000", "%"));
    all.push_back(option("enter", "trail_stop_pct", "number?",
                         "the stop follows the underlying's best price, this far behind; 0.01 to 100", "%"));
    all.push_back(option("enter", "cover", "boolean?", "refuse the entry unless it has a stop"));
    all.push_back(option("enter", "trigger", "number?",
                         "stop order: held until the price passes this level; with limit a stop-limit order",
                         "rupees"));
    all.push_back(option("enter", "trail", "number?", "the trigger follows the best price, this far behind", "rupees"));
    all.push_back(option("enter", "trail_pct", "number?", "the same in percent of the best price; 0.01 to 100", "%"));
    all.push_back(option("enter", "trigger_on", "\"instrument\"|\"underlying\"?", "\"instrument\" without it"));
    all.push_back(option("enter", "good_till", "string?",
                         "\"day\", a time \"14:15\" or a date \"2026-11-24\"; until then it may rest"));
    all.push_back(option("enter", "after_market", "boolean?", "may be given at any time: waits for the entry window"));
    all.push_back(option("enter", "display_lots", "integer?", "iceberg: show at most so many at once", "lots"));
    all.push_back(option("enter", "algo", "\"twap\"|\"vwap\"?", "in slices over time, with over_min and slices"));
    all.push_back(option("enter", "over_min", "number?", "how long the slices take; 0.1 to 400", "minutes"));
    all.push_back(option("enter", "slices", "integer?", "how many; 2 to 400, at most the lots"));
    all.push_back(option("enter", "oco", "string?", "entries with this name: the first fill cancels the others"));
    all.push_back(option("enter", "tag", "string?", "short name of the kind of entry, up to 64 bytes"));
    all.push_back(option("enter", "why", "string?", "reason, for the records"));
    const ApiArgument position{"position", "position|integer"};
    ApiName exit = method("ctx", "exit", {position, {"options", "exit?"}}, answer, "asks to close a position or a part",
                          "ctx:exit(position, { fraction = 0.5, reason = \"half at 1:1\" })");
    exit.refusals = kOwnPosition;
    all.push_back(std::move(exit));
    all.push_back(option("exit", "fraction", "number?", "part to close, above 0 and at most 1; all without it"));
    all.push_back(option("exit", "rule", "string?", "short name of the rule, up to 64 bytes"));
    all.push_back(option("exit", "reason", "string?", "reason, for the records"));
    all.push_back(option("exit", "why", "string?", "the same as reason"));
    all.push_back(option("exit", "priority", "integer?", "2 to 5; 1 is the engine's own"));
    all.push_back(option("exit", "values", "table|string?", "what the rule looked at, for the records"));
    add_group_intents(all, answer);
    for (const std::string_view name : {"set_stop", "set_target"}) {
        const bool stop = name == "set_stop";
        ApiName level =
            method("ctx", name, {position, {"price", "number"}, {"options", "level?"}}, answer,
                   stop ? "moves the stop, on the underlying's price; never against the position"
                        : "moves the target, on the underlying's price",
                   stop ? "ctx:set_stop(position, 21600, { rule = \"trail\" })" : "ctx:set_target(position, 22000)");
        level.refusals = kOwnPosition;
        level.rounding = kLevelRounding;
        all.push_back(std::move(level));
    }
    ApiName trail = method("ctx", "trail_stop", {position, {"trail", "number"}, {"options", "level?"}}, answer,
                           "the stop follows the underlying's best price, this many percent behind; never against the "
                           "position",
                           "ctx:trail_stop(position, 1.5)");
    trail.refusals = kOwnPosition;
    all.push_back(std::move(trail));
    all.push_back(option("level", "rule", "string?", "short name of the rule"));
    all.push_back(option("level", "why", "string?", "reason, for the records"));
    all.push_back(option("level", "reason", "string?", "the same as why"));
    all.push_back(option("level", "values", "table|string?", "what the rule looked at, for the records"));
    ApiName cancel = method("ctx", "cancel", {{"order", "order|integer"}}, answer,
                            "asks to cancel an order; a held entry by its table from on_order", "ctx:cancel(order.id)");
    cancel.refusals = kRiskGate;
    all.push_back(std::move(cancel));
    ApiName entry = method("ctx", "cancel_entry", {{"entry", "integer"}}, answer,
                           "ends an entry that the engine holds, and what it has let go", "ctx:cancel_entry(id)");
    entry.refusals = kRiskGate;
    all.push_back(std::move(entry));
    all.push_back(option("decision", "exit", "number?", "part to close, above 0 and at most 1"));
    all.push_back(option("decision", "stop", "number?", "new stop, on the underlying's price", "rupees"));
    all.push_back(option("decision", "rule", "string?", "short name of the rule"));
    all.push_back(option("decision", "stop_rule", "string?", "rule of the stop, where it differs"));
    all.push_back(option("decision", "why", "string?", "reason, for the records"));
    all.push_back(option("decision", "priority", "integer?", "2 to 5"));
    all.push_back(option("decision", "values", "table|string?", "what the rule looked at"));
}

void add_notes(std::vector<ApiName>& all) {
    const ApiArgument symbol{"symbol", "string"};
    all.push_back(method(
        "ctx", "skip",
        {{"why", "string", 1, std::numeric_limits<double>::infinity(), "a text that says why"}, {"symbol", "string?"}},
        "", "why there was no trade; kept, counted and queryable. Use few and constant texts",
        "return ctx:skip(\"no trend\")"));
    all.push_back(method("ctx", "log", {{"...", "any"}}, "", "to the log"));
    all.push_back(method("ctx", "notify", {{"text", "string"}}, "", "to the operator"));
    all.push_back(method("ctx", "state", {symbol, {"name", "string"}, {"value", "any"}, {"values", "any?"}}, "",
                         "records that a named state of the strategy changed",
                         "ctx:state(\"NIFTY\", \"category\", \"buy_ce\", { adx = 31.2 })"));
    all.push_back(method("ctx", "plot",
                         {{"name", "string", 1, 64, "a text of 1 to 64 bytes"},
                          {"value", "number?", -kApiPlotMax, kApiPlotMax},
                          {"symbol", "string?"}},
                         "", "keeps a value of a curve of the strategy's own; nil leaves a hole",
                         "ctx:plot(\"spread\", bar.high - bar.low)"));
    all.push_back(method("ctx", "mark",
                         {{"name", "string", 1, 64, "a text of 1 to 64 bytes"},
                          {"price", "number", kApiPriceMin, kApiPriceMax, "a price above 0 in rupees"},
                          {"symbol", "string?"}},
                         "", "keeps a mark at a price, now", "ctx:mark(\"breakout\", bar.close)"));
    all.push_back(method("ctx", "after",
                         {{"seconds", "number", 1e-9, kApiTimerMaxSeconds, "above 0 and at most 604800 (a week)"},
                          {"name", "string", 1, 64, "a text of 1 to 64 bytes"}},
                         "", "calls on_timer(ctx, name) later", "ctx:after(300, \"look again\")"));
}

}  // namespace

void add_context_names(std::vector<ApiName>& all) {
    add_looks(all);
    add_intents(all);
    add_notes(all);
}

void add_trading_names(std::vector<ApiName>& all) {
    all.push_back(field("position", "id", "integer", "of the position"));
    all.push_back(field("position", "symbol", "string", "of the leg"));
    all.push_back(field("position", "underlying", "string", "its underlying's symbol"));
    all.push_back(field("position", "right", "string", "\"CE\", \"PE\" or \"\""));
    all.push_back(field("position", "strike", "number?", "of an option", "rupees"));
    all.push_back(field("position", "days_to_expiry", "integer?", "calendar days left", "days"));
    all.push_back(field("position", "direction", "integer", "1 gains when the underlying rises, -1 when it falls"));
    all.push_back(field("position", "lots", "integer", "open now", "lots"));
    all.push_back(field("position", "quantity", "number", "open now", "units"));
    all.push_back(field("position", "entry_price", "number", "mean price of the entry", "rupees"));
    all.push_back(field("position", "last_price", "number", "of the leg", "rupees"));
    all.push_back(field("position", "underlying_entry", "number", "the underlying at the entry", "rupees"));
    all.push_back(field("position", "underlying_last", "number", "the underlying now", "rupees"));
    all.push_back(field("position", "underlying_best", "number", "the underlying at its best since", "rupees"));
    all.push_back(field("position", "stop", "number?", "on the underlying", "rupees"));
    all.push_back(field("position", "target", "number?", "on the underlying", "rupees"));
    all.push_back(field("position", "unrealised", "number", "gain before charges", "rupees"));
    all.push_back(field("position", "net", "number", "gain after charges", "rupees"));
    all.push_back(field("position", "opened", "number", "when", "seconds since 1970"));
    all.push_back(field("position", "minutes_held", "number", "since then", "minutes"));
    all.push_back(field("position", "half_taken", "boolean", "a part was closed already"));
    all.push_back(field("position", "tag", "string", "of the entry"));
    all.push_back(field("position", "group", "integer?", "id of the group that it is a leg of"));
    for (const std::string_view name : {"last", "bid", "ask"})
        all.push_back(field("quote", name, "number?", "of the leg", "rupees"));
    all.push_back(field("quote", "underlying", "number?", "price of the underlying", "rupees"));
    all.push_back(field("quote", "age", "number?", "of the quote", "seconds"));
    all.push_back(field("quote", "model", "boolean", "the price is a model's"));
    all.push_back(field("order", "id", "integer", "of the order; 0 when refused, and of a held entry"));
    all.push_back(field("order", "intent", "integer", "what ctx:enter gave"));
    all.push_back(field("order", "parent", "integer?", "the held entry it belongs to, as ctx:enter gave it"));
    all.push_back(field("order", "symbol", "string", "traded"));
    all.push_back(field("order", "side", "\"buy\"|\"sell\"", "side"));
    all.push_back(
        field("order", "state", "string",
              "created in_review submitted open partially_filled pending_cancel pending_replace unknown filled "
              "cancelled rejected expired refused; of a held entry: waiting working done cancelled expired refused"));
    all.push_back(field("order", "code", "string", "why it was refused"));
    all.push_back(field("order", "text", "string", "for people"));
    all.push_back(field("order", "tag", "string", "of the entry"));
    all.push_back(field("order", "quantity", "number", "asked for", "units"));
    all.push_back(field("order", "filled", "number", "so far", "units"));
    all.push_back(field("order", "limit", "number", "limit price", "rupees"));
    all.push_back(field("order", "group", "integer?", "id of the group that it is a leg of"));
    all.push_back(field("order", "average", "number?", "mean price of the fills", "rupees"));
    all.push_back(field("fill", "order", "integer", "id of the order"));
    all.push_back(field("fill", "position", "integer", "id of the position"));
    all.push_back(field("fill", "symbol", "string", "traded"));
    all.push_back(field("fill", "side", "\"buy\"|\"sell\"", "side"));
    all.push_back(field("fill", "quantity", "number", "of this fill", "units"));
    all.push_back(field("fill", "price", "number", "of this fill", "rupees"));
    all.push_back(field("fill", "charges", "number", "brokerage, taxes and fees of this fill", "rupees"));
    all.push_back(field("account", "equity", "number", "money and positions together", "rupees"));
    all.push_back(field("account", "cash", "number", "money", "rupees"));
    all.push_back(field("account", "day_net", "number", "today's gain after charges", "rupees"));
    all.push_back(field("account", "open_positions", "integer", "of all strategies"));
    all.push_back(field("account", "max_positions", "integer", "allowed now"));
    all.push_back(field("account", "size_factor", "number", "below 1 in limited mode"));
    all.push_back(field("account", "entries_allowed", "boolean", "may entries be made now?"));
    all.push_back(field("account", "reason", "string", "why not; \"\" when they may"));
}

}  // namespace tide
