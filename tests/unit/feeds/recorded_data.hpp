#pragma once
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "core/bar.hpp"
#include "market/calendar.hpp"
#include "market/contract_rules.hpp"
#include "support/paths.hpp"

// What the feed tests share: the shipped calendar and rules, and rows of recorded files where these are at hand.
namespace tide::test {

inline std::filesystem::path config_folder() { return source_dir() / "config"; }
inline const TradingCalendar& calendar() {
    static const TradingCalendar loaded = TradingCalendar::load(config_folder() / "calendars").value();
    return loaded;
}
inline const ContractRules& rules() {
    static const ContractRules loaded = ContractRules::load(config_folder() / "contracts.toml").value();
    return loaded;
}

// Calls `row` with the fields of each line but the first of a gzipped CSV file.
inline void for_each_row(const std::filesystem::path& file,
                         const std::function<void(const std::vector<std::string>&)>& row) {
    const std::unique_ptr<FILE, int (*)(FILE*)> lines(popen(("zcat '" + file.string() + "'").c_str(), "r"), pclose);
    char line[2048];
    for (bool header = true; lines && std::fgets(line, sizeof line, lines.get()) != nullptr; header = false) {
        if (header) continue;
        std::vector<std::string> fields(1);
        for (const char* c = line; *c != '\0' && *c != '\n' && *c != '\r'; ++c) {
            if (*c == ',') {
                fields.emplace_back();
            } else {
                fields.back().push_back(*c);
            }
        }
        row(fields);
    }
}

inline Price price(const std::string& text) { return Price::from_double(std::stod(text)); }

// A bar from fields `first` (time or date), then open, high, low, close and, where not blank, volume and open interest.
inline Bar bar_of(const std::vector<std::string>& fields, size_t time, size_t open) {
    Bar bar;
    bar.start = parse_timestamp(fields[time]).value_or(ExchangeTime());
    if (const auto date = parse_date(fields[time])) bar.start = ist_moment<ExchangeTime>(*date, Duration(0));
    bar.open = price(fields[open]);
    bar.high = price(fields[open + 1]);
    bar.low = price(fields[open + 2]);
    bar.close = price(fields[open + 3]);
    if (fields.size() > open + 4 && !fields[open + 4].empty()) {
        bar.flags |= kBarHasVolume;
        bar.volume = std::stoll(fields[open + 4]);
    }
    if (fields.size() > open + 5 && !fields[open + 5].empty()) {
        bar.flags |= kBarHasOi;
        bar.oi = std::stoll(fields[open + 5]);
    }
    return bar;
}

}  // namespace tide::test
