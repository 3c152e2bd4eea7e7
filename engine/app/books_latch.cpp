#include "app/books_latch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "net/file_descriptor.hpp"
#include "risk/halts.hpp"

namespace tide {
namespace fs = std::filesystem;

void BooksLatch::record(const Record& record) {
    const auto* halt = std::get_if<HaltRecord>(&record.body);
    if (halt == nullptr || halt->kind != name_of(HaltKind::books_differ)) return;
    std::error_code ignored;
    if (!halt->active) {
        fs::remove(paths_.books_differ(), ignored);
        return;
    }
    const std::string line = fmt::format("{} {} ({})\n", format_iso(record.time), halt->text, halt->values);
    const FileDescriptor file(::open(paths_.books_differ().c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
    const bool written = file.valid() && ::write(file.get(), line.data(), line.size()) > 0 && ::fsync(file.get()) == 0;
    if (!written)
        fmt::print(stderr, "engine: {} cannot be written: the halt ends with this session\n",
                   paths_.books_differ().string());
}

Result<void> BooksLatch::check(const Paths& paths) {
    std::error_code ignored;
    if (!fs::exists(paths.books_differ(), ignored)) return {};
    return make_error(ErrorCode::halted,
                      fmt::format("the broker's books differed from ours ({}); look at the broker's terminal, then "
                                  "'engine recover --acknowledge --reason \"…\"'",
                                  paths.books_differ().string()));
}

Result<bool> BooksLatch::acknowledge(const Paths& paths) {
    std::error_code error;
    const bool was = fs::remove(paths.books_differ(), error);
    if (error)
        return make_error(ErrorCode::io,
                          fmt::format("cannot remove {}: {}", paths.books_differ().string(), error.message()));
    return was;
}

}  // namespace tide
