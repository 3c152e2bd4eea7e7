#include "bindings/api_entries.hpp"

// What a strategy sees of the market: bars, indicators, ticks, chains, the quality of data.
namespace tide {
namespace {

using api_entry::field;
using api_entry::method;

const ApiArgument kBack{"back", "integer?", 0};
constexpr std::string_view kBackHelp = "of the bar `back` bars ago: 0 just closed; nil out of range or missing";

void add_bars(std::vector<ApiName>& all) {
    all.push_back(field("bars", "symbol", "string", "of these bars"));
    all.push_back(field("bars", "tf", "string", "their timeframe"));
    for (const std::string_view name : {"open", "high", "low", "close"})
        all.push_back(method("bars", name, {kBack}, "number?", kBackHelp));
    all.push_back(method("bars", "volume", {kBack}, "number?", kBackHelp));
    all.push_back(method("bars", "oi", {kBack}, "number?", kBackHelp));
    all.push_back(method("bars", "time", {kBack}, "number?", "start of the bar, seconds since 1970"));
    for (const auto& [name, help] :
         {std::pair<std::string_view, std::string_view>{"filled", "was it made over a short gap?"},
          {"gap", "are minutes missing inside it?"},
          {"partial", "did the session or the feed end inside it?"},
          {"model", "is it an option priced by model?"}})
        all.push_back(method("bars", name, {kBack}, "boolean?", help));
    all.push_back(method("bars", "volume_source", {kBack}, "string?", "\"own\", \"future\", nil without volume"));
    all.push_back(method("bars", "count", {}, "integer", "how many bars there are"));
    const ApiArgument length{"length", "integer", 1};
    all.push_back(method("bars", "highest", {length, kBack}, "number?", "highest high of `length` bars",
                         "local top = ctx:bars(\"NIFTY\", \"5m\"):highest(20)"));
    all.push_back(method("bars", "lowest", {length, kBack}, "number?", "lowest low of `length` bars"));
    all.push_back(method("bars", "mean_volume", {length, kBack}, "number?", "mean volume of `length` bars"));
    all.push_back(method("indicator", "value", {kBack}, "number?", "of its first output"));
    all.push_back(method("indicator", "get", {{"output", "string"}, kBack}, "number?", "of an output by name"));
    all.push_back(method("indicator", "ready", {}, "boolean", "are all outputs there now?"));
}

void add_bar_and_tick(std::vector<ApiName>& all) {
    all.push_back(field("bar", "symbol", "string", "of the bar"));
    all.push_back(field("bar", "tf", "string", "its timeframe: \"5m\""));
    all.push_back(field("bar", "time", "number", "its start", "seconds since 1970"));
    for (const std::string_view name : {"open", "high", "low", "close"})
        all.push_back(field("bar", name, "number", "price", "rupees"));
    all.push_back(field("bar", "volume", "number?", "traded in the bar", "units"));
    all.push_back(field("bar", "oi", "number?", "open interest, the last told in the bar", "units"));
    all.push_back(field("bar", "volume_source", "string?", "\"own\", \"future\" (of an index), nil without volume"));
    all.push_back(field("bar", "filled", "boolean", "made, or holds minutes made, over a gap under 5 minutes"));
    all.push_back(field("bar", "gap", "boolean", "5 to 10 minutes are missing inside it"));
    all.push_back(field("bar", "partial", "boolean", "the session or the feed ended inside it"));
    all.push_back(field("bar", "model", "boolean", "an option priced by model"));
    all.push_back(field("tick", "symbol", "string", "of the tick"));
    all.push_back(field("tick", "time", "number", "when it came", "seconds since 1970"));
    all.push_back(field("tick", "last", "number", "last price", "rupees"));
    for (const std::string_view name : {"bid", "ask"}) all.push_back(field("tick", name, "number?", "best", "rupees"));
    all.push_back(field("tick", "volume", "number?", "of the day so far", "units"));
    all.push_back(field("tick", "oi", "number?", "open interest", "units"));
}

void add_chain(std::vector<ApiName>& all) {
    all.push_back(field("chain", "underlying", "string", "symbol"));
    all.push_back(field("chain", "expiry", "string", "date YYYY-MM-DD"));
    all.push_back(field("chain", "days_to_expiry", "integer?", "calendar days left", "days"));
    all.push_back(field("chain", "spot", "number?", "price of the underlying", "rupees"));
    all.push_back(
        field("chain", "atm_strike", "number?", "listed strike nearest to the spot, of two the lower", "rupees"));
    all.push_back(field("chain", "strike_step", "number?", "between strikes near the money", "rupees"));
    all.push_back(field("chain", "rows", "leg[]", "legs by strike, calls before puts"));
    all.push_back(field("chain", "forward", "number?", "forward price", "rupees"));
    all.push_back(field("chain", "forward_source", "string", "\"parity\", \"future\", \"spot\" or \"none\""));
    all.push_back(field("chain", "atm_iv", "number?", "implied volatility at the forward; 0.14 is 14 %", "a year"));
    all.push_back(field("chain", "expected_move", "number?", "one standard deviation to expiry", "points"));
    all.push_back(field("chain", "skew", "number?", "volatility of the 25-delta put less that of the call", "a year"));
    all.push_back(field("chain", "risk_reversal", "number?", "skew the other way round", "a year"));
    all.push_back(field("chain", "pcr", "number?", "puts over calls, by open interest"));
    all.push_back(field("chain", "pcr_volume", "number?", "puts over calls, by volume"));
    all.push_back(field("chain", "max_pain", "number?", "strike at which holders get least", "rupees"));
    all.push_back(field("chain", "iv_rank", "number?", "of the VIX in 252 days: between lowest and highest", "%"));
    all.push_back(field("chain", "iv_percentile", "number?", "of the VIX in 252 days: share of days below", "%"));
    const ApiArgument side{"side", "\"CE\"|\"PE\""};
    const ApiArgument n{"n", "integer", 0};
    all.push_back(
        method("chain", "atm", {side}, "leg?", "the leg at the money", "local leg = ctx:chain(\"NIFTY\"):atm(\"CE\")"));
    all.push_back(method("chain", "strike", {{"strike", "number"}, side}, "leg?", "the leg of a strike"));
    all.push_back(method("chain", "otm", {side, n}, "leg?", "the leg n strikes out of the money"));
    all.push_back(method("chain", "itm", {side, n}, "leg?", "the leg n strikes in the money"));
}

void add_leg(std::vector<ApiName>& all) {
    all.push_back(field("leg", "symbol", "string", "name of the contract"));
    all.push_back(field("leg", "strike", "number", "strike", "rupees"));
    all.push_back(field("leg", "right", "\"CE\"|\"PE\"", "call or put"));
    all.push_back(field("leg", "expiry", "string", "date YYYY-MM-DD"));
    all.push_back(field("leg", "days_to_expiry", "integer?", "calendar days left", "days"));
    for (const std::string_view name : {"last", "bid", "ask", "mid"})
        all.push_back(field("leg", name, "number?", "premium", "rupees"));
    all.push_back(field("leg", "oi", "number?", "open interest", "units"));
    all.push_back(field("leg", "volume", "number?", "of the day", "units"));
    all.push_back(field("leg", "age", "number?", "of the quote", "seconds"));
    all.push_back(field("leg", "lot", "integer", "units in a lot", "units"));
    all.push_back(field("leg", "model", "boolean", "the price is a model's"));
    all.push_back(field("leg", "liquid", "boolean?", "spread, volume and open interest are enough; nil: not known"));
    all.push_back(field("leg", "iv", "number?", "implied volatility; 0.14 is 14 %", "a year"));
    all.push_back(field("leg", "delta", "number?", "for a point of the underlying"));
    all.push_back(field("leg", "gamma", "number?", "change of delta for a point of the underlying"));
    all.push_back(field("leg", "theta", "number?", "for a calendar day", "rupees"));
    all.push_back(field("leg", "vega", "number?", "for one volatility point", "rupees"));
    all.push_back(field("leg", "oi_change", "number?", "since the day's first value", "units"));
    all.push_back(field("leg", "build_up", "string?", "long_build_up short_build_up long_unwinding short_covering"));
    all.push_back(field("leg", "crossed", "boolean", "bid above ask"));
    all.push_back(field("leg", "stale", "boolean", "the quote is old"));
    all.push_back(field("leg", "no_quote", "boolean", "no quote yet"));
    all.push_back(field("leg", "iv_of_pair", "boolean", "iv is that of the other side of the strike"));
}

void add_state(std::vector<ApiName>& all) {
    all.push_back(field("volatility", "level", "number?", "the VIX", "points"));
    all.push_back(field("volatility", "class", "string?", "low normal elevated high extreme"));
    for (const std::string_view name : {"change_5m", "change_10m", "change_30m"})
        all.push_back(field("volatility", name, "number?", "change of the VIX in that time", "points"));
    all.push_back(field("volatility", "change_today", "number?", "against the day before", "points"));
    all.push_back(field("quality", "ok", "boolean", "nothing is wrong"));
    all.push_back(field("quality", "bad", "string", "names of what is wrong, with commas; \"\" when nothing is"));
    for (const auto& [name, help] : {std::pair<std::string_view, std::string_view>{"stale", "silent for too long"},
                                     {"frozen", "ticks come, but their stamp or the whole tick stands"},
                                     {"skewed", "the feed's stamps are far from their receipt"},
                                     {"missing", "too many expected ticks did not come"},
                                     {"gaps", "silent too often"},
                                     {"suspect", "the last price is out of its band and not confirmed"}})
        all.push_back(field("quality", name, "boolean?", help));
    all.push_back(field("quality", "age", "number?", "of the last price", "seconds"));
    all.push_back(field("quality", "cadence", "number?", "usual time between prices", "seconds"));
    all.push_back(field("quality", "missing_pct", "number?", "of the expected ticks", "%"));
    all.push_back(field("quality", "skew", "number?", "the feed's stamps behind receipt", "seconds"));
}

void add_events(std::vector<ApiName>& all) {
    all.push_back(field("risk_event", "kind", "string", "a halt's name such as vix_spike; vix_class; regime"));
    all.push_back(field("risk_event", "symbol", "string?", "nil for halts"));
    all.push_back(field("risk_event", "from", "string?", "class or regime before"));
    all.push_back(field("risk_event", "to", "string?", "class or regime now"));
    all.push_back(field("risk_event", "values", "string", "key=value text"));
    all.push_back(field("risk_event", "text", "string", "for people"));
    all.push_back(field("risk_event", "active", "boolean", "a halt began; else it ended"));
    all.push_back(field("link_event", "kind", "string", "\"feed\", \"quality\" or \"gap\""));
    all.push_back(field("link_event", "what", "string", "the feed's name; stale frozen …; gap_mode"));
    all.push_back(field("link_event", "state", "string", "up degraded down; bad good"));
    all.push_back(field("link_event", "symbol", "string?", "nil: the whole feed"));
    all.push_back(field("link_event", "values", "string", "key=value text"));
    all.push_back(field("link_event", "text", "string", "for people"));
}

}  // namespace

void add_market_names(std::vector<ApiName>& all) {
    add_bars(all);
    add_bar_and_tick(all);
    add_chain(all);
    add_leg(all);
    add_state(all);
    add_events(all);
}

}  // namespace tide
