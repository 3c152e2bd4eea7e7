#include "barstore/tick_file.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "barstore/series_folder.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

using Json = nlohmann::json;

std::string_view field(const std::vector<std::string_view>& fields, int column) {
    return column >= 0 && static_cast<size_t>(column) < fields.size() ? fields[static_cast<size_t>(column)]
                                                                      : std::string_view();
}

bool is_ndjson(const std::filesystem::path& file) {
    const std::string name = file.filename().string();
    return name.find(".ndjson") != std::string::npos || name.find(".jsonl") != std::string::npos;
}

// A price that may be left out: empty and 0 are none.
struct OptionalPrice {
    bool valid = true;
    bool present = false;
    Price price;
};
OptionalPrice optional_price(std::string_view text) {
    if (text.empty()) return {};
    const auto price = parse_file_price(text);
    if (!price || *price < Price()) return {false, false, {}};
    return {true, price->positive(), *price};
}

}  // namespace

struct TickFileReader::Parts {
    explicit Parts(LineReader reader) : lines(std::move(reader)) {}
    LineReader lines;
    bool json = false;
    std::unique_ptr<SeriesColumns> columns;
    std::vector<SeriesName> json_series;
    std::string file_symbol;
    int exchange_time = -1, receive_time = -1, ltp = -1, bid = -1, ask = -1, bid_quantity = -1, ask_quantity = -1;
    int volume = -1, oi = -1, volume_lots = -1, oi_lots = -1;
    TimeColumnParser exchange_times, receive_times;
    std::vector<std::string_view> fields;
    std::string problem;
    std::string_view problem_kind;

    RowStatus refuse(std::string_view kind, std::string why) {
        problem_kind = kind;
        problem = std::move(why);
        return RowStatus::bad;
    }
    void use(const CsvHeader& header);
    RowStatus next_csv(std::string_view line, TickFileRow& row);
    bool read_times(std::string_view exchange, std::string_view receive, TickFileRow& row);
    bool read_quote(TickEvent& tick);
    bool read_lots(TickFileRow& row);
    bool read_count(int column, std::string_view name, int64_t& value, bool& present);
    RowStatus next_json(std::string_view line, TickFileRow& row);
    int json_symbol(const Json& object);
};

TickFileReader::TickFileReader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
TickFileReader::TickFileReader(TickFileReader&&) noexcept = default;
TickFileReader& TickFileReader::operator=(TickFileReader&&) noexcept = default;
TickFileReader::~TickFileReader() = default;

Result<TickFileReader> TickFileReader::open(const std::filesystem::path& file) {
    auto lines = LineReader::open(file);
    if (!lines) return lines.error();
    auto parts = std::make_unique<Parts>(std::move(*lines));
    parts->file_symbol = parse_data_file_name(file).symbol;
    parts->json = is_ndjson(file);
    if (parts->json) return TickFileReader(std::move(parts));
    std::string_view line;
    if (!parts->lines.next(line)) {
        if (auto status = parts->lines.status(); !status) return status.error();
        return make_error(ErrorCode::input, fmt::format("{}: the file is empty", file.string()));
    }
    const CsvHeader header(line);
    parts->use(header);
    if ((parts->exchange_time < 0 && parts->receive_time < 0) || parts->ltp < 0) {
        return make_error(ErrorCode::input,
                          fmt::format("{}:1: not a tick file: the header must name ts_ist (or ts_exchange, ts_utc, "
                                      "timestamp) and ltp",
                                      file.string()));
    }
    return TickFileReader(std::move(parts));
}

void TickFileReader::Parts::use(const CsvHeader& header) {
    columns = std::make_unique<SeriesColumns>(header, file_symbol);
    exchange_time = header.find({"ts_exchange", "ts_ist", "timestamp", "datetime"});
    receive_time = header.find({"ts_utc", "collected_at", "ts_received"});
    ltp = header.find({"ltp"});
    bid = header.find({"bid", "bid1"});
    ask = header.find({"ask", "ask1"});
    bid_quantity = header.find({"bid_qty", "bid1_qty"});
    ask_quantity = header.find({"ask_qty", "ask1_qty"});
    volume = header.find({"volume"});
    oi = header.find({"oi"});
    volume_lots = header.find({"volume_lots"});
    oi_lots = header.find({"oi_lots"});
}

bool TickFileReader::Parts::read_times(std::string_view exchange, std::string_view receive, TickFileRow& row) {
    const auto stamp = exchange.empty() ? std::nullopt : exchange_times.parse(exchange);
    const auto received = receive.empty() ? std::nullopt : receive_times.parse(receive);
    const bool bad = (!exchange.empty() && !stamp) || (!receive.empty() && !received) || (!stamp && !received);
    if (bad) {
        problem_kind = "time";
        problem = fmt::format("time '{}' is not readable", (stamp ? receive : exchange).substr(0, 40));
        return false;
    }
    row.exchange = stamp ? *stamp : ExchangeTime();
    row.received = as_receive_time(received ? *received : *stamp);
    return true;
}

bool TickFileReader::Parts::read_count(int column, std::string_view name, int64_t& value, bool& present) {
    const std::string_view text = field(fields, column);
    present = !text.empty();
    if (!present) return true;
    const auto count = parse_file_count(text);
    if (!count || *count < 0) {
        problem_kind = "volume, oi or size";
        problem = fmt::format("{} '{}' is not a whole number of at least 0", name, text.substr(0, 30));
        return false;
    }
    value = *count;
    return true;
}

bool TickFileReader::Parts::read_quote(TickEvent& tick) {
    const OptionalPrice bid_price = optional_price(field(fields, bid));
    const OptionalPrice ask_price = optional_price(field(fields, ask));
    if (!bid_price.valid || !ask_price.valid) {
        problem_kind = "price";
        problem = "bid or ask is not a price";
        return false;
    }
    tick.bid = bid_price.price;
    tick.ask = ask_price.price;
    if (bid_price.present) tick.flags |= kTickHasBid;
    if (ask_price.present) tick.flags |= kTickHasAsk;
    bool has_volume = false, has_oi = false, present = false;
    if (!read_count(bid_quantity, "bid_qty", tick.bid_quantity, present) ||
        !read_count(ask_quantity, "ask_qty", tick.ask_quantity, present) ||
        !read_count(volume, "volume", tick.volume, has_volume) || !read_count(oi, "oi", tick.oi, has_oi)) {
        return false;
    }
    if (has_volume) tick.flags |= kTickHasVolume;
    if (has_oi) tick.flags |= kTickHasOi;
    return true;
}

bool TickFileReader::Parts::read_lots(TickFileRow& row) {
    const auto read = [&](int column, std::optional<double>& lots) {
        const std::string_view text = field(fields, column);
        if (text.empty()) return true;
        const auto value = parse_file_price(text);
        if (!value || *value < Price()) return false;
        lots = value->to_double();
        return true;
    };
    if (read(volume_lots, row.volume_lots) && read(oi_lots, row.oi_lots)) return true;
    problem_kind = "volume, oi or size";
    problem = "volume_lots or oi_lots is not a number of at least 0";
    return false;
}

RowStatus TickFileReader::Parts::next_csv(std::string_view line, TickFileRow& row) {
    split_csv(line, fields);
    if (!read_times(field(fields, exchange_time), field(fields, receive_time), row)) return RowStatus::bad;
    row.series = columns->index_of(fields);
    if (row.series < 0) return refuse("symbol", std::string(columns->problem()));
    const std::string_view text = field(fields, ltp);
    const auto last = parse_file_price(text);
    const bool may_be_untraded = columns->options() && last && *last == Price();
    if (!last || (!last->positive() && !may_be_untraded)) {
        return refuse("price", fmt::format("ltp '{}' is not a positive price", text.substr(0, 30)));
    }
    row.tick.last = *last;
    return read_quote(row.tick) && read_lots(row) ? RowStatus::row : RowStatus::bad;
}

int TickFileReader::Parts::json_symbol(const Json& object) {
    const auto it = object.find("symbol");
    const bool given = it != object.end() && it->is_string();
    const std::string symbol = given ? canonical_symbol(it->get_ref<const std::string&>()) : file_symbol;
    for (size_t i = 0; i < json_series.size(); ++i) {
        if (json_series[i].symbol == symbol) return static_cast<int>(i);
    }
    if (symbol.empty()) return -1;
    json_series.push_back(series_name_of(symbol));
    return static_cast<int>(json_series.size()) - 1;
}

RowStatus TickFileReader::Parts::next_json(std::string_view line, TickFileRow& row) {
    const Json object = Json::parse(line, nullptr, false);
    if (!object.is_object()) return refuse("not JSON", "not a JSON object");
    const auto text = [&](const char* key) -> std::string {
        const auto it = object.find(key);
        return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
    };
    const auto number = [&](const char* key) -> std::optional<double> {
        const auto it = object.find(key);
        if (it == object.end() || !it->is_number()) return std::nullopt;
        const double value = it->get<double>();
        return value >= 0 && value < 1e11 ? std::optional(value) : std::nullopt;
    };
    const std::string exchange = text("ts_exchange").empty() ? text("ts_ist") : text("ts_exchange");
    if (!read_times(exchange, text("ts_utc"), row)) return RowStatus::bad;
    row.series = json_symbol(object);
    if (row.series < 0) return refuse("symbol", "no symbol");
    const auto last = number("ltp");
    if (!last || *last <= 0) return refuse("price", "ltp is not a positive number");
    TickEvent& tick = row.tick;
    tick.last = Price::from_double(*last);
    if (!tick.last.positive()) return refuse("price", "ltp is not a positive number");
    const auto take = [&](const char* key, uint32_t flag, auto&& store) {
        if (const auto value = number(key)) {
            store(*value);
            tick.flags |= flag;
        }
    };
    take("bid", kTickHasBid, [&](double value) { tick.bid = Price::from_double(value); });
    take("ask", kTickHasAsk, [&](double value) { tick.ask = Price::from_double(value); });
    if (!tick.bid.positive()) tick.flags &= ~static_cast<uint32_t>(kTickHasBid);
    if (!tick.ask.positive()) tick.flags &= ~static_cast<uint32_t>(kTickHasAsk);
    take("bid_qty", 0, [&](double value) { tick.bid_quantity = static_cast<int64_t>(value); });
    take("ask_qty", 0, [&](double value) { tick.ask_quantity = static_cast<int64_t>(value); });
    take("volume", kTickHasVolume, [&](double value) { tick.volume = static_cast<int64_t>(value); });
    if (!tick.has(kTickHasVolume))
        take("volume_delta", kTickVolumeIsDelta, [&](double value) { tick.volume = static_cast<int64_t>(value); });
    take("oi", kTickHasOi, [&](double value) { tick.oi = static_cast<int64_t>(value); });
    return RowStatus::row;
}

RowStatus TickFileReader::next(TickFileRow& row) {
    std::string_view line;
    do {
        if (!parts_->lines.next(line)) return RowStatus::end;
    } while (trim_field(line).empty());
    row.line = parts_->lines.line_number();
    row.tick = TickEvent{};
    row.volume_lots = row.oi_lots = std::nullopt;
    return parts_->json ? parts_->next_json(line, row) : parts_->next_csv(line, row);
}

const std::string& TickFileReader::problem() const { return parts_->problem; }
std::string_view TickFileReader::problem_kind() const { return parts_->problem_kind; }
int64_t TickFileReader::line_number() const { return parts_->lines.line_number(); }
Result<void> TickFileReader::status() const { return parts_->lines.status(); }
const std::string& TickFileReader::name() const { return parts_->lines.name(); }
const std::vector<SeriesName>& TickFileReader::series() const {
    return parts_->json ? parts_->json_series : parts_->columns->names();
}

}  // namespace tide
