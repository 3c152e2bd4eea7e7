#include "market/greeks_csv.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "market/option_batch.hpp"

namespace tide {
namespace {

enum Column : size_t { kModel, kRight, kUnderlying, kStrike, kYears, kRate, kPrice, kColumnCount };
constexpr std::array<std::string_view, kColumnCount> kNames{"model",   "right", "underlying", "strike",
                                                            "t_years", "rate",  "price"};
constexpr std::string_view kAnswers = "iv,delta,gamma,theta_day,vega_pct,rho_pct";

// Where each wanted column stands in a line, and how many fields a line has.
struct Layout {
    std::array<size_t, kColumnCount> place{};
    size_t fields = kColumnCount;
};

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::vector<std::string_view> split(std::string_view line) {
    std::vector<std::string_view> fields;
    for (;;) {
        const auto comma = line.find(',');
        fields.push_back(trimmed(line.substr(0, comma)));
        if (comma == std::string_view::npos) return fields;
        line.remove_prefix(comma + 1);
    }
}

Error malformed(size_t line, std::string_view what) {
    return make_error(ErrorCode::input, fmt::format("line {}: {}", line, what));
}

Result<Layout> layout_of(const std::vector<std::string_view>& header, size_t line) {
    Layout layout;
    layout.fields = header.size();
    for (size_t column = 0; column < kColumnCount; ++column) {
        size_t found = header.size();
        for (size_t i = 0; i < header.size(); ++i) {
            if (header[i] == kNames[column]) found = i;
        }
        if (found == header.size()) {
            return malformed(line, fmt::format("the header has no column '{}'; wanted are {}", kNames[column],
                                               fmt::join(kNames, ",")));
        }
        layout.place[column] = found;
    }
    return layout;
}

Result<double> number(std::string_view text, std::string_view column, size_t line) {
    double value = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, failure] = std::from_chars(text.data(), end, value);
    if (failure != std::errc() || rest != end || text.empty()) {
        return malformed(line, fmt::format("{} '{}' is not a number", column, text));
    }
    return value;
}

struct Row {
    OptionTerms terms;
    double price = std::numeric_limits<double>::quiet_NaN();
};

Result<Row> parse_row(const std::vector<std::string_view>& fields, const Layout& layout, size_t line) {
    if (fields.size() != layout.fields) {
        return malformed(line, fmt::format("{} fields, expected {}", fields.size(), layout.fields));
    }
    const auto field = [&](Column column) { return fields[layout.place[column]]; };
    Row row;
    if (field(kModel) == "black76") {
        row.terms.model = PricingModel::black76;
    } else if (field(kModel) == "bs") {
        row.terms.model = PricingModel::black_scholes;
    } else {
        return malformed(line, fmt::format("model '{}' is neither black76 nor bs", field(kModel)));
    }
    const auto right = parse_option_right(field(kRight));
    if (!right) return malformed(line, fmt::format("right '{}' is none of CE, PE, C, P", field(kRight)));
    row.terms.right = *right;
    const std::array<std::pair<Column, double*>, 4> numbers{{{kUnderlying, &row.terms.underlying},
                                                             {kStrike, &row.terms.strike},
                                                             {kYears, &row.terms.t_years},
                                                             {kRate, &row.terms.rate}}};
    for (const auto& [column, target] : numbers) {
        const auto value = number(field(column), kNames[column], line);
        if (!value) return value.error();
        *target = *value;
    }
    if (!field(kPrice).empty()) {
        const auto price = number(field(kPrice), kNames[kPrice], line);
        if (!price) return price.error();
        row.price = *price;
    }
    return row;
}

// Rows that wait to be computed together.
class Waiting {
  public:
    explicit Waiting(std::ostream& out) : out_(out) {}
    void add(std::string_view given, const Row& row) {
        batch_.add(row.terms, row.price, std::numeric_limits<double>::quiet_NaN());
        given_.emplace_back(given);
        if (given_.size() == kRowsTogether) write();
    }
    void write() {
        batch_.imply();
        batch_.evaluate();
        const auto sigma = batch_.column(OptionColumn::sigma);
        for (size_t i = 0; i < given_.size(); ++i) {
            const Greeks greeks = batch_.greeks(i);
            const std::string answers = sigma[i] > 0
                                            ? fmt::format("{},{},{},{},{},{}", sigma[i], greeks.delta, greeks.gamma,
                                                          greeks.theta_day, greeks.vega_pct, greeks.rho_pct)
                                            : ",,,,,";
            out_ << given_[i] << ',' << answers << '\n';
        }
        given_.clear();
        batch_.clear();
    }

  private:
    static constexpr size_t kRowsTogether = 256;
    std::ostream& out_;
    OptionBatch batch_;
    std::vector<std::string> given_;
};

}  // namespace

Result<void> greeks_csv(std::istream& in, std::ostream& out) {
    Layout layout;
    for (size_t column = 0; column < kColumnCount; ++column) layout.place[column] = column;
    std::string text;
    bool first = true;
    Waiting waiting(out);
    for (size_t line = 1; std::getline(in, text); ++line) {
        std::string_view given(text);
        if (given.ends_with('\r')) given.remove_suffix(1);
        if (trimmed(given).empty()) continue;
        const auto fields = split(given);
        const bool header = first && fields.front() != "black76" && fields.front() != "bs" &&
                            given.find("model") != std::string_view::npos;
        first = false;
        if (header) {
            const auto found = layout_of(fields, line);
            if (!found) return found.error();
            layout = *found;
            out << given << ',' << kAnswers << '\n';
            continue;
        }
        const auto row = parse_row(fields, layout, line);
        if (!row) {
            waiting.write();
            return row.error();
        }
        waiting.add(given, *row);
    }
    waiting.write();
    if (!out) return make_error(ErrorCode::io, "cannot write the answers");
    return {};
}

}  // namespace tide
