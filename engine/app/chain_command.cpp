#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "barstore/chain_file.hpp"
#include "market/option_model.hpp"
#include "market/vix_from_chain.hpp"
#include "ops/text_table.hpp"

// A recorded option chain with what the engine makes of it.
namespace tide {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kStale_s = 180;  // recorded chains come every minute or so

Json number(double value) { return std::isnan(value) ? Json() : Json(value); }
Json number(const std::optional<double>& value) { return value ? Json(*value) : Json(); }
std::string text(double value, int decimals) {
    return std::isnan(value) ? "" : fmt::format("{:.{}f}", value, decimals);
}
std::string text(const std::optional<double>& value, int decimals) { return value ? text(*value, decimals) : "none"; }

// What the command shows: one expiry, valued.
struct Shown {
    const RecordedChain& recorded;
    const RecordedExpiry& expiry;
    double t_years;
    OptionChain chain;
    std::optional<ChainVix> vix;
};

std::vector<std::string> flags_of(const ChainValues& row) {
    static constexpr std::pair<ChainRowFlag, const char*> kNames[] = {
        {kRowCrossed, "crossed"},  {kRowStale, "stale"}, {kRowNoQuote, "no_quote"},   {kRowModel, "model"},
        {kRowNoPrice, "no_price"}, {kRowNoIv, "no_iv"},  {kRowIvOfPair, "iv_of_pair"}};
    std::vector<std::string> names;
    for (const auto& [flag, name] : kNames) {
        if (row.has(flag)) names.emplace_back(name);
    }
    return names;
}

Json row_json(const ChainQuote& quote, const ChainValues& values) {
    const auto build_up = name_of(values.build_up);
    return {{"strike", quote.strike},
            {"right", name_of(quote.right)},
            {"last", number(quote.last)},
            {"bid", number(quote.bid)},
            {"ask", number(quote.ask)},
            {"mid", number(values.mid)},
            {"volume", number(quote.volume)},
            {"oi", number(quote.oi)},
            {"oi_change", number(values.oi_change)},
            {"build_up", build_up.empty() ? Json() : Json(build_up)},
            {"age_s", number(quote.age_s)},
            {"iv", number(values.iv)},
            {"delta", number(values.greeks.delta)},
            {"gamma", number(values.greeks.gamma)},
            {"theta_day", number(values.greeks.theta_day)},
            {"vega_pct", number(values.greeks.vega_pct)},
            {"rho_pct", number(values.greeks.rho_pct)},
            {"flags", flags_of(values)}};
}

void print_json(const Shown& shown, double rate) {
    const ChainFigures& f = shown.chain.figures();
    Json rows = Json::array();
    for (size_t i = 0; i < shown.expiry.quotes.size(); ++i) {
        rows.push_back(row_json(shown.expiry.quotes[i], shown.chain.values()[i]));
    }
    Json expiries = Json::array();
    for (const auto& one : shown.recorded.expiries) expiries.push_back(format_date(one.expiry));
    const Json document{{"schema_version", 1},
                        {"underlying", shown.recorded.underlying},
                        {"at", format_iso(shown.recorded.at)},
                        {"expiry", format_date(shown.expiry.expiry)},
                        {"expiries", expiries},
                        {"t_years", shown.t_years},
                        {"rate", rate},
                        {"unit", shown.recorded.in_lots ? "lots" : "contracts"},
                        {"forward", number(f.forward)},
                        {"forward_source", name_of(f.forward_source)},
                        {"atm_iv", number(f.atm_iv)},
                        {"expected_move", number(f.expected_move)},
                        {"skew", number(f.skew)},
                        {"risk_reversal", number(f.risk_reversal)},
                        {"pcr_oi", number(f.pcr_oi)},
                        {"pcr_volume", number(f.pcr_volume)},
                        {"max_pain", number(f.max_pain)},
                        {"vix_from_chain", shown.vix ? Json(shown.vix->level) : Json()},
                        {"vix_expiries", shown.vix ? Json(shown.vix->expiries) : Json()},
                        {"rows", rows}};
    std::cout << document.dump(2) << '\n';
}

void print_figures(const Shown& shown) {
    const ChainFigures& f = shown.chain.figures();
    fmt::print("{} {}   at {}   {:.2f} days to expiry\n", shown.recorded.underlying, format_date(shown.expiry.expiry),
               format_iso(shown.recorded.at), shown.t_years * 365);
    fmt::print("forward {} ({})   ATM IV {} %   expected move {}   skew {} points\n", text(f.forward, 2),
               name_of(f.forward_source), f.atm_iv ? text(*f.atm_iv * 100, 2) : "none", text(f.expected_move, 1),
               f.skew ? text(*f.skew * 100, 2) : "none");
    fmt::print("PCR {} by open interest, {} by volume   max pain {}   VIX method {}\n\n", text(f.pcr_oi, 3),
               text(f.pcr_volume, 3), text(f.max_pain, 0),
               shown.vix ? fmt::format("{:.2f} ({})", shown.vix->level,
                                       shown.vix->expiries == 2 ? "two expiries" : "one expiry alone")
                         : "none");
}

// One line a strike: calls left of it, puts right.
void print_table(const Shown& shown, int64_t strikes_each_side) {
    const auto right = Align::right;
    TableWriter table({{"call OI", right},
                       {"IV %", right},
                       {"delta", right},
                       {"bid", right},
                       {"ask", right},
                       {"strike", right},
                       {"bid", right},
                       {"ask", right},
                       {"delta", right},
                       {"IV %", right},
                       {"put OI", right},
                       {"theta", right},
                       {"vega", right},
                       {"", Align::left}});
    const auto& quotes = shown.expiry.quotes;
    std::vector<double> levels;
    for (const ChainQuote& quote : quotes) {
        if (levels.empty() || levels.back() != quote.strike) levels.push_back(quote.strike);
    }
    const double centre = shown.chain.figures().forward.value_or(levels[levels.size() / 2]);
    const auto nearest = std::lower_bound(levels.begin(), levels.end(), centre) - levels.begin();
    const auto inside = [&](double strike) {
        const auto place = std::lower_bound(levels.begin(), levels.end(), strike) - levels.begin();
        return strikes_each_side == 0 || std::abs(place - nearest) <= strikes_each_side;
    };
    for (size_t i = 0; i < quotes.size();) {
        const double strike = quotes[i].strike;
        ChainQuote call, put;
        ChainValues call_values, put_values;
        call_values.iv = put_values.iv = call_values.greeks.delta = put_values.greeks.delta = ChainQuote::kNone;
        for (; i < quotes.size() && quotes[i].strike == strike; ++i) {
            const bool is_call = quotes[i].right == OptionRight::call;
            (is_call ? call : put) = quotes[i];
            (is_call ? call_values : put_values) = shown.chain.values()[i];
        }
        if (!inside(strike)) continue;
        const ChainValues& out_of_the_money = strike >= centre ? call_values : put_values;
        const bool ok = !std::isnan(out_of_the_money.iv);
        table.add_row({text(call.oi, 0), text(call_values.iv * 100, 2), text(call_values.greeks.delta, 3),
                       text(call.bid, 2), text(call.ask, 2), text(strike, 0), text(put.bid, 2), text(put.ask, 2),
                       text(put_values.greeks.delta, 3), text(put_values.iv * 100, 2), text(put.oi, 0),
                       ok ? text(out_of_the_money.greeks.theta_day, 2) : "",
                       ok ? text(out_of_the_money.greeks.vega_pct, 2) : "",
                       call_values.has(kRowStale) || put_values.has(kRowStale) ? "stale" : ""});
    }
    fmt::print("{}", table.render(false));
}

std::optional<ChainVix> vix_of(const RecordedChain& recorded, double rate) {
    std::vector<ExpiryVariance> variances;
    for (const RecordedExpiry& expiry : recorded.expiries) {
        const double years = years_to_expiry({}, expiry.expiry, recorded.at);
        if (years < kVixYearsMin) continue;
        if (const auto variance = expiry_variance(expiry.quotes, years, rate, kStale_s)) variances.push_back(*variance);
    }
    return chain_vix(variances);
}

}  // namespace

Result<ExitCode> chain_command(const ChainOptions& options) {
    std::optional<ReceiveTime> at;
    if (!options.at.empty()) {
        const auto stamp = parse_timestamp(options.at);
        if (!stamp) {
            return make_error(ErrorCode::usage,
                              fmt::format("--at {}: give a time such as 2025-08-29T12:00:00", options.at));
        }
        at = as_receive_time(*stamp);
    }
    const auto recorded = read_chain(options.data, at, options.lenient);
    if (!recorded) return recorded.error();
    if (recorded->bad_rows > 0) fmt::print(stderr, "note: {} bad rows skipped\n", recorded->bad_rows);
    const bool any = options.expiry.empty();
    const Date wanted = any ? Date() : parse_date(options.expiry).value_or(Date());
    const auto found = std::find_if(recorded->expiries.begin(), recorded->expiries.end(),
                                    [&](const RecordedExpiry& one) { return any || one.expiry == wanted; });
    if (found == recorded->expiries.end()) {
        std::vector<std::string> dates;
        for (const auto& one : recorded->expiries) dates.push_back(format_date(one.expiry));
        return make_error(ErrorCode::input,
                          fmt::format("{}: no options that expire {}; there are {}", options.data,
                                      any ? "later" : "on " + options.expiry,
                                      dates.empty() ? "none" : fmt::format("{}", fmt::join(dates, ", "))));
    }
    Shown shown{
        *recorded, *found, years_to_expiry({}, found->expiry, recorded->at), {}, vix_of(*recorded, options.rate)};
    ChainTerms terms;
    terms.t_years = shown.t_years;
    terms.rate = options.rate;
    terms.stale_s = kStale_s;
    shown.chain.compute(terms, found->quotes);
    if (options.json) {
        print_json(shown, options.rate);
    } else {
        print_figures(shown);
        print_table(shown, options.strikes);
    }
    std::cout.flush();
    return ExitCode::done;
}

}  // namespace tide
