#pragma once
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace tide::test {

// Rows of a comma-separated text file as texts, the header first.
inline std::vector<std::vector<std::string>> read_table(const std::filesystem::path& file) {
    std::vector<std::vector<std::string>> rows;
    std::ifstream in(file);
    for (std::string line; std::getline(in, line);) {
        if (!line.empty() && line.back() == '\r') line.pop_back();
        std::vector<std::string> row;
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
        if (!line.empty() && line.back() == ',') row.emplace_back();
        rows.push_back(std::move(row));
    }
    return rows;
}

}  // namespace tide::test

#define TIDE_NEEDS_DATA(path)                                                                 \
    if (!std::filesystem::exists(path)) {                                                     \
        GTEST_SKIP() << "no recorded data at " << (path) << " (set TIDE_DATA to its folder)"; \
    }
