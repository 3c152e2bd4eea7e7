#include "barstore/master_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <nlohmann/json.hpp>
#include <span>

#include "barstore/gzip_stream.hpp"
#include "barstore/line_reader.hpp"
#include "barstore/master_row.hpp"

namespace tide {
namespace {

using enum MasterColumn;

struct ColumnName {
    std::string_view name;
    MasterColumn column;
};
// A form of CSV is told by the columns that it must have; the others are read where they are there. Names change
// between versions of a file, positions more so.
struct CsvForm {
    std::string_view name;
    MasterDialect dialect;
    std::span<const ColumnName> columns;
    size_t required;  // the first so many of them
};

constexpr ColumnName kDhanCompact[] = {{"SEM_EXM_EXCH_ID", exchange},   {"SEM_SEGMENT", segment},
                                       {"SEM_SMST_SECURITY_ID", token}, {"SEM_INSTRUMENT_NAME", instrument},
                                       {"SEM_TRADING_SYMBOL", symbol},  {"SEM_LOT_UNITS", lot},
                                       {"SEM_EXPIRY_DATE", expiry},     {"SEM_STRIKE_PRICE", strike},
                                       {"SEM_OPTION_TYPE", right},      {"SEM_TICK_SIZE", tick},
                                       {"SEM_SERIES", series}};
constexpr ColumnName kDhanDetailed[] = {
    {"EXCH_ID", exchange},      {"SEGMENT", segment},          {"SECURITY_ID", token},
    {"INSTRUMENT", instrument}, {"SYMBOL_NAME", symbol},       {"LOT_SIZE", lot},
    {"SM_EXPIRY_DATE", expiry}, {"STRIKE_PRICE", strike},      {"OPTION_TYPE", right},
    {"TICK_SIZE", tick},        {"UNDERLYING_SYMBOL", name},   {"SERIES", series},
    {"SM_FREEZE_QTY", freeze},  {"BUY_SELL_INDICATOR", status}};
constexpr ColumnName kDhanTrimmed[] = {{"exchangeSegment", segment}, {"securityId", token},  {"instrument", instrument},
                                       {"tradingSymbol", symbol},    {"expiryDate", expiry}, {"strikePrice", strike},
                                       {"optionType", right},        {"symbol", name}};
constexpr ColumnName kKite[] = {
    {"instrument_token", token}, {"tradingsymbol", symbol}, {"name", name},    {"expiry", expiry},
    {"strike", strike},          {"tick_size", tick},       {"lot_size", lot}, {"instrument_type", instrument},
    {"segment", segment},        {"exchange", exchange}};
constexpr ColumnName kOwn[] = {{"kind", instrument},   {"underlying", name},       {"expiry", expiry},
                               {"strike", strike},     {"right", right},           {"lot", lot},
                               {"exchange", exchange}, {"segment", segment},       {"tick", tick},
                               {"freeze", freeze},     {"symbol", symbol},         {"token", token},
                               {"status", status},     {"valid_from", valid_from}, {"valid_to", valid_to}};
constexpr CsvForm kForms[] = {{"Dhan compact CSV", MasterDialect::dhan, kDhanCompact, 10},
                              {"Dhan detailed CSV", MasterDialect::dhan, kDhanDetailed, 10},
                              {"Dhan trimmed CSV", MasterDialect::dhan, kDhanTrimmed, 7},
                              {"Kite CSV", MasterDialect::kite, kKite, 10},
                              {"Tide CSV", MasterDialect::own, kOwn, 6}};

constexpr ColumnName kAngelKeys[] = {{"token", token},
                                     {"symbol", symbol},
                                     {"name", name},
                                     {"expiry", expiry},
                                     {"strike", strike},
                                     {"lotsize", lot},
                                     {"instrumenttype", instrument},
                                     {"exch_seg", segment},
                                     {"tick_size", tick},
                                     {"freeze_qty", freeze}};

// Takes rows one by one, keeps what is wanted and counts the rest.
class MasterCollector {
  public:
    MasterCollector(std::string file, std::string format, MasterDialect dialect, const MasterOptions& options)
        : dialect_(dialect), options_(options) {
        report_.file = std::move(file);
        report_.format = std::move(format);
    }

    void take(const MasterRow& row, int64_t line) {
        ++report_.rows;
        switch (read_master_row(dialect_, row, contract_, problem_)) {
            case MasterRowFate::elsewhere:
                ++report_.elsewhere;
                return;
            case MasterRowFate::bad:
                refuse(line, problem_);
                return;
            case MasterRowFate::kept:
                break;
        }
        if (options_.on && contract_.key.expiry && *contract_.key.expiry < *options_.on) {
            ++report_.expired;
            return;
        }
        const auto& wanted = options_.underlyings;
        if (!wanted.empty() && std::find(wanted.begin(), wanted.end(), contract_.key.underlying) == wanted.end()) {
            ++report_.elsewhere;
            return;
        }
        contract_.line = line;
        rows_.push_back(std::move(contract_));
    }
    void refuse(int64_t line, std::string reason) {
        ++report_.bad;
        if (report_.problems.size() < MasterReport::kProblemsKept)
            report_.problems.push_back({line, std::move(reason)});
    }

    Result<MasterFile> finish() {
        MasterFile file;
        file.master = ContractMaster::build(std::move(rows_));
        report_.kept = static_cast<int64_t>(file.master.rows().size());
        report_.duplicates = file.master.duplicates();
        report_.clashes = static_cast<int64_t>(file.master.clashes().size());
        size_t told = 0;
        for (const MasterClash& clash : file.master.clashes()) {
            if (told++ == MasterReport::kProblemsKept) break;
            report_.problems.push_back(
                {clash.dropped_line, fmt::format("{}: line {} is kept", clash.reason, clash.kept_line)});
        }
        if (report_.kept == 0) return nothing_kept();
        file.report = std::move(report_);
        return file;
    }
    MasterReport& report() { return report_; }

  private:
    Error nothing_kept() const {
        std::string why = fmt::format("{} rows", report_.rows);
        if (report_.bad > 0) {
            why += fmt::format(", {} bad (line {}: {})", report_.bad, report_.problems.front().line,
                               report_.problems.front().reason);
        }
        if (report_.expired > 0)
            why += fmt::format(", {} expired before {}", report_.expired, format_date(*options_.on));
        if (report_.elsewhere > 0) why += fmt::format(", {} of other segments or underlyings", report_.elsewhere);
        return make_error(ErrorCode::input,
                          fmt::format("{}: no contract to keep in this {} ({})", report_.file, report_.format, why));
    }

    MasterDialect dialect_;
    const MasterOptions& options_;
    MasterReport report_;
    std::vector<ListedContract> rows_;
    ListedContract contract_;  // scratch
    std::string problem_;
};

// Angel One's file: one array of objects, in life a single line of tens of megabytes.
class AngelRows final : public nlohmann::json_sax<nlohmann::json> {
  public:
    AngelRows(MasterCollector& rows, GzipStream& stream) : rows_(rows), stream_(stream) {}
    const std::string& problem() const { return problem_; }

    bool null() override { return value({}); }
    bool boolean(bool) override { return value({}); }
    bool number_integer(number_integer_t number) override { return value(std::to_string(number)); }
    bool number_unsigned(number_unsigned_t number) override { return value(std::to_string(number)); }
    bool number_float(number_float_t, const string_t& text) override { return value(text); }
    bool string(string_t& text) override { return value(text); }
    bool binary(binary_t&) override { return value({}); }
    bool start_array(size_t) override {
        ++depth_;
        return true;
    }
    bool end_array() override {
        --depth_;
        return true;
    }
    bool start_object(size_t) override {
        if (depth_ == 0) return stop("is not an array of contracts");
        if (++depth_ == 2) row_.clear();
        return true;
    }
    bool end_object() override {
        if (depth_-- == 2) rows_.take(row_, stream_.line());
        return true;
    }
    bool key(string_t& name_of_it) override {
        column_.reset();
        if (depth_ != 2) return true;
        for (const ColumnName& known : kAngelKeys) {
            if (known.name == name_of_it) column_ = known.column;
        }
        return true;
    }
    bool parse_error(size_t, const std::string&, const nlohmann::detail::exception&) override {
        return stop(
            fmt::format("is broken or ends early after {} contracts, in line {}", rows_.report().rows, stream_.line()));
    }

  private:
    bool value(std::string_view text) {
        if (depth_ == 0) return stop("is not an array of contracts");
        if (depth_ == 1) {
            ++rows_.report().rows;
            rows_.refuse(stream_.line(), "is not an object");
        } else if (depth_ == 2 && column_) {
            row_[*column_] = text;
        }
        return true;
    }
    bool stop(std::string why) {
        if (problem_.empty()) problem_ = std::move(why);
        return false;
    }

    MasterCollector& rows_;
    GzipStream& stream_;
    MasterRow row_;
    std::optional<MasterColumn> column_;
    int64_t depth_ = 0;
    std::string problem_;
};

Result<MasterFile> read_angel_file(const std::string& name_text, GzipStream& stream, const MasterOptions& options) {
    MasterCollector collector(name_text, "Angel One JSON", MasterDialect::angel, options);
    AngelRows rows(collector, stream);
    std::istream in(&stream);
    const bool whole = nlohmann::json::sax_parse(in, &rows);
    if (!stream.status()) return stream.status().error();
    if (!whole) return make_error(ErrorCode::corrupt, fmt::format("{}: {}", name_text, rows.problem()));
    return collector.finish();
}

const CsvForm* form_of(std::span<const std::string_view> header) {
    for (const CsvForm& form : kForms) {
        const auto needed = form.columns.first(form.required);
        const bool all = std::all_of(needed.begin(), needed.end(), [&](const ColumnName& column) {
            return std::find(header.begin(), header.end(), column.name) != header.end();
        });
        if (all) return &form;
    }
    return nullptr;
}

Result<MasterFile> read_csv_file(LineReader& lines, const MasterOptions& options) {
    std::string_view line;
    std::vector<std::string_view> fields;
    if (lines.next(line)) split_csv(line, fields);
    if (auto read = lines.status(); !read) return read.error();
    for (auto& field : fields) field = trim_field(field);
    const CsvForm* form = form_of(fields);
    if (form == nullptr) {
        return make_error(
            ErrorCode::input,
            fmt::format("{}:1: not a contract master: neither Angel One's JSON nor a CSV with the columns of "
                        "Dhan, Kite or Tide (docs/cli.md, \"Contract masters\")",
                        lines.name()));
    }
    std::vector<std::optional<MasterColumn>> columns;
    for (const auto field : fields) {
        columns.emplace_back();
        for (const ColumnName& known : form->columns) {
            if (known.name == field) columns.back() = known.column;
        }
    }
    MasterCollector collector(lines.name(), std::string(form->name), form->dialect, options);
    MasterRow row;
    while (lines.next(line)) {
        if (line.empty()) continue;
        split_csv(line, fields);
        if (fields.size() != columns.size()) {
            ++collector.report().rows;
            collector.refuse(lines.line_number(),
                             fmt::format("{} fields instead of {}", fields.size(), columns.size()));
            continue;
        }
        row.clear();
        for (size_t i = 0; i < fields.size(); ++i) {
            if (columns[i]) row[*columns[i]] = fields[i];
        }
        collector.take(row, lines.line_number());
    }
    if (auto read = lines.status(); !read) return read.error();
    return collector.finish();
}

}  // namespace

Result<MasterFile> read_contract_master(const std::filesystem::path& file, const MasterOptions& options) {
    auto stream = GzipStream::open(file);
    if (!stream) return stream.error();
    auto first = (*stream)->sgetc();
    while (first == ' ' || first == '\n' || first == '\r' || first == '\t') first = (*stream)->snextc();
    if (auto read = (*stream)->status(); !read) return read.error();
    if (first == '[' || first == '{') return read_angel_file(file.string(), **stream, options);
    auto lines = LineReader::open(file);
    if (!lines) return lines.error();
    return read_csv_file(*lines, options);
}

}  // namespace tide
