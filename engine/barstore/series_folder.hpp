#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "barstore/bar_file.hpp"

// A symbol as a folder of the bar store, and back.
namespace tide {

// Letters, digits and "-_.&" as they are, a blank as '+', any other byte (also a '.' in front) as %XX: whatever the
// symbol, the name stays one folder. None when there is no symbol or the name would be longer than a file name may be.
std::optional<std::string> folder_name_of(std::string_view symbol);
// None where no symbol has this folder.
std::optional<std::string> symbol_of_folder(std::string_view folder);

// The series of a symbol: of "NIFTY 2024-01-25 21700 CE" with the terms of the option.
SeriesName series_name_of(std::string_view symbol);

}  // namespace tide
