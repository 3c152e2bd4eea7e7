#include "market/toml_reader.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <fstream>
#include <set>
#include <sstream>

namespace tide {
namespace {

// Of one key; with the library's limit of 256 nested values the stack holds.
constexpr int kMostDots = 50;

// The line of a key with more parts than that, or 0. Dots in texts and numbers count too: none has that many.
int line_of_endless_key(std::string_view text) {
    int line = 1;
    int dots = 0;
    for (const char c : text) {
        if (c == '.') {
            if (++dots > kMostDots) return line;
        } else if (c == '\n' || c == '=' || c == ',' || c == '{') {
            dots = 0;
        }
        if (c == '\n') ++line;
    }
    return 0;
}

}  // namespace

Result<std::string> read_toml_text(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in)
        return make_error(ErrorCode::not_found, fmt::format("{}: no such file, or it cannot be read", file.string()));
    std::stringstream content;
    content << in.rdbuf();
    std::string text = std::move(content).str();
    if (const int line = line_of_endless_key(text); line != 0) {
        return make_error(ErrorCode::config,
                          fmt::format("{}:{}: a key of more than {} parts", file.string(), line, kMostDots));
    }
    return text;
}

struct TomlReader::Node {
    const toml::table* table = nullptr;
    std::set<std::string, std::less<>> read;

    const toml::node* find(std::string_view key) {
        read.emplace(key);
        return table->get(key);
    }
};

struct TomlReader::Document {
    std::string file;
    toml::table root;
    std::optional<Error> first_error;
    std::vector<std::shared_ptr<Node>> nodes;

    void refuse(const toml::source_region& where, std::string_view key, std::string_view what) {
        if (first_error) return;
        first_error = make_error(ErrorCode::config, fmt::format("{}:{}: {} {}", file, where.begin.line, key, what));
    }
    // The value under `key` by `convert` (node -> optional of a type), or an error and that type's default.
    template <class Convert>
    auto get(Node& node, std::string_view key, Convert convert, std::string_view wanted) {
        const toml::node* const found = node.find(key);
        using Value = typename decltype(convert(*found))::value_type;
        if (found == nullptr) {
            refuse(node.table->source(), key, fmt::format("is missing; expected {}", wanted));
            return Value{};
        }
        const auto value = convert(*found);
        if (!value) refuse(found->source(), key, fmt::format("is not {}", wanted));
        return value.value_or(Value{});
    }
};

TomlReader::TomlReader(std::shared_ptr<Document> document, std::shared_ptr<Node> node)
    : document_(std::move(document)), node_(std::move(node)) {}

Result<TomlReader> TomlReader::open(const std::filesystem::path& file) {
    const auto text = read_toml_text(file);
    if (!text) return text.error();
    auto document = std::make_shared<Document>();
    document->file = file.string();
    try {
        document->root = toml::parse(*text, document->file);
    } catch (const toml::parse_error& failure) {
        return make_error(ErrorCode::config,
                          fmt::format("{}:{}: {}", document->file, failure.source().begin.line, failure.description()));
    }
    auto root = std::make_shared<Node>();
    root->table = &document->root;
    document->nodes.push_back(root);
    return TomlReader(std::move(document), std::move(root));
}

namespace {

// The value of a node as T, or nothing when it is of another type.
std::optional<std::string> as_text(const toml::node& node) { return node.value_exact<std::string>(); }
std::optional<int64_t> as_integer(const toml::node& node) { return node.value_exact<int64_t>(); }
std::optional<bool> as_flag(const toml::node& node) { return node.value_exact<bool>(); }
std::optional<Date> as_date(const toml::node& node) {
    const auto value = node.value_exact<toml::date>();
    if (!value) return std::nullopt;
    return make_date(value->year, value->month, value->day);
}
std::optional<TimeOfDay> as_time(const toml::node& node) {
    const auto value = node.value_exact<toml::time>();
    if (!value || value->nanosecond != 0) return std::nullopt;
    return hours(value->hour) + minutes(value->minute) + seconds(value->second);
}

}  // namespace

std::string TomlReader::text(std::string_view key) { return document_->get(*node_, key, as_text, "a text"); }
int64_t TomlReader::integer(std::string_view key) { return document_->get(*node_, key, as_integer, "a whole number"); }
bool TomlReader::flag(std::string_view key) { return document_->get(*node_, key, as_flag, "true or false"); }
Date TomlReader::date(std::string_view key) { return document_->get(*node_, key, as_date, "a date like 2026-11-20"); }
TimeOfDay TomlReader::time(std::string_view key) {
    return document_->get(*node_, key, as_time, "a time like 09:15:00");
}

std::string TomlReader::text_or(std::string_view key, std::string otherwise) {
    return node_->find(key) == nullptr ? std::move(otherwise) : text(key);
}
bool TomlReader::flag_or(std::string_view key, bool otherwise) {
    return node_->find(key) == nullptr ? otherwise : flag(key);
}
std::optional<Date> TomlReader::date_if(std::string_view key) {
    if (node_->find(key) == nullptr) return std::nullopt;
    return date(key);
}

std::vector<TomlReader> TomlReader::tables(std::string_view key) {
    std::vector<TomlReader> found;
    const toml::node* const node = node_->find(key);
    if (node == nullptr) return found;
    const toml::array* const array = node->as_array();
    if (array == nullptr) {
        document_->refuse(node->source(), key, "is not an array of tables");
        return found;
    }
    for (const toml::node& element : *array) {
        if (!element.is_table()) {
            document_->refuse(element.source(), key, "holds something that is not a table");
            continue;
        }
        auto child = std::make_shared<Node>();
        child->table = element.as_table();
        document_->nodes.push_back(child);
        found.push_back(TomlReader(document_, std::move(child)));
    }
    return found;
}

void TomlReader::refuse(std::string_view key, std::string_view what) {
    const toml::node* const node = node_->table->get(key);
    document_->refuse(node == nullptr ? node_->table->source() : node->source(), key, what);
}

Result<void> TomlReader::finish() {
    if (node_->table == &document_->root) {
        for (const auto& node : document_->nodes) {
            for (const auto& [key, value] : *node->table) {
                if (!node->read.contains(key.str())) document_->refuse(value.source(), key.str(), "is not a known key");
            }
        }
    }
    if (document_->first_error) return *document_->first_error;
    return {};
}

const std::string& TomlReader::file_name() const { return document_->file; }

}  // namespace tide
