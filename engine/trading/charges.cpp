#include "trading/charges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace tide {
namespace {

constexpr std::array<std::string_view, kChargeItemCount> kItemNames{"brokerage", "stt",   "exchange", "ipft",
                                                                    "sebi",      "stamp", "gst"};
constexpr int64_t kRateUnit = 100'000'000;  // a rate of 1 in 1e-8

std::optional<ChargeItem> parse_item(std::string_view text) {
    const auto it = std::find(kItemNames.begin(), kItemNames.end(), text);
    if (it == kItemNames.end()) return std::nullopt;
    return static_cast<ChargeItem>(it - kItemNames.begin());
}

constexpr uint32_t bit(ChargeItem item) { return 1U << static_cast<unsigned>(item); }

// "brokerage+exchange+sebi"
std::optional<uint32_t> parse_base(std::string_view text) {
    uint32_t bits = 0;
    while (true) {
        const auto plus = text.find('+');
        const auto item = parse_item(text.substr(0, plus));
        if (!item || *item == ChargeItem::gst) return std::nullopt;
        bits |= bit(*item);
        if (plus == std::string_view::npos) return bits;
        text.remove_prefix(plus + 1);
    }
}

// An amount in units of 1e-8 of Money's unit, so that lines can be summed (for GST) before anything is rounded.
using Fine = __int128;

Money rounded(Fine fine, int64_t step_units) {
    const Fine step = static_cast<Fine>(step_units) * kRateUnit;
    return Money::from_units(static_cast<int64_t>((fine + step / 2) / step) * step_units);
}

}  // namespace

std::string_view name_of(ChargeItem item) { return kItemNames[static_cast<size_t>(item)]; }

Money& ChargeBreakdown::of(ChargeItem item) {
    switch (item) {
        case ChargeItem::brokerage:
            return brokerage;
        case ChargeItem::stt:
            return stt;
        case ChargeItem::exchange:
            return exchange;
        case ChargeItem::ipft:
            return ipft;
        case ChargeItem::sebi:
            return sebi;
        case ChargeItem::stamp:
            return stamp;
        case ChargeItem::gst:
            break;
    }
    return gst;
}

// The lines of an order's turnover so far, each rounded by its row, in Fine.
struct ChargeTable::Lines {
    std::array<Fine, kChargeItemCount> fine{};
    Money money(ChargeItem item) const { return rounded(fine[static_cast<size_t>(item)], 1); }
};

Result<void> ChargeTable::add(const ChargeRateEvent& event) {
    const auto refuse = [&](std::string_view field, std::string_view value) {
        return make_error(ErrorCode::config, fmt::format("charges: row '{}' from {}: {} '{}' is not known", event.item,
                                                         format_date(event.from), field, value));
    };
    const auto item = parse_item(event.item);
    if (!item) return refuse("item", event.item);
    Row row{*item,          std::string(event.exchange),
            event.kind,     Sides::both,
            event.rate_e8,  event.flat,
            Rounding::none, 0,
            false,          event.from,
            event.to};
    if (event.side == "buy") {
        row.sides = Sides::buy;
    } else if (event.side == "sell") {
        row.sides = Sides::sell;
    } else if (event.side == "exercise") {
        row.sides = Sides::exercise;
    } else if (event.side != "both") {
        return refuse("side", event.side);
    }
    if (event.rounding == "paisa") {
        row.rounding = Rounding::paisa;
    } else if (event.rounding == "rupee") {
        row.rounding = Rounding::rupee;
    } else if (event.rounding != "none" && !event.rounding.empty()) {
        return refuse("rounding", event.rounding);
    }
    if (*item == ChargeItem::gst) {
        const auto base = parse_base(event.base);
        if (!base) return refuse("base", event.base);
        row.base = *base;
    } else if (row.sides == Sides::exercise && (event.base == "intrinsic" || event.base == "settlement")) {
        row.on_full_settlement = event.base == "settlement";
    } else if (event.base != "turnover" && !event.base.empty()) {
        return refuse("base", event.base);
    }
    if (event.rate_e8 < 0 || event.flat < Money()) return refuse("negative rate", fmt::format("{}", event.rate_e8));
    if (event.to < event.from) return refuse("to before from", format_date(event.to));
    rows_[slot(event.kind, *item)].push_back(std::move(row));
    return {};
}

// The newest row that names the exchange wins over "*".
const ChargeTable::Row* ChargeTable::find(ChargeItem item, const ChargeQuery& query) const {
    const Row* found = nullptr;
    for (const Row& row : rows_[slot(query.kind, item)]) {
        if (query.date < row.from || row.to < query.date) continue;
        if (!row.serves(query.side) || (row.exchange != "*" && row.exchange != query.exchange)) continue;
        const bool better = found == nullptr || (found->exchange == "*") > (row.exchange == "*") ||
                            ((found->exchange == "*") == (row.exchange == "*") && row.from > found->from);
        if (better) found = &row;
    }
    return found;
}

const ChargeTable::Row* ChargeTable::find_exercise(ChargeItem item, const ExerciseQuery& query) const {
    const auto& rows = rows_[slot(InstrumentKind::option, item)];
    const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
        return row.sides == Sides::exercise && row.from <= query.date && query.date <= row.to &&
               (row.exchange == "*" || row.exchange == query.exchange);
    });
    return found == rows.end() ? nullptr : &*found;
}

bool ChargeTable::has_item(ChargeItem item, InstrumentKind kind, std::string_view exchange, Date date) const {
    return find(item, {kind, exchange, Side::buy, date, {}, {}}) != nullptr ||
           find(item, {kind, exchange, Side::sell, date, {}, {}}) != nullptr;
}

Result<void> ChargeTable::covers(InstrumentKind kind, std::string_view exchange, Date date) const {
    for (const ChargeItem item : {ChargeItem::brokerage, ChargeItem::stt, ChargeItem::exchange, ChargeItem::sebi,
                                  ChargeItem::stamp, ChargeItem::gst}) {
        if (!has_item(item, kind, exchange, date)) {
            return make_error(ErrorCode::config,
                              fmt::format("charges: no {} rate for {} on {} at {}; add a dated row to config/charges",
                                          name_of(item), name_of(kind), exchange, format_date(date)));
        }
    }
    return {};
}

// By the row's own rounding, still in Fine.
__int128 ChargeTable::round_line(__int128 line, const Row& row) {
    if (row.rounding == Rounding::none) return line;
    const int64_t step = row.rounding == Rounding::paisa ? kUnitsPerPaisa : kUnitsPerRupee;
    return static_cast<Fine>(rounded(line, step).units()) * kRateUnit;
}

ChargeTable::Lines ChargeTable::lines_for(const ChargeQuery& query, Money turnover) const {
    Lines lines;
    if (turnover <= Money()) return lines;
    for (size_t i = 0; i < kChargeItemCount; ++i) {
        const Row* row = find(static_cast<ChargeItem>(i), query);
        if (row == nullptr) continue;
        const bool is_gst = row->item == ChargeItem::gst;
        Fine base = is_gst ? 0 : static_cast<Fine>(turnover.units()) * kRateUnit;
        for (size_t j = 0; is_gst && j < i; ++j) {
            if ((row->base & bit(static_cast<ChargeItem>(j))) != 0) base += lines.fine[j];
        }
        Fine line = base * row->rate_e8 / kRateUnit;
        const Fine flat = static_cast<Fine>(row->flat.units()) * kRateUnit;
        // A flat amount with a rate beside it is "20 rupees or a share of turnover, whichever is less".
        if (flat > 0) line = row->rate_e8 > 0 ? std::min(flat, line) : flat;
        lines.fine[i] = round_line(line, *row);
    }
    return lines;
}

Result<ChargeBreakdown> ChargeTable::charges_for(const ChargeQuery& query) const {
    TIDE_ASSERT(query.turnover >= Money() && query.turnover_before >= Money());
    if (auto covered = covers(query.kind, query.exchange, query.date); !covered) return covered.error();
    const Lines before = lines_for(query, query.turnover_before);
    const Lines after = lines_for(query, query.turnover_before + query.turnover);
    ChargeBreakdown breakdown;
    for (size_t i = 0; i < kChargeItemCount; ++i) {
        const auto item = static_cast<ChargeItem>(i);
        breakdown.of(item) = after.money(item) - before.money(item);
    }
    return breakdown;
}

Result<ChargeBreakdown> ChargeTable::charges_for_exercise(const ExerciseQuery& query) const {
    TIDE_ASSERT(query.settlement_value >= Money() && query.intrinsic_value >= Money());
    const Row* stt = find_exercise(ChargeItem::stt, query);
    if (stt == nullptr) {
        return make_error(ErrorCode::config,
                          fmt::format("charges: no stt rate for an exercise on {} at {}; add a dated row with side "
                                      "\"exercise\" to config/charges",
                                      query.exchange, format_date(query.date)));
    }
    Lines lines;
    const auto set = [&](ChargeItem item, Fine line, const Row& row) {
        lines.fine[static_cast<size_t>(item)] = round_line(line, row);
    };
    const Money base = stt->on_full_settlement ? query.settlement_value : query.intrinsic_value;
    set(ChargeItem::stt, static_cast<Fine>(base.units()) * stt->rate_e8, *stt);
    const Row* brokerage = find_exercise(ChargeItem::brokerage, query);
    if (brokerage != nullptr)
        set(ChargeItem::brokerage, static_cast<Fine>(brokerage->flat.units()) * kRateUnit, *brokerage);
    const Row* gst = find(ChargeItem::gst, {InstrumentKind::option, query.exchange, Side::sell, query.date, {}, {}});
    if (brokerage != nullptr && gst != nullptr)
        set(ChargeItem::gst, lines.fine[static_cast<size_t>(ChargeItem::brokerage)] * gst->rate_e8 / kRateUnit, *gst);
    ChargeBreakdown breakdown;
    for (const ChargeItem item : {ChargeItem::stt, ChargeItem::brokerage, ChargeItem::gst}) {
        breakdown.of(item) = lines.money(item);
    }
    return breakdown;
}

Result<Money> ChargeTable::estimate(const Instrument& instrument, Side side, Money turnover, Date date) const {
    const auto charged = charges_for({instrument.kind, instrument.exchange, side, date, turnover, {}});
    if (!charged) return charged.error();
    return charged->total();
}

}  // namespace tide
