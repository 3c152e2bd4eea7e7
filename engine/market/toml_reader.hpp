#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/time.hpp"

namespace tide {

// A file's text, checked for what the TOML library cannot bear: it limits how deeply values may nest, but not the parts of
// a dotted key, each of which costs it stack. Errors: not_found, config.
Result<std::string> read_toml_text(const std::filesystem::path& file);

// Reads a table of a TOML file strictly: a wanted key that is missing or of the wrong type, and a key nobody asked for,
// are errors that name file, line and key. The first error is kept and reported by `finish`; reads after it give
// defaults, so that a loader reads straight on and checks once.
class TomlReader {
  public:
    // The file's root table. Errors: not found, not TOML.
    static Result<TomlReader> open(const std::filesystem::path& file);

    std::string text(std::string_view key);
    int64_t integer(std::string_view key);
    bool flag(std::string_view key);
    Date date(std::string_view key);
    TimeOfDay time(std::string_view key);
    // As above, or `otherwise` where the key is absent.
    std::string text_or(std::string_view key, std::string otherwise);
    bool flag_or(std::string_view key, bool otherwise);
    std::optional<Date> date_if(std::string_view key);
    // An array of tables; none where the key is absent.
    std::vector<TomlReader> tables(std::string_view key);

    // An error of the loader's own about `key`, in the same form.
    void refuse(std::string_view key, std::string_view what);
    // The first error of this file; on the root table also: any key, at any depth, that nobody read.
    Result<void> finish();
    const std::string& file_name() const;

  private:
    struct Document;
    struct Node;
    TomlReader(std::shared_ptr<Document> document, std::shared_ptr<Node> node);
    std::shared_ptr<Document> document_;
    std::shared_ptr<Node> node_;
};

}  // namespace tide
