#include "bindings/api_entries.hpp"

// What a file says of itself: strategy, needs, parameters, indicators of its own; and the callbacks.
namespace tide {
namespace {

using api_entry::call;
using api_entry::library;
using api_entry::option;

void add_parameters(std::vector<ApiName>& all) {
    const ApiArgument options{"options", "parameter_options?"};
    const ApiArgument low{"min", "number"};
    const ApiArgument high{"max", "number"};
    all.push_back(library("param", "number", {{"default", "number"}, low, high, options}, "parameter",
                          "a number from min to max"));
    all.push_back(library("param", "integer", {{"default", "integer"}, low, high, options}, "parameter",
                          "a whole number from min to max"));
    all.push_back(library("param", "percent", {{"default", "number"}, low, high, options}, "parameter",
                          "per cent: 1.0 means 1 %"));
    all.push_back(library("param", "choice", {{"default", "string"}, {"choices", "string[]"}, options}, "parameter",
                          "one of some texts"));
    all.push_back(library("param", "bool", {{"default", "boolean"}, options}, "parameter", "true or false"));
    all.push_back(library("param", "time", {{"default", "string"}, options}, "parameter",
                          "a time of day such as \"10:00\", in India"));
    all.push_back(library("param", "text", {{"default", "string"}, options}, "parameter", "any text"));
    all.push_back(library("param", "merge", {{"...", "table"}}, "table",
                          "several tables of parameters as one; a name may come only once"));
    all.push_back(option("parameter_options", "help", "string?", "what the parameter does, for people"));
}

void add_strategy(std::vector<ApiName>& all) {
    all.push_back(call(ApiKind::global, "", "strategy", {{"spec", "strategy_spec"}}, "strategy_table",
                       "declares the strategy; the file ends with 'return' of what it gives",
                       "local S = strategy { name = \"mine\", version = \"1.0.0\", api = 1, needs = { symbols = { "
                       "\"NIFTY\" }, bars = { \"5m\" } } }"));
    all.push_back(option("strategy_spec", "name", "string", "letters, digits and underscores; in every record"));
    all.push_back(option("strategy_spec", "version", "string", "such as \"1.0.0\"; in every record"));
    all.push_back(option("strategy_spec", "api", "integer", "the version of this API it is written for: 1"));
    all.push_back(option("strategy_spec", "params", "table?", "parameters by name, each made by param.…"));
    all.push_back(option("strategy_spec", "needs", "needs|function",
                         "what it wants to see; or a function of the parameters that gives it"));
    all.push_back(option("needs", "symbols", "string[]", "in the order in which bars are delivered"));
    all.push_back(option("needs", "bars", "string[]?",
                         "timeframes: 1s 1m 3m 5m 15m 30m 1h 1d 1w, or bars of activity: 500t 10000v 20r"));
    all.push_back(option("needs", "history", "table?", "bars wanted before the first callback, by timeframe", "bars"));
    all.push_back(option("needs", "vix", "boolean?", "true to have the VIX"));
    all.push_back(option("needs", "chain", "chain_need?", "an option chain of each symbol"));
    all.push_back(option("needs", "ticks", "boolean?", "true for on_tick"));
    all.push_back(option("chain_need", "strikes", "integer", "strikes each side of the money, 1 to 100"));
}

void add_indicator(std::vector<ApiName>& all) {
    all.push_back(call(ApiKind::global, "", "indicator", {{"spec", "indicator_spec"}}, "indicator_definition",
                       "defines an indicator of the script's own, while the file is loaded",
                       "local range = indicator { name = \"range\", update = function(self, bar) return bar.high - "
                       "bar.low end }"));
    all.push_back(option("indicator_spec", "name", "string", "letters, digits and underscores"));
    all.push_back(option("indicator_spec", "params", "table?", "a list of { name, default, min, max }; at most 8"));
    all.push_back(option("indicator_spec", "outputs", "string[]?", "names of what update gives; at most 8"));
    all.push_back(option("indicator_spec", "init", "function?", "init(self), once for each series"));
    all.push_back(option("indicator_spec", "update", "function",
                         "update(self, bar), once a bar: a number an output, or nil where it is missing"));
    all.push_back(api_entry::field("indicator_definition", "name", "string", "its name"));
}

ApiName callback(std::string_view name, std::vector<ApiArgument> arguments, std::string_view returns,
                 std::string_view help) {
    return call(ApiKind::callback, "", name, std::move(arguments), returns, help);
}

}  // namespace

void add_declaration_names(std::vector<ApiName>& all) {
    add_strategy(all);
    add_parameters(all);
    add_indicator(all);
}

void add_callback_names(std::vector<ApiName>& all) {
    const ApiArgument ctx{"ctx", "ctx"};
    all.push_back(callback("on_start", {ctx}, "", "the session starts, or this version is swapped in"));
    all.push_back(callback("on_stop", {ctx, {"reason", "string"}}, "", "the session stops, or this version goes"));
    all.push_back(callback("on_bar", {ctx, {"bar", "bar"}}, "",
                           "a bar closed: by timeframe 1m, 5m, 15m, 1h, 1d, then by declared symbol"));
    all.push_back(callback("on_tick", {ctx, {"tick", "tick"}}, "", "a price came; needs.ticks must be true"));
    all.push_back(callback("on_chain", {ctx, {"chain", "chain"}}, "",
                           "the chain of a symbol has new prices, at most once a chain_refresh_s; needs.chain"));
    all.push_back(callback("on_exit_check", {ctx, {"position", "position"}, {"quote", "quote"}}, "decision?",
                           "each tick of the leg or its underlying while a position is open; looks and decides"));
    all.push_back(callback("on_order", {ctx, {"order", "order"}}, "", "an order of this strategy changed its state"));
    all.push_back(callback("on_fill", {ctx, {"fill", "fill"}}, "", "a part of an order was filled"));
    all.push_back(callback("on_position", {ctx, {"position", "position"}, {"change", "position_change"}}, "",
                           "a position opened, changed its size or a level, or closed (lots is 0 then)"));
    all.push_back(callback("on_timer", {ctx, {"name", "string"}}, "", "a time asked for with ctx:after has come"));
    all.push_back(callback("on_session", {ctx, {"phase", "phase"}}, "", "the session's phase changed"));
    all.push_back(callback("on_risk", {ctx, {"event", "risk_event"}}, "",
                           "a breaker or limit acted or ended; the VIX changed its class, a symbol its regime"));
    all.push_back(callback("on_link", {ctx, {"event", "link_event"}}, "",
                           "a feed came, degraded or went; data became doubtful or good again"));
    all.push_back(callback("on_params", {ctx, {"old", "table"}}, "",
                           "an operator changed a parameter; ctx.params has the new values, old all that were before"));
    all.push_back(callback("on_save", {ctx}, "table?", "what to keep across a reload or restart: plain data"));
    all.push_back(callback("on_load", {ctx, {"saved", "table"}, {"from_version", "string"}}, "",
                           "gets what on_save of the version before gave"));
}

}  // namespace tide
