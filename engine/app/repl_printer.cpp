#include "app/repl_printer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/time.hpp"
#include "ops/text_table.hpp"

namespace tide {
namespace {

using Kind = ReplValue::Kind;

constexpr size_t kCellMax = 48;
constexpr size_t kInlineMax = 76;  // a list of plain values stays on its line up to here
constexpr std::string_view kIndent = "  ";
// Whole numbers that name something; others are amounts and are grouped.
constexpr std::string_view kNames[] = {"broker_order", "event",    "id",  "intent", "number",
                                       "order",        "position", "row", "strike"};
// Amounts that are good above zero and bad below.
constexpr std::string_view kResults[] = {"day_gross", "day_net", "gross", "net", "realised", "unrealised"};

template <size_t N>
bool is_one_of(const std::string_view (&names)[N], std::string_view name) {
    return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

// The length of the UTF-8 sequence at the beginning, 0 where there is none that may be shown (RFC 3629; C1 controls
// move the cursor of some terminals).
size_t shown_sequence(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
    const size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 ? 2 : 0;
    if (length == 0 || first >= 0xf5 || text.size() < length) return 0;
    for (size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return first == 0xc2 && byte(1) < 0xa0 ? 0 : length;
}

std::string shown(std::string_view text, bool keep_lines = false) {
    std::string out;
    while (!text.empty()) {
        const size_t length = shown_sequence(text);
        if (length > 0 || (keep_lines && text[0] == '\n')) {
            out += text.substr(0, std::max<size_t>(length, 1));
        } else if (text[0] == '\n') {
            out += "\\n";
        } else {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
        }
        text.remove_prefix(std::max<size_t>(length, 1));
    }
    return out;
}

// "2024-01-25T11:05:00+05:30" as "2024-01-25 11:05:00", as the other commands show times.
std::string shown_text(const std::string& text) {
    const bool is_time = text.size() >= 25 && text.size() <= 35 && text[10] == 'T' && text.ends_with("+05:30") &&
                         parse_timestamp(text).has_value();
    return is_time ? text.substr(0, 10) + " " + text.substr(11, 8) : shown(text);
}

// As Lua writes it.
std::string plain_number(double number) {
    if (std::isnan(number)) return "nan";
    return fmt::format("{:.14g}", number);
}

std::string two_decimals(double number) {
    return format_indian(Money::from_units(std::llround(number * 100) * kUnitsPerPaisa));
}

// In tables: amounts grouped, with two decimals where they are not whole.
std::string shown_number(const std::string& name, double number) {
    const double size = std::fabs(number);
    if (!(size < 1e12)) return plain_number(number);
    if (number == std::trunc(number)) {
        const auto whole = static_cast<int64_t>(number);
        return is_one_of(kNames, name) ? std::to_string(whole) : format_indian(whole);
    }
    return size >= 1 ? two_decimals(number) : fmt::format("{:.4g}", number);
}

// In a column whose numbers are not all whole, prices stand under prices.
std::string column_number(const std::string& name, double number, bool as_amounts) {
    const double size = std::fabs(number);
    const bool fits = as_amounts && size < 1e12 && (size >= 0.1 || number == 0);
    return fits ? two_decimals(number) : shown_number(name, number);
}

bool is_plain(const ReplValue& value) { return value.kind != Kind::list && value.kind != Kind::record; }

std::string inline_text(const ReplValue& value, const std::string& name) {
    switch (value.kind) {
        case Kind::nil:
            return "nil";
        case Kind::boolean:
            return value.flag ? "true" : "false";
        case Kind::number:
            return shown_number(name, value.number);
        case Kind::text:
            return shown_text(value.text);
        case Kind::opaque:
            return value.text;
        case Kind::list:
        case Kind::record:
            break;
    }
    std::string out = "{";
    for (size_t i = 0; i < value.items.size() && out.size() < kInlineMax * 2; ++i) {
        if (value.items[i].is(Kind::nil)) continue;
        if (out.size() > 1) out += ", ";
        if (value.is(Kind::record)) out += shown((*value.names)[i]) + "=";
        out += inline_text(value.items[i], value.is(Kind::record) ? (*value.names)[i] : name);
    }
    return out + (value.cut ? ", …}" : "}");
}

bool is_table_of_rows(const ReplValue& value) {
    return value.is(Kind::list) && !value.items.empty() &&
           std::all_of(value.items.begin(), value.items.end(), [](const auto& row) { return row.is(Kind::record); });
}

// The names of what any row says, each once, in the rows' own order.
std::vector<std::string> column_names(const ReplValue& rows) {
    std::vector<std::string> names;
    for (const ReplValue& row : rows.items) {
        size_t place = 0;
        for (const std::string& name : *row.names) {
            const ReplValue* value = row.find(name);
            if (value == nullptr || (value->is(Kind::text) && value->text.empty())) continue;
            const auto found = std::find(names.begin(), names.end(), name);
            if (found == names.end()) {
                names.insert(names.begin() + static_cast<std::ptrdiff_t>(std::min(place, names.size())), name);
            } else {
                place = static_cast<size_t>(found - names.begin());
            }
            ++place;
        }
    }
    return names;
}

bool holds_amounts(const ReplValue& rows, const std::string& name) {
    bool fraction = false;
    double largest = 0;
    for (const ReplValue& row : rows.items) {
        const ReplValue* value = row.find(name);
        if (value == nullptr || !value->is(Kind::number)) continue;
        fraction = fraction || value->number != std::trunc(value->number);
        largest = std::max(largest, std::fabs(value->number));
    }
    return fraction && largest >= 1;
}

TableWriter::Cell cell_of(const std::string& name, const ReplValue* value, bool as_amounts) {
    if (value == nullptr) return "";
    TableWriter::Cell cell(value->is(Kind::number) ? column_number(name, value->number, as_amounts)
                                                   : inline_text(*value, name));
    if (value->is(Kind::number) && is_one_of(kResults, name) && value->number != 0) {
        cell.tone = value->number > 0 ? Tone::good : Tone::bad;
    }
    return cell;
}

std::string table_text(const ReplValue& rows, const ReplStyle& style, size_t indent) {
    const auto names = column_names(rows);
    std::vector<TableWriter::Column> columns;
    for (size_t i = 0; i < names.size(); ++i) {
        const bool right = std::all_of(rows.items.begin(), rows.items.end(), [&](const ReplValue& row) {
            const ReplValue* value = row.find(names[i]);
            return value == nullptr || value->is(Kind::number);
        });
        const bool last = names[i] == "text" || names[i] == "why";  // what a row is about is worth the room
        columns.push_back({shown(names[i]), right ? Align::right : Align::left, last ? 0 : kCellMax,
                           i < 2 || last ? 0 : static_cast<int>(i)});
    }
    TableWriter table(std::move(columns));
    std::vector<bool> as_amounts;
    for (const std::string& name : names) as_amounts.push_back(holds_amounts(rows, name));
    for (const ReplValue& row : rows.items) {
        std::vector<TableWriter::Cell> cells;
        for (size_t i = 0; i < names.size(); ++i) {
            cells.push_back(cell_of(names[i], row.find(names[i]), as_amounts[i]));
        }
        table.add_row(std::move(cells));
    }
    const size_t width = style.width > indent + 20 ? style.width - indent : style.width;
    std::string out = table.render(style.colour, width);
    if (const auto hidden = table.left_out(width); !hidden.empty()) {
        out += in_tone(fmt::format("also: {}", fmt::join(hidden, ", ")), Tone::quiet, style.colour) + "\n";
    }
    if (rows.cut) out += "… more than fits\n";
    return out;
}

std::string indented(const std::string& text, size_t indent) {
    std::string out;
    size_t begin = 0;
    while (begin < text.size()) {
        const size_t end = std::min(text.find('\n', begin), text.size() - 1);
        out += std::string(indent, ' ') + text.substr(begin, end + 1 - begin);
        begin = end + 1;
    }
    return out;
}

std::string block_text(const ReplValue& value, const std::string& name, const ReplStyle& style, size_t indent);

std::string record_text(const ReplValue& record, const ReplStyle& style, size_t indent) {
    size_t widest = 0;
    for (const std::string& name : *record.names) widest = std::max(widest, display_width(shown(name)));
    widest = std::min<size_t>(widest, 32);
    std::string out;
    for (size_t i = 0; i < record.items.size(); ++i) {
        const ReplValue& value = record.items[i];
        if (value.is(Kind::nil)) continue;
        const std::string name = shown((*record.names)[i]);
        const std::string inside = is_plain(value) ? "" : inline_text(value, (*record.names)[i]);
        const bool on_line = is_plain(value) || (inside.size() + widest + 2 <= kInlineMax && !is_table_of_rows(value));
        if (on_line) {
            const std::string text = is_plain(value) ? inline_text(value, (*record.names)[i]) : inside;
            out +=
                fmt::format("{}{}  {}\n", name, std::string(widest - std::min(widest, display_width(name)), ' '), text);
        } else {
            out += name + "\n" + indented(block_text(value, name, style, indent + kIndent.size()), kIndent.size());
        }
    }
    return out + (record.cut ? "… more than fits\n" : "");
}

std::string list_text(const ReplValue& list, const std::string& name, const ReplStyle& style, size_t indent) {
    if (list.items.empty()) return list.cut ? "{…}\n" : "{}\n";
    if (is_table_of_rows(list)) return table_text(list, style, indent);
    const bool plain = std::all_of(list.items.begin(), list.items.end(), is_plain);
    const std::string on_line = inline_text(list, name);
    if (plain && display_width(on_line) <= kInlineMax) return on_line + "\n";
    std::string out;
    for (size_t i = 0; i < list.items.size(); ++i) {
        const ReplValue& item = list.items[i];
        if (is_plain(item)) {
            out += fmt::format("[{}]  {}\n", i + 1, inline_text(item, name));
        } else {
            out += fmt::format("[{}]\n", i + 1) + indented(block_text(item, name, style, indent + 2), 2);
        }
    }
    return out + (list.cut ? "… more than fits\n" : "");
}

std::string block_text(const ReplValue& value, const std::string& name, const ReplStyle& style, size_t indent) {
    if (value.is(Kind::record)) return record_text(value, style, indent);
    if (value.is(Kind::list)) return list_text(value, name, style, indent);
    return inline_text(value, name) + "\n";
}

// A plain value that stands alone: numbers as Lua writes them, texts with their lines.
std::string alone(const ReplValue& value) {
    if (value.is(Kind::number)) return plain_number(value.number);
    if (value.is(Kind::text)) return shown(value.text, true);
    return inline_text(value, "");
}

nlohmann::ordered_json json_of(const ReplValue& value) {
    switch (value.kind) {
        case Kind::boolean:
            return value.flag;
        case Kind::number:
            if (!std::isfinite(value.number)) return nullptr;
            if (value.number == std::trunc(value.number) && std::fabs(value.number) < 9e15)
                return static_cast<int64_t>(value.number);
            return value.number;
        case Kind::text:
            return value.text;
        case Kind::nil:
        case Kind::opaque:
            return nullptr;
        case Kind::list: {
            auto list = nlohmann::ordered_json::array();
            for (const ReplValue& item : value.items) list.push_back(json_of(item));
            return list;
        }
        case Kind::record:
            break;
    }
    auto record = nlohmann::ordered_json::object();
    for (size_t i = 0; i < value.items.size(); ++i) record[(*value.names)[i]] = json_of(value.items[i]);
    return record;
}

}  // namespace

std::string repl_text(const ReplValue& value, const ReplStyle& style) {
    return is_plain(value) ? alone(value) + "\n" : block_text(value, "", style, 0);
}

std::string printed_text(const std::vector<ReplValue>& values, const ReplStyle& style) {
    if (values.size() == 1) return repl_text(values[0], style);
    std::string line;
    for (const ReplValue& value : values) {
        line += (line.empty() ? "" : "  ") + (is_plain(value) ? alone(value) : inline_text(value, ""));
    }
    return line + "\n";
}

std::string answer_text(const ReplAnswer& answer, const ReplStyle& style) {
    std::string out;
    for (const auto& values : answer.printed) out += printed_text(values, style);
    for (const ReplValue& value : answer.values) out += repl_text(value, style);
    return out;
}

std::string answer_json(const ReplAnswer& answer) {
    nlohmann::ordered_json document{{"schema_version", 1}};
    document["values"] = nlohmann::ordered_json::array();
    for (const ReplValue& value : answer.values) document["values"].push_back(json_of(value));
    document["printed"] = nlohmann::ordered_json::array();
    for (const auto& values : answer.printed) {
        auto line = nlohmann::ordered_json::array();
        for (const ReplValue& value : values) line.push_back(json_of(value));
        document["printed"].push_back(std::move(line));
    }
    return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace tide
