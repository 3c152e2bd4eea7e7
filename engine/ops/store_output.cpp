#include "ops/store_output.hpp"

#include <charconv>
#include <ostream>

namespace tide {

std::string shown_time(ReceiveTime time) {
    return format_date(ist_date(time)) + " " + format_time_of_day(ist_since_midnight(time));
}

std::string with_clock_times(std::string_view text, Date day) {
    static constexpr std::string_view kMark = "_ns=";
    std::string out;
    for (size_t at = text.find(kMark); at != std::string_view::npos; at = text.find(kMark)) {
        const std::string_view digits = text.substr(at + kMark.size());
        int64_t since_epoch = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), since_epoch);
        out += text.substr(0, at);
        text = digits.substr(static_cast<size_t>(end - digits.data()));
        if (error != std::errc()) {
            out += kMark;
            continue;
        }
        const ReceiveTime time{Duration(since_epoch)};
        out += '=' + (ist_date(time) == day ? "" : format_date(ist_date(time)) + "T") +
               format_time_of_day(ist_since_midnight(time));
    }
    return out + std::string(text);
}

TableWriter::Cell amount_cell(Money amount) { return {format_indian_signed(amount), tone_of(amount)}; }

Json time_json(const std::optional<ReceiveTime>& time) { return time ? Json(format_iso(*time)) : Json(nullptr); }
Json document(const LedgerReader& ledger) { return {{"schema_version", 1}, {"ledger", ledger.path()}}; }
int write_json(const Json& json, std::ostream& out) {
    out << json.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
    return 0;
}

std::string csv_field(std::string_view text) {
    if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"') out.push_back('"');
        out.push_back(c);
    }
    return out + '"';
}

}  // namespace tide
