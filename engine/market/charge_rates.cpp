#include "market/charge_rates.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "market/toml_reader.hpp"

namespace tide {
namespace {

constexpr std::array<std::string_view, 7> kItems{"brokerage", "stt", "exchange", "ipft", "sebi", "stamp", "gst"};
constexpr std::array<std::string_view, 4> kSides{"buy", "sell", "both", "exercise"};
constexpr std::array<std::string_view, 3> kRoundings{"none", "paisa", "rupee"};
constexpr Date kOpenEnd = make_date(2199, 12, 31);

template <size_t N>
bool one_of(const std::array<std::string_view, N>& allowed, std::string_view text) {
    return std::find(allowed.begin(), allowed.end(), text) != allowed.end();
}

// A percentage in 1e-8 of the base: "0.03503" -> 35030. At most six decimals, so that nothing is rounded.
std::optional<int64_t> parse_percent_e8(std::string_view text) {
    const auto point = text.find('.');
    const std::string_view whole = text.substr(0, point);
    const std::string_view decimals = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
    if (whole.empty() || whole.size() > 3 || decimals.size() > 6) return std::nullopt;
    int64_t value = 0;
    for (const std::string_view part : {whole, decimals}) {
        for (const char c : part) {
            if (c < '0' || c > '9') return std::nullopt;
            value = value * 10 + (c - '0');
        }
    }
    for (size_t i = decimals.size(); i < 6; ++i) value *= 10;
    return value;
}

bool items_joined_by_plus(std::string_view text) {
    for (;;) {
        const auto plus = text.find('+');
        const std::string_view item = text.substr(0, plus);
        if (item == "gst" || !one_of(kItems, item)) return false;
        if (plus == std::string_view::npos) return true;
        text.remove_prefix(plus + 1);
    }
}

std::string chosen(TomlReader& row, std::string_view key, bool (*allowed)(std::string_view), std::string_view wanted) {
    std::string text = row.text(key);
    if (!allowed(text)) row.refuse(key, fmt::format("'{}' is not {}", text, wanted));
    return text;
}

void read_amount(TomlReader& row, ChargeRateRow& rate) {
    const std::string percent = row.text_or("percent", "");
    const std::string flat = row.text_or("flat", "");
    if (percent.empty() && flat.empty()) row.refuse("percent", "is missing, and so is flat");
    if (!percent.empty()) {
        const auto parsed = parse_percent_e8(percent);
        if (!parsed) row.refuse("percent", "is not a decimal number in quotes with at most six decimals");
        rate.rate_e8 = parsed.value_or(0);
    }
    if (!flat.empty()) {
        const auto parsed = parse_money(flat);
        if (!parsed || *parsed < Money()) row.refuse("flat", "is not an amount of rupees in quotes");
        rate.flat = parsed.value_or(Money());
    }
}

ChargeRateRow read_row(TomlReader& row, const std::string& exchange) {
    ChargeRateRow rate;
    rate.exchange = exchange;
    rate.item = chosen(
        row, "item", [](std::string_view text) { return one_of(kItems, text); }, "a charge");
    const auto kind = parse_instrument_kind(row.text("kind"));
    if (!kind) row.refuse("kind", "is not option, future or equity");
    rate.kind = kind.value_or(InstrumentKind::option);
    rate.side = chosen(
        row, "side", [](std::string_view text) { return one_of(kSides, text); }, "buy, sell, both or exercise");
    rate.rounding = chosen(
        row, "rounding", [](std::string_view text) { return one_of(kRoundings, text); }, "none, paisa or rupee");
    read_amount(row, rate);
    rate.base = row.text_or("base", "turnover");
    const bool of_exercise = rate.side == "exercise" && (rate.base == "intrinsic" || rate.base == "settlement");
    const bool good_base =
        rate.item == "gst" ? items_joined_by_plus(rate.base) : rate.base == "turnover" || of_exercise;
    if (!good_base) {
        row.refuse("base", "is not turnover (for gst: charges joined by '+'; of an exercise: intrinsic or settlement)");
    }
    rate.from = row.date("from");
    rate.to = row.date_if("to").value_or(kOpenEnd);
    if (rate.to < rate.from) row.refuse("to", "is before from");
    rate.source = row.text("source");
    return rate;
}

bool overlap(const ChargeRateRow& a, const ChargeRateRow& b) {
    const auto trade = [](const std::string& side) { return side != "exercise"; };
    const bool sides_meet =
        a.side == b.side || (trade(a.side) && trade(b.side) && (a.side == "both" || b.side == "both"));
    return a.item == b.item && a.exchange == b.exchange && a.kind == b.kind && sides_meet && a.from <= b.to &&
           b.from <= a.to;
}

Result<void> add_rates(std::vector<ChargeRateRow>& rates, TomlReader& root, const std::string& exchange) {
    for (TomlReader& row : root.tables("rate")) {
        ChargeRateRow rate = read_row(row, exchange.empty() ? row.text("exchange") : exchange);
        const bool twice =
            std::any_of(rates.begin(), rates.end(), [&](const auto& other) { return overlap(rate, other); });
        if (twice) row.refuse("from", fmt::format("overlaps another row of {}", rate.item));
        rates.push_back(std::move(rate));
    }
    return root.finish();
}

Result<void> add_file(std::vector<ChargeRateRow>& rates, const std::filesystem::path& file) {
    auto root = TomlReader::open(file);
    if (!root) return root.error();
    const std::string exchange = root->text("exchange");
    return add_rates(rates, *root, exchange);
}

// How one broker's notes differ: the rounding of items, and rows of its own.
Result<void> apply_broker(std::vector<ChargeRateRow>& rates, const std::filesystem::path& file) {
    auto root = TomlReader::open(file);
    if (!root) return root.error();
    for (TomlReader& row : root->tables("rounding")) {
        const std::string item = chosen(
            row, "item", [](std::string_view text) { return one_of(kItems, text); }, "a charge");
        const std::string rounding = chosen(
            row, "rounding", [](std::string_view text) { return one_of(kRoundings, text); }, "none, paisa or rupee");
        row.text("source");
        for (ChargeRateRow& rate : rates) {
            if (rate.item == item) rate.rounding = rounding;
        }
    }
    return add_rates(rates, *root, "");
}

}  // namespace

ChargeRateEvent ChargeRateRow::event() const {
    return {item, exchange, kind, side, rate_e8, flat, rounding, base, from, to};
}

Result<std::vector<ChargeRateRow>> load_charge_rates(const std::filesystem::path& folder, std::string_view broker) {
    std::error_code failure;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
        if (entry.path().extension() == ".toml") files.push_back(entry.path());
    }
    if (failure || files.empty()) {
        return make_error(ErrorCode::not_found, fmt::format("{}: no charge files (*.toml) there", folder.string()));
    }
    std::sort(files.begin(), files.end());
    std::vector<ChargeRateRow> rates;
    for (const auto& file : files) {
        if (const auto added = add_file(rates, file); !added) return added.error();
    }
    if (broker.empty()) return rates;
    const auto own = folder / "brokers" / (std::string(broker) + ".toml");
    if (const auto applied = apply_broker(rates, own); !applied) return applied.error();
    return rates;
}

}  // namespace tide
