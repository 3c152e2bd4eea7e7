#include "trading/record_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace tide {
namespace {

std::optional<unsigned> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
    return std::nullopt;
}

class LineParser {
  public:
    explicit LineParser(std::string_view line) : line_(line) {}

    Result<RecordText> parse() {
        RecordText record;
        record.kind = std::string(word(" "));
        if (record.kind.empty()) return broken();
        while (at_ < line_.size()) {
            if (line_[at_++] != ' ') return broken();
            std::string key(word("= \""));
            if (key.empty() || at_ == line_.size() || line_[at_++] != '=') return broken();
            std::string value;
            if (at_ < line_.size() && line_[at_] == '"') {
                if (!quoted(value)) return broken();
            } else {
                value = std::string(word(" \""));
            }
            record.fields.emplace_back(std::move(key), std::move(value));
        }
        return record;
    }

  private:
    std::string_view word(std::string_view ends) {
        const size_t end = std::min(line_.find_first_of(ends, at_), line_.size());
        const std::string_view found = line_.substr(at_, end - at_);
        at_ = end;
        return found;
    }
    // What append_escape of records.cpp writes, undone.
    bool quoted(std::string& out) {
        ++at_;
        while (at_ < line_.size()) {
            const char c = line_[at_++];
            if (c == '"') return true;
            if (c != '\\') {
                out.push_back(c);
                continue;
            }
            if (!escape(out)) return false;
        }
        return false;
    }
    bool escape(std::string& out) {
        if (at_ == line_.size()) return false;
        const char c = line_[at_++];
        if (c == '"' || c == '\\') {
            out.push_back(c);
        } else if (c == 'n') {
            out.push_back('\n');
        } else if (c == 'x' && at_ + 2 <= line_.size()) {
            const auto high = hex_digit(line_[at_]);
            const auto low = hex_digit(line_[at_ + 1]);
            if (!high || !low) return false;
            out.push_back(static_cast<char>(*high * 16 + *low));
            at_ += 2;
        } else {
            return false;
        }
        return true;
    }
    Error broken() const {
        return make_error(ErrorCode::corrupt, fmt::format("an audit text is not canonical at byte {}", at_));
    }

    std::string_view line_;
    size_t at_ = 0;
};

}  // namespace

const std::string* RecordText::find(std::string_view key) const {
    const auto found =
        std::find_if(fields.begin(), fields.end(), [&](const auto& field) { return field.first == key; });
    return found == fields.end() ? nullptr : &found->second;
}

std::optional<int64_t> RecordText::whole(std::string_view key) const {
    const std::string* text = find(key);
    if (text == nullptr) return std::nullopt;
    int64_t value = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

Result<RecordText> parse_record_text(std::string_view line) { return LineParser(line).parse(); }

}  // namespace tide
