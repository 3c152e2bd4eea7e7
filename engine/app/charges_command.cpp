#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/commands.hpp"
#include "app/paths.hpp"
#include "market/charge_rates.hpp"
#include "ops/text_table.hpp"
#include "trading/charges.hpp"

// What a trade costs, head by head, by the same tables as a session: to be laid beside a contract note.
namespace tide {
namespace {

struct Leg {
    std::string name;
    Money value;  // turnover, or intrinsic value
    ChargeBreakdown charges;
};

Result<Price> price_of(const std::string& text, const char* option) {
    const auto price = parse_price(text);
    if (price && price->positive()) return *price;
    return make_error(ErrorCode::usage, fmt::format("{} {}: give a price in rupees", option, text));
}

class ChargesCommand {
  public:
    explicit ChargesCommand(const ChargesOptions& options) : options_(options) {}

    Result<std::vector<Leg>> legs() {
        auto paths = find_paths("");
        if (!paths) return paths.error();
        const auto rows = load_charge_rates(paths->charges(), options_.broker);
        if (!rows) return rows.error();
        for (const auto& row : *rows) {
            if (auto added = table_.add(row.event()); !added) return added.error();
        }
        const auto kind = parse_instrument_kind(options_.kind);
        const auto date = parse_date(options_.date);
        TIDE_ASSERT(kind && date && options_.quantity > 0);
        kind_ = *kind;
        date_ = *date;
        for (const auto& [text, side] : {std::pair(&options_.buy, Side::buy), std::pair(&options_.sell, Side::sell)}) {
            if (text->empty()) continue;
            if (auto added = add_trade(*text, side); !added) return added.error();
        }
        if (!options_.exercise.empty()) {
            if (auto added = add_exercise(); !added) return added.error();
        }
        if (legs_.empty()) return make_error(ErrorCode::usage, "charges: give --buy, --sell or --exercise");
        return legs_;
    }

  private:
    Result<void> add_trade(const std::string& text, Side side) {
        const auto price = price_of(text, side == Side::buy ? "--buy" : "--sell");
        if (!price) return price.error();
        const Money turnover = *price * Quantity(options_.quantity);
        const auto charges = table_.charges_for({kind_, options_.exchange, side, date_, turnover, {}});
        if (!charges) return charges.error();
        legs_.push_back({std::string(name_of(side)), turnover, *charges});
        return {};
    }
    Result<void> add_exercise() {
        if (kind_ != InstrumentKind::option || options_.strike.empty()) {
            return make_error(ErrorCode::usage, "charges --exercise: is of an option, and needs --strike");
        }
        const auto settlement = price_of(options_.exercise, "--exercise");
        if (!settlement) return settlement.error();
        const auto strike = price_of(options_.strike, "--strike");
        if (!strike) return strike.error();
        const Price depth = *settlement > *strike ? *settlement - *strike : *strike - *settlement;
        const Money intrinsic = depth * Quantity(options_.quantity);
        const auto charges = table_.charges_for_exercise(
            {options_.exchange, date_, *settlement * Quantity(options_.quantity), intrinsic});
        if (!charges) return charges.error();
        legs_.push_back({"exercise", intrinsic, *charges});
        return {};
    }

    const ChargesOptions& options_;
    ChargeTable table_;
    InstrumentKind kind_ = InstrumentKind::option;
    Date date_{};
    std::vector<Leg> legs_;
};

std::string print_json(const ChargesOptions& options, const std::vector<Leg>& legs) {
    nlohmann::ordered_json json{{"schema_version", 1},
                                {"date", options.date},
                                {"exchange", options.exchange},
                                {"kind", options.kind},
                                {"broker", options.broker},
                                {"quantity", options.quantity},
                                {"legs", nlohmann::ordered_json::array()}};
    Money total;
    for (const Leg& leg : legs) {
        nlohmann::ordered_json one{{"leg", leg.name}, {"value", to_string(leg.value)}};
        for (size_t i = 0; i < kChargeItemCount; ++i) {
            const auto item = static_cast<ChargeItem>(i);
            one[std::string(name_of(item))] = to_string(leg.charges.of(item));
        }
        one["total"] = to_string(leg.charges.total());
        total += leg.charges.total();
        json["legs"].push_back(std::move(one));
    }
    json["total"] = to_string(total);
    return json.dump(2) + "\n";
}

std::string print_table(const std::vector<Leg>& legs) {
    std::vector<TableWriter::Column> columns{{"head"}};
    std::vector<TableWriter::Cell> values{"value"};
    std::vector<TableWriter::Cell> totals{"charges"};
    Money total;
    for (const Leg& leg : legs) {
        columns.push_back({leg.name, Align::right});
        values.emplace_back(format_indian(leg.value));
        totals.emplace_back(format_indian(leg.charges.total()));
        total += leg.charges.total();
    }
    columns.push_back({"sum", Align::right});
    values.emplace_back("");
    totals.emplace_back(format_indian(total));
    TableWriter table(std::move(columns));
    table.add_row(std::move(values));
    for (size_t i = 0; i < kChargeItemCount; ++i) {
        const auto item = static_cast<ChargeItem>(i);
        std::vector<TableWriter::Cell> cells{std::string(name_of(item))};
        Money sum;
        for (const Leg& leg : legs) {
            cells.emplace_back(format_indian(leg.charges.of(item)));
            sum += leg.charges.of(item);
        }
        cells.emplace_back(format_indian(sum));
        table.add_row(std::move(cells));
    }
    table.add_rule();
    table.add_row(std::move(totals));
    return table.render(false);
}

}  // namespace

Result<ExitCode> charges_command(const ChargesOptions& options) {
    const auto legs = ChargesCommand(options).legs();
    if (!legs) return legs.error();
    std::cout << (options.json ? print_json(options, *legs) : print_table(*legs));
    return ExitCode::done;
}

}  // namespace tide
