#include "ledger/audit_anchors.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/digest.hpp"
#include "trading/record_text.hpp"

namespace tide {
namespace {

constexpr std::string_view kSealMark = " seal=";

class File {
  public:
    explicit File(int descriptor) : descriptor_(descriptor) {}
    ~File() {
        if (descriptor_ >= 0) ::close(descriptor_);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int get() const { return descriptor_; }

  private:
    int descriptor_;
};

Error io_error(const std::string& path) {
    return make_error(ErrorCode::io, fmt::format("{}: {}; an audit trail without its anchors cannot be trusted", path,
                                                 std::strerror(errno)));
}

Result<std::string> read_all(int descriptor, const std::string& path) {
    std::string text;
    char buffer[65'536];
    for (;;) {
        const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
        if (count < 0) return io_error(path);
        if (count == 0) return text;
        text.append(buffer, static_cast<size_t>(count));
    }
}

std::string body_of(const AuditAnchor& anchor) {
    std::string body = fmt::format("{} {} session={} row={} head={}", format_iso(anchor.time), anchor.kind,
                                   anchor.session, anchor.row, anchor.head);
    if (!anchor.note.empty()) {
        std::string note;
        for (const char c : anchor.note) note.push_back(c == '"' || c == '\\' || c == '\n' ? '\'' : c);
        body += " note=\"" + note + "\"";
    }
    return body;
}

std::string seal_of(std::string_view seal_before, std::string_view body) {
    return to_hex(sha256(std::string(seal_before) + std::string(body)));
}

std::optional<AuditAnchor> parse_body(std::string_view body) {
    const size_t blank = body.find(' ');
    if (blank == std::string_view::npos) return std::nullopt;
    const auto time = parse_timestamp(body.substr(0, blank));
    const auto record = parse_record_text(body.substr(blank + 1));
    if (!time || !record) return std::nullopt;
    const std::string* session = record->find("session");
    const std::string* head = record->find("head");
    const auto row = record->whole("row");
    if (session == nullptr || head == nullptr || !row || *row < 0) return std::nullopt;
    const std::string* note = record->find("note");
    return AuditAnchor{as_receive_time(*time),      record->kind, *session,
                       static_cast<uint64_t>(*row), *head,        note == nullptr ? "" : *note};
}

std::string last_seal(std::string_view text) {
    const size_t mark = text.rfind(kSealMark);
    if (mark == std::string_view::npos) return {};
    const std::string_view rest = text.substr(mark + kSealMark.size());
    return std::string(rest.substr(0, rest.find('\n')));
}

}  // namespace

Result<void> append_anchor(const std::string& path, const AuditAnchor& anchor) {
    if (anchor.session.empty() || anchor.session.find_first_of(" \"\n") != std::string::npos) {
        return make_error(ErrorCode::internal, fmt::format("{}: '{}' is no session's id", path, anchor.session));
    }
    const File file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (file.get() < 0 || ::flock(file.get(), LOCK_EX) != 0) return io_error(path);
    const auto before = read_all(file.get(), path);
    if (!before) return before.error();
    const size_t whole = before->rfind('\n') == std::string::npos ? 0 : before->rfind('\n') + 1;
    const std::string body = body_of(anchor);
    const std::string seal = seal_of(last_seal(std::string_view(*before).substr(0, whole)), body);
    const std::string line = body + std::string(kSealMark) + seal + "\n";
    if (whole != before->size() && ::ftruncate(file.get(), static_cast<off_t>(whole)) != 0) return io_error(path);
    const ssize_t written = ::pwrite(file.get(), line.data(), line.size(), static_cast<off_t>(whole));
    if (written != static_cast<ssize_t>(line.size()) || ::fsync(file.get()) != 0) return io_error(path);
    return {};
}

Result<std::vector<AuditAnchor>> parse_anchors(std::string_view text, std::string_view path) {
    std::vector<AuditAnchor> anchors;
    std::string seal;
    for (size_t number = 1; text.find('\n') != std::string_view::npos; ++number) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() + 1);
        const size_t mark = line.rfind(kSealMark);
        const std::string_view body = line.substr(0, mark);
        auto anchor = parse_body(body);
        const bool sealed =
            mark != std::string_view::npos && line.substr(mark + kSealMark.size()) == seal_of(seal, body);
        if (!anchor || !sealed) {
            return make_error(
                ErrorCode::mismatch,
                fmt::format("{}:{}: this line or the one before it was changed or taken out", path, number));
        }
        seal = std::string(line.substr(mark + kSealMark.size()));
        anchors.push_back(std::move(*anchor));
    }
    return anchors;
}

Result<std::vector<AuditAnchor>> read_anchors(const std::string& path) {
    std::error_code missing;
    if (!std::filesystem::exists(path, missing)) return std::vector<AuditAnchor>{};
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    if (!in) return io_error(path);
    return parse_anchors(text.str(), path);
}

}  // namespace tide
