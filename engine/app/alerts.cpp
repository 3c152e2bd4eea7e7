#include "app/alerts.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <fstream>

#include "app/health.hpp"
#include "app/terminal.hpp"
#include "net/file_descriptor.hpp"
#include "ops/text_table.hpp"

namespace tide {

bool raise_alert(const Paths& paths, std::string_view level, std::string_view what, const std::string& text) {
    const std::string line = fmt::format("{} {}: {}", level, what, printable(text));
    const std::string dated = fmt::format("{} {}\n", wall_clock_text(), line);
    FileDescriptor file(::open((paths.home / "alerts.log").c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
    const bool logged = file.valid() &&
                        ::write(file.get(), dated.data(), dated.size()) == static_cast<ssize_t>(dated.size()) &&
                        ::fsync(file.get()) == 0;
    const bool loud = is_terminal(STDERR_FILENO);
    const bool colour = colour_allowed(STDERR_FILENO);
    fmt::print(stderr, "{}{}ALERT {}{}{}\n", loud ? "\a" : "", colour ? "\033[1;31m" : "", line,
               colour ? "\033[0m" : "", logged ? "" : " (alerts.log cannot be written)");
    return logged;
}

Result<void> append_line(const std::filesystem::path& path, const std::string& line) {
    std::ofstream file(path, std::ios::app);
    file << line << "\n";
    file.close();
    if (file) return {};
    return make_error(ErrorCode::io, fmt::format("cannot write {}; make the folder writable", path.string()));
}

Result<void> log_operator(const Paths& paths, const std::string& what) {
    return append_line(paths.operator_log(), fmt::format("{} {} by {}", wall_clock_text(), what, operator_name()));
}

}  // namespace tide
