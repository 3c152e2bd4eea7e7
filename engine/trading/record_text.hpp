#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"

namespace tide {

// The canonical line of a record (records.hpp) read back: its kind and its fields in order, texts without their quotes.
struct RecordText {
    std::string kind;
    std::vector<std::pair<std::string, std::string>> fields;

    // The first field of that name.
    const std::string* find(std::string_view key) const;
    // As a whole number; none where the field is absent or not one.
    std::optional<int64_t> whole(std::string_view key) const;
};

// Errors: corrupt, saying at which byte the line stops being canonical.
Result<RecordText> parse_record_text(std::string_view line);

}  // namespace tide
