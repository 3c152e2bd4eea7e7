#include "barstore/data_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>

#include "barstore/line_reader.hpp"
#include "market/instruments.hpp"

namespace tide {
namespace fs = std::filesystem;
namespace {

std::string lower(std::string_view text) {
    std::string out(text);
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return out;
}

std::string without_gz(const fs::path& file) {
    std::string name = file.filename().string();
    if (lower(name).ends_with(".gz")) name.resize(name.size() - 3);
    return name;
}

std::string extension_of(const fs::path& file) { return lower(fs::path(without_gz(file)).extension().string()); }

bool is_data_extension(const std::string& extension) {
    return extension == ".csv" || extension == ".json" || extension == ".ndjson" || extension == ".jsonl";
}

}  // namespace

DataFileName parse_data_file_name(const fs::path& file) {
    std::string stem = fs::path(without_gz(file)).stem().string();
    DataFileName name;
    size_t at = 0;
    size_t symbol_end = stem.size();
    while (at <= stem.size()) {
        const size_t end = std::min(stem.find('_', at), stem.size());
        const auto timeframe = at == 0 ? std::nullopt : parse_timeframe(std::string_view(stem).substr(at, end - at));
        if (timeframe) {
            name.timeframe = timeframe;
            symbol_end = at - 1;
            break;
        }
        at = end + 1;
    }
    // Without a timeframe what follows the first word is anything.
    if (!name.timeframe) symbol_end = std::min(stem.find('_'), stem.size());
    std::string_view symbol = std::string_view(stem).substr(0, symbol_end);
    for (const std::string_view what : {"_spot", "_chain", "_options"}) {
        if (symbol.ends_with(what)) symbol.remove_suffix(what.size());
    }
    name.symbol = canonical_symbol(symbol);
    return name;
}

CsvHeader::CsvHeader(std::string_view line) {
    std::vector<std::string_view> fields;
    split_csv(line, fields);
    for (const auto field : fields) columns_.push_back(lower(trim_field(field)));
}

int CsvHeader::find(std::initializer_list<std::string_view> names) const {
    for (const auto name : names) {
        const auto it = std::find(columns_.begin(), columns_.end(), name);
        if (it != columns_.end()) return static_cast<int>(it - columns_.begin());
    }
    return -1;
}

bool CsvHeader::has_ohlc() const {
    return find({"open"}) >= 0 && find({"high"}) >= 0 && find({"low"}) >= 0 && find({"close"}) >= 0;
}

int CsvHeader::time_column() const { return find({"ts_ist", "timestamp", "datetime", "date"}); }

bool is_json_name(const fs::path& file) { return extension_of(file) == ".json"; }

Result<DataFileKind> classify_data_file(const fs::path& file) {
    const std::string extension = extension_of(file);
    if (extension == ".json") {
        std::ifstream in(file, std::ios::binary);
        std::string start(4096, '\0');
        in.read(start.data(), static_cast<std::streamsize>(start.size()));
        const bool versioned = start.find("\"schema_version\"") != std::string::npos;
        const bool unversioned = start[std::min(start.find_first_not_of(" \t\r\n"), start.size() - 1)] == '[' &&
                                 start.find("\"start_ts_utc\"") != std::string::npos;
        return versioned || unversioned ? DataFileKind::json_bars : DataFileKind::other;
    }
    if (extension == ".ndjson" || extension == ".jsonl") return DataFileKind::ticks;
    auto reader = LineReader::open(file);
    if (!reader) return reader.error();
    std::string_view line;
    if (!reader->next(line)) {
        if (auto status = reader->status(); !status) return status.error();
        return DataFileKind::other;
    }
    const CsvHeader header(line);
    if (header.time_column() >= 0 && header.has_ohlc()) return DataFileKind::bars;
    const bool has_time = header.time_column() >= 0 || header.find({"ts_exchange", "ts_utc"}) >= 0;
    return has_time && header.find({"ltp"}) >= 0 ? DataFileKind::ticks : DataFileKind::other;
}

Result<std::vector<fs::path>> list_data_files(const std::vector<fs::path>& paths) {
    std::vector<fs::path> files;
    for (const auto& path : paths) {
        std::error_code error;
        if (!fs::is_directory(path, error)) {
            if (!fs::exists(path, error)) {
                return make_error(ErrorCode::not_found, fmt::format("{}: no such file or folder", path.string()));
            }
            files.push_back(path);
            continue;
        }
        std::vector<fs::path> found;
        for (auto it = fs::directory_iterator(path, error); !error && it != fs::directory_iterator();
             it.increment(error)) {
            std::error_code broken_link;
            if (it->is_regular_file(broken_link) && is_data_extension(extension_of(it->path())))
                found.push_back(it->path());
        }
        if (error) {
            return make_error(ErrorCode::io, fmt::format("{}: cannot be listed: {}", path.string(), error.message()));
        }
        std::sort(found.begin(), found.end());
        files.insert(files.end(), found.begin(), found.end());
    }
    return files;
}

}  // namespace tide
