#include "barstore/json_bars.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "barstore/atomic_file.hpp"
#include "barstore/price_text.hpp"
#include "barstore/series_folder.hpp"
#include "core/digest.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace {

using Json = nlohmann::json;

constexpr std::pair<const char*, uint16_t> kMarks[] = {
    {"filled", kBarGapFilled}, {"gap", kBarHasGap}, {"partial", kBarPartial}};
constexpr const char* kSynthetic = "synthetic";

ExchangeTime end_of(const Bar& bar) {
    const auto length = length_of(bar.timeframe);
    if (length) return bar.start + *length;
    return bar.start + (bar.timeframe == Timeframe::w1 ? hours(24 * 7) : hours(24));
}

void append_bar(std::string& out, const Bar& bar) {
    out += fmt::format(R"({{"start_ts_utc":"{}","end_ts_utc":"{}","o":{},"h":{},"l":{},"c":{})", utc_text(bar.start),
                       utc_text(end_of(bar)), shortest_text(bar.open), shortest_text(bar.high), shortest_text(bar.low),
                       shortest_text(bar.close));
    if (bar.has_volume()) out += fmt::format(R"(,"v":{})", bar.volume);
    if (bar.has_oi()) out += fmt::format(R"(,"oi":{})", bar.oi);
    for (const auto& [name, flag] : kMarks) {
        if ((bar.flags & flag) != 0) out += fmt::format(R"(,"{}":true)", name);
    }
    out += "}";
}

// What is of the series itself: {"schema_version": … without the closing brace.
std::string head_text(const BarSeriesData& series) {
    std::string out = fmt::format(R"({{"schema_version":{},"symbol":{},"timeframe":"{}")", kBarSchemaVersion,
                                  Json(series.name.symbol).dump(-1, ' ', false, Json::error_handler_t::replace),
                                  name_of(series.timeframe));
    if (series.name.option) {
        const OptionTerm& option = *series.name.option;
        out += fmt::format(R"(,"underlying":{},"expiry":"{}","strike":{},"right":"{}")",
                           Json(series.name.underlying).dump(-1, ' ', false, Json::error_handler_t::replace),
                           format_date(option.expiry), shortest_text(option.strike), name_of(option.right));
    }
    if (series.synthetic) out += fmt::format(R"(,"source":"{}")", kSynthetic);
    return out;
}

std::string bars_text(const BarSeriesData& series) {
    std::string out = "[";
    for (const Bar& bar : series.bars) {
        out += out.size() == 1 ? "\n" : ",\n";
        append_bar(out, bar);
    }
    return out + "]";
}

std::string checksum_text(const std::string& head, const std::string& bars) {
    return fmt::format("crc32c:{:08x}", crc32c(bars, crc32c(head)));
}

std::string string_of(const Json& object, const char* key) {
    const auto it = object.find(key);
    return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

bool read_price(const Json& object, const char* key, Price& price) {
    const auto it = object.find(key);
    if (it == object.end() || !it->is_number()) return false;
    const double value = it->get<double>();
    if (!(value > 0 && value <= 1e11)) return false;
    price = Price::from_double(value);
    return true;
}

bool read_count(const Json& object, const char* key, uint16_t flag, int64_t& count, uint16_t& flags) {
    const auto it = object.find(key);
    if (it == object.end() || it->is_null()) return true;
    if (!it->is_number_integer() || (it->is_number_unsigned() && it->get<uint64_t>() > 10'000'000'000'000))
        return false;
    count = it->get<int64_t>();
    flags |= flag;
    return count >= 0;
}

// What is wrong with it, or nothing.
std::string read_bar(const Json& object, Timeframe timeframe, Bar& bar) {
    if (!object.is_object()) return "not an object";
    bar.timeframe = timeframe;
    const auto start = parse_timestamp(string_of(object, "start_ts_utc"));
    if (!start) return "start_ts_utc is not a time";
    bar.start = *start;
    if (!read_price(object, "o", bar.open) || !read_price(object, "h", bar.high) || !read_price(object, "l", bar.low) ||
        !read_price(object, "c", bar.close)) {
        return "o, h, l or c is not a positive number";
    }
    if (!bar.consistent()) return "o or c is outside [l, h]";
    if (!read_count(object, "v", kBarHasVolume, bar.volume, bar.flags) ||
        !read_count(object, "oi", kBarHasOi, bar.oi, bar.flags)) {
        return "v or oi is not a whole number of at least 0";
    }
    for (const auto& [name, flag] : kMarks) {
        const auto it = object.find(name);
        if (it != object.end() && it->is_boolean() && it->get<bool>()) bar.flags |= flag;
    }
    const auto end = parse_timestamp(string_of(object, "end_ts_utc"));
    if (!end) return "end_ts_utc is not a time";
    return *end == end_of(bar) ? "" : "end_ts_utc is not the end of such a bar";
}

// Bars in ascending order; what is wrong with them, or nothing.
std::string read_array(const Json& bars, BarSeriesData& series) {
    series.bars.reserve(bars.size());
    for (const Json& object : bars) {
        Bar bar;
        std::string problem = read_bar(object, series.timeframe, bar);
        if (problem.empty() && !series.bars.empty() && bar.start <= series.bars.back().start)
            problem = "times do not ascend";
        if (!problem.empty()) return fmt::format("bar {}: {}", series.bars.size() + 1, problem);
        series.bars.push_back(bar);
    }
    return {};
}

std::string read_name(const Json& document, SeriesName& name) {
    name.symbol = string_of(document, "symbol");
    if (name.symbol.empty()) return "no symbol";
    const std::string right_text = string_of(document, "right");
    if (right_text.empty()) return {};
    name.underlying = string_of(document, "underlying");
    const auto right = parse_option_right(right_text);
    const auto expiry = parse_date(string_of(document, "expiry"));
    Price strike;
    if (!right || !expiry || !read_price(document, "strike", strike)) return "option terms are not complete";
    name.option = OptionTerm{*expiry, strike, *right};
    return {};
}

// What is wrong with a document of version 1, or nothing.
std::string read_document(const Json& document, BarSeriesData& series) {
    if (auto problem = read_name(document, series.name); !problem.empty()) return problem;
    const auto timeframe = parse_timeframe(string_of(document, "timeframe"));
    if (!timeframe) return "no timeframe";
    series.timeframe = *timeframe;
    series.synthetic = string_of(document, "source") == kSynthetic;
    const auto bars = document.find("bars");
    if (bars == document.end() || !bars->is_array()) return "no bars";
    if (auto problem = read_array(*bars, series); !problem.empty()) return problem;
    if (string_of(document, "checksum") != checksum_text(head_text(series), bars_text(series))) {
        return "the checksum does not hold";
    }
    return {};
}

std::optional<Timeframe> timeframe_of_first(const Json& bars) {
    if (bars.empty() || !bars.front().is_object()) return std::nullopt;
    const auto start = parse_timestamp(string_of(bars.front(), "start_ts_utc"));
    const auto end = parse_timestamp(string_of(bars.front(), "end_ts_utc"));
    if (!start || !end) return std::nullopt;
    for (size_t i = 0; i < kTimeframeCount; ++i) {
        Bar bar;
        bar.timeframe = static_cast<Timeframe>(i);
        bar.start = *start;
        if (end_of(bar) == *end) return bar.timeframe;
    }
    return std::nullopt;
}

// What is wrong with an array without a head, or nothing.
std::string read_version_0(const Json& bars, const SeriesHint& hint, BarSeriesData& series) {
    series.name = series_name_of(hint.symbol);
    if (series.name.symbol.empty()) return "no symbol: a list of bars alone must lie in a folder named by its symbol";
    const auto timeframe = hint.timeframe ? hint.timeframe : timeframe_of_first(bars);
    if (!timeframe) return "no timeframe: the file must be named by it, or its bars have an end_ts_utc";
    series.timeframe = *timeframe;
    return read_array(bars, series);
}

SeriesHint hint_of(const std::filesystem::path& file) {
    if (const auto timeframe = parse_timeframe(file.stem().string())) {
        return {symbol_of_folder(file.parent_path().filename().string()).value_or(""), timeframe};
    }
    const DataFileName name = parse_data_file_name(file);
    return {name.symbol, name.timeframe};
}

}  // namespace

std::string json_bars_text(const BarSeriesData& series) {
    const std::string head = head_text(series);
    const std::string bars = bars_text(series);
    return fmt::format("{},\"checksum\":\"{}\",\"bars\":{}}}\n", head, checksum_text(head, bars), bars);
}

Result<void> write_json_bars(const std::filesystem::path& file, const BarSeriesData& series) {
    return write_file_atomically(file, json_bars_text(series));
}

Result<JsonBarsFile> parse_json_bars(std::string_view text, const std::string& where, const SeriesHint& hint) {
    const Json document = Json::parse(text, nullptr, false);
    JsonBarsFile file;
    std::string problem;
    if (document.is_array()) {
        file.schema_version = 0;
        problem = read_version_0(document, hint, file.series);
    } else if (!document.is_object()) {
        problem = document.is_discarded() ? "not whole JSON" : "not a JSON object";
    } else {
        const auto version = document.find("schema_version");
        if (version != document.end() && version->is_number_integer() && *version > kBarSchemaVersion) {
            return make_error(ErrorCode::input,
                              fmt::format("{}: schema_version {} is newer than this engine reads ({}); use the engine "
                                          "that wrote it",
                                          where, version->dump(), kBarSchemaVersion));
        }
        const bool known = version != document.end() && *version == kBarSchemaVersion;
        problem = known ? read_document(document, file.series) : "schema_version is not 1";
    }
    if (!problem.empty()) {
        return make_error(ErrorCode::corrupt, fmt::format("{}: {}; fetch or import the bars again", where, problem));
    }
    return file;
}

Result<BarSeriesData> read_json_bars(const std::filesystem::path& file) {
    const auto text = read_whole_file(file);
    if (!text) return text.error();
    auto parsed = parse_json_bars(*text, file.string(), hint_of(file));
    if (!parsed) return parsed.error();
    return std::move(parsed->series);
}

}  // namespace tide
