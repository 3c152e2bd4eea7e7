#include "barstore/master_row.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "barstore/field_parser.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

using enum MasterColumn;

constexpr int64_t kLargestQuantity = 100'000'000;

std::optional<int> whole_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}
std::optional<unsigned> month_of(std::string_view text) {
    if (text.size() == 3) {
        constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
        std::string upper;
        for (const char c : text) upper.push_back(static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
        const auto at = kMonths.find(upper);
        if (at == std::string_view::npos || at % 3 != 0) return std::nullopt;
        return static_cast<unsigned>(at / 3 + 1);
    }
    const auto number = whole_number(text);
    return number ? std::optional(static_cast<unsigned>(*number)) : std::nullopt;
}
std::optional<Date> date_of(std::string_view day, std::string_view month, std::string_view year) {
    const auto d = whole_number(day), y = whole_number(year);
    const auto m = month_of(month);
    if (!d || !m || !y) return std::nullopt;
    const int full = year.size() == 2 ? 2000 + *y : *y;
    const std::chrono::year_month_day date{std::chrono::year(full), std::chrono::month(*m),
                                           std::chrono::day(static_cast<unsigned>(*d))};
    if (!date.ok() || full < 1990 || full > 2200) return std::nullopt;
    return Date(date);
}

// What a dialect says of a contract, before it is checked.
struct Reading {
    InstrumentKind kind = InstrumentKind::option;
    bool wanted = false;
    int64_t price_divisor = 1;  // of the strike
    int64_t tick_divisor = 1;
};

InstrumentKind index_kind(std::string_view name) {
    return canonical_symbol(name) == "INDIAVIX" ? InstrumentKind::volatility_index : InstrumentKind::index;
}
// OPTIDX, OPTSTK, FUTIDX, FUTSTK: the same words at Angel One and Dhan.
bool read_derivative_kind(std::string_view word, Reading& reading) {
    reading.wanted = word == "OPTIDX" || word == "OPTSTK" || word == "FUTIDX" || word == "FUTSTK";
    reading.kind = word.starts_with("OPT") ? InstrumentKind::option : InstrumentKind::future;
    return reading.wanted;
}

// Strike and tick are in paise. An option's right is only in its symbol.
Reading read_angel(const MasterRow& row, ListedContract& contract) {
    Reading reading;
    reading.price_divisor = reading.tick_divisor = 100;
    const std::string_view segment_name = row[segment], kind = row[instrument];
    contract.key.exchange = segment_name == "BSE" || segment_name == "BFO" ? "BSE" : "NSE";
    if (segment_name == "NFO" || segment_name == "BFO") {
        if (read_derivative_kind(kind, reading) && reading.kind == InstrumentKind::option && row[symbol].size() > 2)
            contract.key.right =
                parse_option_right(row[symbol].substr(row[symbol].size() - 2)).value_or(OptionRight::none);
    } else if (kind == "AMXIDX" && (segment_name == "NSE" || segment_name == "BSE")) {
        reading.wanted = true;
        reading.kind = index_kind(row[name]);
    } else if (segment_name == "NSE" && kind.empty() && row[symbol].ends_with("-EQ")) {
        reading.wanted = true;
        reading.kind = InstrumentKind::equity;
    }
    return reading;
}

// "BAJAJ-AUTO-Oct2024-9000-CE": the underlying is what stands before the month; a name may hold a dash itself.
std::string_view dhan_underlying(std::string_view symbol_text, bool option) {
    for (int parts = option ? 3 : 2; parts > 0; --parts) {
        const auto dash = symbol_text.rfind('-');
        if (dash == std::string_view::npos) return {};
        symbol_text = symbol_text.substr(0, dash);
    }
    return symbol_text;
}

// Ticks of shares and contracts are in paise ("5.0000"); of indices, which have none, in rupees ("0.0500"): a value
// under one is rupees.
Reading read_dhan(const MasterRow& row, ListedContract& contract, std::string& underlying) {
    Reading reading;
    std::string_view exchange_name = row[exchange], part = row[segment];
    if (exchange_name.empty()) {  // the trimmed form has both in one: "BSE_FNO"
        exchange_name = part.substr(0, part.find('_'));
        part = part.ends_with("_FNO") ? "D" : part == "IDX_I" ? "I" : part.ends_with("_EQ") ? "E" : "";
        if (part == "I") exchange_name = "NSE";
    }
    if (exchange_name != "NSE" && exchange_name != "BSE") return reading;
    contract.key.exchange = exchange_name;
    if (const auto tick_text = parse_file_price(row[tick]); tick_text && tick_text->units() >= kUnitsPerRupee)
        reading.tick_divisor = 100;
    const std::string_view kind = row[instrument];
    if (part == "D" && read_derivative_kind(kind, reading)) {
        contract.segment = std::string(exchange_name) + "_FNO";
        const bool option = reading.kind == InstrumentKind::option;
        if (option) contract.key.right = parse_option_right(row[right]).value_or(OptionRight::none);
        if (underlying.empty()) underlying = dhan_underlying(row[symbol], option);
    } else if (part == "I" && kind == "INDEX") {
        reading.wanted = true;
        contract.segment = "IDX_I";
        if (underlying.empty()) underlying = row[symbol];
        reading.kind = index_kind(underlying);
    } else if (part == "E" && exchange_name == "NSE" && kind == "EQUITY" && row[series] == "EQ") {
        reading.wanted = true;
        reading.kind = InstrumentKind::equity;
        contract.segment = "NSE_EQ";
        if (underlying.empty()) underlying = row[symbol];
    }
    const std::string_view allowed = row[status];  // whether buying and selling are allowed: "A" both
    if (!allowed.empty()) contract.status = allowed == "A" ? ContractStatus::active : ContractStatus::suspended;
    return reading;
}

Reading read_kite(const MasterRow& row, ListedContract& contract, std::string& underlying) {
    Reading reading;
    const std::string_view part = row[segment], kind = row[instrument];
    contract.key.exchange = row[exchange] == "BSE" || row[exchange] == "BFO" ? "BSE" : "NSE";
    if (part == "NFO-OPT" || part == "BFO-OPT") {
        reading.wanted = true;
        contract.key.right = parse_option_right(kind).value_or(OptionRight::none);
    } else if (part == "NFO-FUT" || part == "BFO-FUT") {
        reading.wanted = true;
        reading.kind = InstrumentKind::future;
    } else if (part == "INDICES") {
        reading.wanted = true;
        underlying = row[symbol];
        reading.kind = index_kind(underlying);
    } else if (part == "NSE" && kind == "EQ") {
        reading.wanted = true;
        reading.kind = InstrumentKind::equity;
        underlying = row[symbol];
    }
    return reading;
}

Reading read_own(const MasterRow& row, ListedContract& contract, std::string& problem) {
    Reading reading;
    reading.wanted = true;
    if (!row[exchange].empty()) contract.key.exchange = row[exchange];
    if (contract.segment.empty()) contract.segment = contract.key.exchange;
    const auto kind = parse_instrument_kind(row[instrument]);
    if (!kind)
        problem = fmt::format("kind '{}' is not index, equity, future, option or volatility_index", row[instrument]);
    reading.kind = kind.value_or(InstrumentKind::index);
    if (reading.kind == InstrumentKind::option)
        contract.key.right = parse_option_right(row[right]).value_or(OptionRight::none);
    const std::string_view word = row[status];
    if (word == "active") contract.status = ContractStatus::active;
    if (word == "suspended") contract.status = ContractStatus::suspended;
    if (!word.empty() && contract.status == ContractStatus::unknown && word != "unknown")
        problem = fmt::format("status '{}' is not active, suspended or unknown", word);
    return reading;
}

// Numbers of a row. Each gives what is wrong, or nothing.
class RowNumbers {
  public:
    RowNumbers(const MasterRow& row, std::string& problem) : row_(row), problem_(problem) {}

    Price price(MasterColumn column, std::string_view what, int64_t divisor) {
        const std::string_view text = row_[column];
        if (text.empty()) return {};
        const auto value = parse_file_price(text);
        if (!value || value->units() % divisor != 0) return refuse<Price>(what, text, "is not a price");
        if (value->units() < 0) return {};  // "-1.000000": none
        return Price::from_units(value->units() / divisor);
    }
    Quantity quantity(MasterColumn column, std::string_view what) {
        const std::string_view text = row_[column];
        if (text.empty()) return Quantity(0);
        const auto value = parse_file_count(text);
        if (!value || *value < 0 || *value > kLargestQuantity)
            return refuse<Quantity>(what, text, "is not a whole number of units");
        return Quantity(*value);
    }
    std::optional<Date> date(MasterColumn column, std::string_view what) {
        const std::string_view text = row_[column];
        if (text.empty() || text.starts_with("0001-01-01") || text == "NA") return std::nullopt;
        const auto value = parse_master_date(text);
        if (!value) return refuse<std::optional<Date>>(what, text, "is not a date");
        return value;
    }

  private:
    template <class T>
    T refuse(std::string_view what, std::string_view text, std::string_view why) {
        if (problem_.empty()) problem_ = fmt::format("{} '{}' {}", what, text.substr(0, 40), why);
        return {};
    }
    const MasterRow& row_;
    std::string& problem_;
};

// What every contract of its kind must have.
std::string_view missing_part(const ListedContract& contract) {
    if (contract.key.underlying.empty()) return "the underlying is missing";
    if (contract.key.kind == InstrumentKind::option || contract.key.kind == InstrumentKind::future) {
        if (!contract.key.expiry) return "the expiry is missing";
        if (contract.lot.units() == 0 && !contract.tick.positive() && contract.token.empty())
            return "neither a lot nor a number";
    }
    if (contract.key.kind == InstrumentKind::option) {
        if (!contract.key.strike.positive()) return "the strike is missing";
        if (contract.key.right == OptionRight::none) return "neither a call nor a put";
    }
    return {};
}

}  // namespace

std::optional<Date> parse_master_date(std::string_view text) {
    if (text.size() >= 10 && text[4] == '-') {  // "2026-11-24", with or without a time
        if (text.size() > 10 && text[10] != ' ' && text[10] != 'T') return std::nullopt;
        if (text.size() > 10 && !parse_time_of_day(text.substr(11))) return std::nullopt;
        return date_of(text.substr(8, 2), text.substr(5, 2), text.substr(0, 4));
    }
    if (text.size() == 9) return date_of(text.substr(0, 2), text.substr(2, 3), text.substr(5));  // 24NOV2026
    for (const char mark : {'-', '/'}) {
        const auto first = text.find(mark), last = text.rfind(mark);
        if (first != 2 || last == first || last == std::string_view::npos) continue;
        const auto year = text.substr(last + 1);
        if (year.size() != 2 && year.size() != 4) return std::nullopt;
        return date_of(text.substr(0, 2), text.substr(3, last - 3), year);
    }
    return std::nullopt;
}

MasterRowFate read_master_row(MasterDialect dialect, const MasterRow& row, ListedContract& contract,
                              std::string& problem) {
    contract = {};
    problem.clear();
    std::string underlying(row[name]);
    contract.symbol = row[symbol];
    contract.token = row[token];
    contract.segment = row[segment];
    Reading reading;
    switch (dialect) {
        case MasterDialect::angel:
            reading = read_angel(row, contract);
            break;
        case MasterDialect::dhan:
            reading = read_dhan(row, contract, underlying);
            break;
        case MasterDialect::kite:
            reading = read_kite(row, contract, underlying);
            break;
        case MasterDialect::own:
            reading = read_own(row, contract, problem);
            break;
    }
    if (!reading.wanted) return MasterRowFate::elsewhere;
    contract.key.kind = reading.kind;
    contract.key.underlying = canonical_symbol(underlying);
    RowNumbers numbers(row, problem);
    const bool derivative = reading.kind == InstrumentKind::option || reading.kind == InstrumentKind::future;
    if (derivative) contract.key.expiry = numbers.date(expiry, "expiry");
    if (reading.kind == InstrumentKind::option)
        contract.key.strike = numbers.price(strike, "strike", reading.price_divisor);
    contract.lot = numbers.quantity(lot, "lot");
    contract.tick = numbers.price(tick, "tick", reading.tick_divisor);
    contract.freeze = numbers.quantity(freeze, "freeze quantity");
    if (const auto from = numbers.date(valid_from, "valid_from")) contract.valid_from = *from;
    if (const auto to = numbers.date(valid_to, "valid_to")) contract.valid_to = *to;
    if (problem.empty() && contract.valid_to < contract.valid_from) problem = "valid_to is before valid_from";
    if (problem.empty()) problem = missing_part(contract);
    return problem.empty() ? MasterRowFate::kept : MasterRowFate::bad;
}

}  // namespace tide
