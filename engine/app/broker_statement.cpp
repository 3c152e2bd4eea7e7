#include "app/broker_statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "barstore/field_parser.hpp"
#include "barstore/line_reader.hpp"
#include "core/lines.hpp"

namespace tide {
namespace {

enum Field : uint8_t {
    symbol,
    side,
    quantity,
    price,
    time,
    date,
    trade_id,
    underlying,
    expiry,
    strike,
    right,
    charges
};
constexpr size_t kFieldCount = 12;

// Whose column is what. The broker is the one whose columns are all there; names are compared in small letters.
struct Column {
    Field field;
    std::string_view name;
};
constexpr Column kOwn[] = {{symbol, "symbol"}, {side, "side"},         {quantity, "quantity"},     {price, "price"},
                           {time, "time_ist"}, {trade_id, "trade_id"}, {underlying, "underlying"}, {expiry, "expiry"},
                           {strike, "strike"}, {right, "right"},       {charges, "charges"}};
constexpr Column kZerodha[] = {{symbol, "symbol"},   {side, "trade_type"},           {quantity, "quantity"},
                               {price, "price"},     {time, "order_execution_time"}, {trade_id, "trade_id"},
                               {date, "trade_date"}, {expiry, "expiry_date"}};
constexpr Column kDhan[] = {{symbol, "tradingsymbol"}, {side, "transactiontype"},  {quantity, "tradedquantity"},
                            {price, "tradedprice"},    {time, "exchangetime"},     {trade_id, "exchangetradeid"},
                            {expiry, "drvexpirydate"}, {strike, "drvstrikeprice"}, {right, "drvoptiontype"}};
constexpr Column kAngel[] = {{symbol, "tradingsymbol"}, {side, "transactiontype"}, {quantity, "fillsize"},
                             {price, "fillprice"},      {time, "filltime"},        {trade_id, "fillid"},
                             {expiry, "expirydate"},    {strike, "strikeprice"},   {right, "optiontype"}};
// What Dhan's history rows charge, head by head.
constexpr std::string_view kDhanHeads[] = {
    "sebitax", "stt", "brokeragecharges", "servicetax", "exchangetransactioncharges", "stampduty"};
constexpr size_t kNeeded = 4;  // the first four of each list
struct Format {
    std::string_view name;
    std::span<const Column> columns;
};
constexpr Format kFormats[] = {{"own", kOwn}, {"zerodha", kZerodha}, {"dhan", kDhan}, {"angelone", kAngel}};

std::string small(std::string_view text) {
    std::string out;
    for (const char c : trim_field(text)) out.push_back(c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c);
    return out;
}
bool absent(std::string_view text) { return text.empty() || text == "NA" || text == "null" || text == "-1"; }

// "26NOV2026", as brokers write an expiry, beside "2026-11-26".
std::optional<Date> parse_expiry(std::string_view text) {
    if (auto date = parse_date(text.substr(0, 10))) return date;
    static constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    if (text.size() != 9) return std::nullopt;
    const size_t month = kMonths.find(text.substr(2, 3));
    if (month == std::string_view::npos || month % 3 != 0) return std::nullopt;
    return parse_date(fmt::format("{}-{:02d}-{}", text.substr(5), month / 3 + 1, text.substr(0, 2)));
}

class Parser {
  public:
    Parser(std::string_view text, std::string_view name, std::optional<Date> day)
        : text_(text), name_(name), day_(day) {}

    Result<Statement> parse() {
        const auto lines = lines_of(text_);
        for (size_t i = 0; i < lines.size(); ++i) {
            std::string_view line = lines[i];
            if (line.ends_with('\r')) line.remove_suffix(1);
            if (trim_field(line).empty()) continue;
            split_csv(line, fields_);
            line_ = static_cast<int64_t>(i) + 1;
            if (!header_) {
                if (auto read = read_header(); !read) return read.error();
            } else if (std::string problem = read_row(); !problem.empty()) {
                if (bad_++ == 0) first_problem_ = fmt::format("{}:{}: {}", name_, line_, problem);
            }
        }
        if (!header_) return make_error(ErrorCode::input, fmt::format("{}: it is empty", name_));
        if (bad_ > 0) {
            return make_error(ErrorCode::input,
                              fmt::format("{}{}; nothing was compared", first_problem_,
                                          bad_ > 1 ? fmt::format(" (and {} more bad rows)", bad_ - 1) : ""));
        }
        if (statement_.trades.empty()) return make_error(ErrorCode::input, fmt::format("{}: it has no trades", name_));
        return std::move(statement_);
    }

  private:
    Result<void> read_header() {
        header_ = true;
        std::vector<std::string> names;
        for (const auto field : fields_) names.push_back(small(field));
        const auto place = [&](std::string_view name) {
            const auto found = std::find(names.begin(), names.end(), name);
            return found == names.end() ? -1 : static_cast<int>(found - names.begin());
        };
        for (const Format& format : kFormats) {
            const auto needed = format.columns.subspan(0, kNeeded);
            if (!std::all_of(needed.begin(), needed.end(), [&](const Column& c) { return place(c.name) >= 0; }))
                continue;
            statement_.format = format.name;
            at_.fill(-1);
            for (const Column& column : format.columns) at_[column.field] = place(column.name);
            if (format.name == "dhan") {
                for (const auto head : kDhanHeads) heads_.push_back(place(head));
            }
            if (at_[time] >= 0 || at_[date] >= 0) return {};
            return make_error(ErrorCode::input, fmt::format("{}:{}: there is no column of times", name_, line_));
        }
        return make_error(
            ErrorCode::input,
            fmt::format("{}:{}: these are no columns of a statement of trades; needed: "
                        "time_ist,symbol,side,quantity,price, or a tradebook of Zerodha, Dhan or Angel One",
                        name_, line_));
    }
    std::string_view field(Field which) const {
        const int at = at_[which];
        return at < 0 || static_cast<size_t>(at) >= fields_.size() ? std::string_view()
                                                                   : trim_field(fields_[static_cast<size_t>(at)]);
    }

    // What is wrong with the row; empty: nothing.
    std::string read_row() {
        StatementTrade trade;
        trade.line = line_;
        trade.symbol = field(symbol);
        trade.underlying = field(underlying);
        trade.trade_id = field(trade_id);
        if (trade.symbol.empty() && trade.underlying.empty()) return "no symbol";
        const std::string way = small(field(side));
        if (way != "buy" && way != "sell" && way != "b" && way != "s")
            return fmt::format("side '{}' is neither buy nor sell", field(side).substr(0, 20));
        trade.buy = way[0] == 'b';
        const auto units = parse_file_count(field(quantity));
        if (!units || *units <= 0)
            return fmt::format("quantity '{}' is not a number above 0", field(quantity).substr(0, 20));
        trade.quantity = *units;
        const auto paid = parse_file_price(field(price));
        if (!paid || !paid->positive())
            return fmt::format("price '{}' is not a number above 0", field(price).substr(0, 20));
        trade.price = *paid;
        if (std::string problem = read_time(trade); !problem.empty()) return problem;
        if (std::string problem = read_contract(trade); !problem.empty()) return problem;
        if (std::string problem = read_charges(trade); !problem.empty()) return problem;
        statement_.trades.push_back(std::move(trade));
        return {};
    }
    std::string read_time(StatementTrade& trade) {
        std::string_view text = field(time);
        // A time of day alone has its date beside it.
        std::string both;
        if (!text.empty() && text.size() <= 8 && (at_[date] >= 0 || day_)) {
            both = fmt::format("{}T{}", at_[date] >= 0 ? std::string(field(date)) : format_date(*day_), text);
            text = both;
        }
        const bool whole = !text.empty();
        const auto parsed = times_.parse(whole ? text : field(date));
        if (!parsed) return fmt::format("time '{}' is not readable", (whole ? text : field(date)).substr(0, 40));
        if (whole) trade.time = *parsed;
        const Date day = ist_date(as_receive_time(*parsed));
        const bool first = statement_.trades.empty();
        statement_.first_day = first ? day : std::min(statement_.first_day, day);
        statement_.last_day = first ? day : std::max(statement_.last_day, day);
        return {};
    }
    std::string read_contract(StatementTrade& trade) const {
        if (const auto text = field(expiry); !absent(text)) {
            trade.expiry = parse_expiry(text);
            if (!trade.expiry) return fmt::format("expiry '{}' is not a date", text.substr(0, 20));
        }
        if (const auto text = field(strike); !absent(text)) {
            trade.strike = parse_file_price(text);
            if (!trade.strike) return fmt::format("strike '{}' is not a number", text.substr(0, 20));
            if (!trade.strike->positive()) trade.strike.reset();
        }
        const std::string kind = small(field(right));
        if (kind == "ce" || kind == "call") trade.right = OptionRight::call;
        if (kind == "pe" || kind == "put") trade.right = OptionRight::put;
        return {};
    }
    std::string read_charges(StatementTrade& trade) const {
        const auto add = [&](std::string_view text) {
            const auto amount = parse_file_price(text);
            if (amount) trade.charges = trade.charges.value_or(Money()) + Money::from_units(amount->units());
            return amount.has_value();
        };
        if (const auto text = field(charges); !absent(text) && !add(text))
            return fmt::format("charges '{}' are no amount", text.substr(0, 20));
        for (const int head : heads_) {
            if (head < 0 || static_cast<size_t>(head) >= fields_.size()) continue;
            const auto text = trim_field(fields_[static_cast<size_t>(head)]);
            if (!absent(text) && !add(text)) return fmt::format("charges '{}' are no amount", text.substr(0, 20));
        }
        return {};
    }

    std::string_view text_, name_;
    std::optional<Date> day_;
    Statement statement_;
    std::array<int, kFieldCount> at_{};
    std::vector<int> heads_;
    std::vector<std::string_view> fields_;
    TimeColumnParser times_;
    bool header_ = false;
    int64_t line_ = 0;
    size_t bad_ = 0;
    std::string first_problem_;
};

std::string describe(const FillRow& fill) {
    return fmt::format("{} {} {} at {} {}", fill.side, fill.quantity, fill.instrument, to_string(fill.price),
                       format_iso(fill.time));
}
std::string describe(const StatementTrade& trade) {
    return fmt::format("{} {} {} at {}", trade.buy ? "buy" : "sell", trade.quantity,
                       trade.symbol.empty() ? trade.underlying : trade.symbol, to_string(trade.price));
}

class Matcher {
  public:
    Matcher(const Statement& statement, const std::vector<FillRow>& fills, const StatementTolerance& tolerance)
        : statement_(statement),
          fills_(fills),
          tolerance_(tolerance),
          used_(fills.size()),
          done_(statement.trades.size()) {}

    StatementMatch run() {
        pass([](const StatementTrade& t, const FillRow& f) { return t.quantity == f.quantity && t.price == f.price; },
             "");
        pass([](const StatementTrade& t, const FillRow& f) { return t.quantity == f.quantity; }, "price");
        pass([](const StatementTrade& t, const FillRow& f) { return t.price == f.price; }, "quantity");
        for (size_t i = 0; i < done_.size(); ++i) {
            const StatementTrade& trade = statement_.trades[i];
            if (!done_[i]) match_.differences.push_back({"not_in_store", trade.line, describe(trade), ""});
        }
        for (size_t i = 0; i < used_.size(); ++i) {
            if (!used_[i]) match_.differences.push_back({"not_in_statement", 0, describe(fills_[i]), ""});
        }
        compare_charges();
        return std::move(match_);
    }

  private:
    // Trades that are left, each with the nearest fill that is left and for which `same` holds.
    template <class Same>
    void pass(const Same& same, std::string_view difference) {
        for (size_t i = 0; i < done_.size(); ++i) {
            if (done_[i]) continue;
            const StatementTrade& trade = statement_.trades[i];
            std::optional<size_t> best;
            Duration nearest{};
            for (size_t k = 0; k < used_.size(); ++k) {
                const FillRow& fill = fills_[k];
                if (used_[k] || (fill.side == "buy") != trade.buy || !same(trade, fill) ||
                    !same_contract(trade, fill.instrument))
                    continue;
                const Duration apart =
                    trade.time ? Duration(std::abs((as_receive_time(*trade.time) - fill.time).count())) : Duration(0);
                if (apart > tolerance_.time || (best && apart >= nearest)) continue;
                best = k;
                nearest = apart;
            }
            if (!best) continue;
            done_[i] = used_[*best] = true;
            note(trade, fills_[*best], difference);
        }
    }
    void note(const StatementTrade& trade, const FillRow& fill, std::string_view difference) {
        match_.charges_ours += fill.charges;
        if (difference.empty()) {
            ++match_.matched;
            return;
        }
        const std::string values =
            difference == "price" ? fmt::format("ours={} statement={}", to_string(fill.price), to_string(trade.price))
                                  : fmt::format("ours={} statement={}", fill.quantity, trade.quantity);
        match_.differences.push_back({std::string(difference), trade.line, describe(fill), values});
    }
    void compare_charges() {
        const auto& trades = statement_.trades;
        if (!std::all_of(trades.begin(), trades.end(), [](const StatementTrade& t) { return t.charges.has_value(); }))
            return;
        Money theirs;
        for (const auto& trade : trades) theirs += *trade.charges;
        match_.charges_theirs = theirs;
        const Money apart = theirs - match_.charges_ours;
        if (std::abs(apart.units()) <= tolerance_.charges.units()) return;
        match_.differences.push_back(
            {"charges", 0, "charges of the trades",
             fmt::format("ours={} statement={}", to_string(match_.charges_ours), to_string(theirs))});
    }

    const Statement& statement_;
    const std::vector<FillRow>& fills_;
    const StatementTolerance& tolerance_;
    std::vector<bool> used_, done_;
    StatementMatch match_;
};

}  // namespace

Result<Statement> parse_statement(std::string_view text, std::string_view name, std::optional<Date> day) {
    return Parser(text, name, day).parse();
}

// The store's own symbol; or a broker's, whose parts must not contradict it: it begins with the underlying, ends with
// strike and right (where its own columns do not tell them), and the expiry is the same where one is told.
bool same_contract(const StatementTrade& trade, std::string_view instrument) {
    if (trade.symbol == instrument) return true;
    std::vector<std::string_view> parts;  // underlying, expiry, strike, right
    for (std::string_view rest = instrument; !rest.empty();) {
        const size_t end = std::min(rest.find(' '), rest.size());
        parts.push_back(rest.substr(0, end));
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    if (parts.size() != 4) return false;
    const auto date = parse_date(parts[1]);
    const auto level = parse_file_price(parts[2]);
    const auto kind = parse_option_right(parts[3]);
    if (!date || !level || !kind || (trade.expiry && *trade.expiry != *date)) return false;
    const bool begins = trade.underlying.empty() ? trade.symbol.starts_with(parts[0]) : trade.underlying == parts[0];
    if (!begins) return false;
    if (trade.strike && trade.right) return trade.expiry && *trade.strike == *level && *trade.right == *kind;
    return trade.expiry && trade.symbol.ends_with(fmt::format("{}{}", parts[2], parts[3]));
}

StatementMatch match_statement(const Statement& statement, const std::vector<FillRow>& fills,
                               const StatementTolerance& tolerance) {
    return Matcher(statement, fills, tolerance).run();
}

}  // namespace tide
