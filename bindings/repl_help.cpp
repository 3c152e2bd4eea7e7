#include "bindings/repl_help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "bindings/api_registry.hpp"
#include "core/settings.hpp"

namespace tide {
namespace {

constexpr ReplHelp kHelp[] = {
    {"status", "status()", "what the session does: state, phase, time, halts, strategies",
     "Fields: state, session, mode, feed, time, phase, entries_allowed, halts, strategies, open_positions, "
     "live_orders, "
     "day_net.\nExample: status().phase"},
    {"positions", "positions()", "open positions, one row each",
     "Fields: id, strategy, instrument, side, quantity, entry, last, stop, target, levels_on, premium_stop, "
     "premium_target, trail_pct, gross, charges, net, opened, tag, why.\nPrices and amounts are rupees.\nExample: for "
     "_, p in ipairs(positions()) do print(p.instrument, p.net) "
     "end"},
    {"orders", "orders()", "orders of today, the newest last (at most 200), then the entries that the engine holds",
     "Fields: id, intent, position, instrument, side, purpose, state, quantity, filled, limit, average, created, "
     "updated, "
     "tag, why, state_reason. An entry that is held has no id and no limit but trigger, terms, accepted, until.\n"
     "Example: why(orders()[1])"},
    {"trades", "trades([n])", "closed trades of this session from the store (the newest n, at most 500)",
     "Fields: number, strategy, instrument, side, quantity, opened, closed, entry, exit, gross, charges, net, "
     "exit_rule, "
     "exit_text, why.\nExample: local t = trades() print(#t, t[#t].net)"},
    {"balance", "balance()", "cash, equity, margin in use, the day's result", "Rupees.\nExample: balance().day_net"},
    {"risk", "risk()", "limits and how much of them is used",
     "Fields: open_positions, max_positions, day_loss_pct, drawdown_pct, margin_pct, losing_streak, vix, size_factor, "
     "limits.\nExample: risk().limits"},
    {"bars", "bars(symbol [, timeframe [, n]])",
     "the newest n closed bars, oldest first (default 1m and 20, at most 500)",
     "Fields: time (start), open, high, low, close, volume, oi, notes. b[#b] is the newest.\n"
     "Example: local b = bars(\"NIFTY\", \"5m\", 20) print(b[#b].close)"},
    {"indicators", "indicators([symbol])", "indicators that scripts asked for, with their values now",
     "Fields: symbol, timeframe, indicator, output, value, previous. No value: not ready yet.\n"
     "Example: indicators(\"NIFTY\")"},
    {"chain", "chain(symbol [, expiry])", "the option chain around the money with volatility and greeks",
     "expiry: weekly (default), next, monthly or a date. Fields: underlying, spot, expiry, days_to_expiry, atm_strike, "
     "forward, pcr, max_pain, atm_iv, skew, expected_move, rows; rows have strike, right, last, bid, ask, oi, iv, "
     "delta, "
     "gamma, theta, vega.\nExample: chain(\"NIFTY\").rows"},
    {"vix", "vix()", "INDIA VIX: level, class, changes, where it comes from",
     "Fields: level, class, source, time, change_5m, change_10m, change_30m, change_today.\nExample: vix().level"},
    {"quote", "quote(symbol)", "the last price of a symbol or contract, and what is known of its data",
     "Fields: symbol, last, bid, ask, volume, oi, time, age_s, suspect, bad, regime, model.\n"
     "Example: quote(\"NIFTY\").last"},
    {"scripts", "scripts()", "the scripts of the session: version, active or not, failures",
     "Fields: name, version, active, failures (callbacks in a row), fuel (of the last callback), memory_kb, sha256, "
     "symbols, timeframes, params, state, skipping.\n"
     "Example: scripts()"},
    {"script", "script(name)", "one script: version, parameters, state, what it skips now",
     "As a row of scripts(). state: what it said with ctx:state, by symbol and name, and state.on_save: the table that "
     "its on_save gave last; saved: when that was, by which version, its size; skipping: the reason it gives for each "
     "symbol now.\nExample: script(\"adx_trend\").state"},
    {"skips", "skips(symbol [, from [, to]])", "why scripts did not trade: runs of equal reasons, from the store",
     "from, to: \"10:30\" or \"2024-01-25T10:30:00\". Fields: symbol, strategy, first, last, count, why.\n"
     "Example: skips(\"NIFTY\", \"10:00\", \"11:30\")"},
    {"why", "why(subject)", "how an order, a trade, a position or an intent came about",
     "subject: an order's number, a row of orders(), positions() or trades(), or a text: \"order:11\", \"trade:3\", "
     "\"position:2\", \"intent:7\". Rows: time, what, text; from the event and the callback through the intent and its "
     "risk verdict to fills and the exit's reason.\nExample: why(trades()[1])"},
    {"why_not", "why_not(symbol [, when])", "what stood against a trade then: skips, refusals, halts, doubtful data",
     "when: \"11:05\" (of the session's day) or \"2024-01-25T11:05:00\"; now without it. A minute before and after is "
     "looked at. Rows: time, what, who, code, text.\nExample: why_not(\"NIFTY\", \"11:05\")"},
    {"help", "help([name])", "this list, or what is known of one name", "Example: help(\"why\")"},
    {"print", "print(…)", "shows values", "Tables are shown as tables.\nExample: print(1 + 1, \"lots\")"},
};

std::string overview() {
    std::string out = "Views (nothing here can change the session):\n";
    for (const ReplHelp& entry : kHelp) out += fmt::format("  {:<34}{}\n", entry.call, entry.brief);
    return out +
           "Results are ordinary Lua tables: for _, p in ipairs(positions()) do print(p.net) end\n"
           "help(\"name\") says more of a name.";
}

}  // namespace

std::span<const ReplHelp> repl_help() { return kHelp; }

std::string help_text(std::string_view name) {
    if (name.empty()) return overview();
    const auto found =
        std::find_if(std::begin(kHelp), std::end(kHelp), [&](auto& entry) { return entry.name == name; });
    if (found != std::end(kHelp)) return fmt::format("{}\n{}\n{}", found->call, found->brief, found->more);
    // What strategies can use is explained here as well.
    std::vector<std::string> names = api_names();
    const auto belongs = [&](const std::string& one) {
        return one.starts_with(name) &&
               (one.size() == name.size() || one[name.size()] == ':' || one[name.size()] == '.');
    };
    if (std::any_of(names.begin(), names.end(), belongs)) return api_help(name);
    for (const ReplHelp& entry : kHelp) names.emplace_back(entry.name);
    const std::string near = nearest_word(name, names);
    return fmt::format("nothing is called '{}'{}; help() lists what there is", name.substr(0, 60),
                       near.empty() ? "" : fmt::format("; did you mean '{}'?", near));
}

}  // namespace tide
