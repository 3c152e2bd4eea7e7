#pragma once
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace tide {

// Lines typed at a terminal: editing as in a shell (emacs keys), history that is kept in a file of its owner's
// (mode 0600, the newest 1000 lines), completion by Tab.
class LineEditor {
  public:
    enum class Outcome : uint8_t { line, cancelled, end };  // cancelled: Ctrl-C; end: Ctrl-D on an empty line
    struct Line {
        Outcome outcome = Outcome::end;
        std::string text;  // without its line end
    };
    // Ends of the name at the end of the line before the cursor, sorted.
    using Completer = std::function<std::vector<std::string>(std::string_view line)>;

    LineEditor(std::filesystem::path history, Completer completer);
    ~LineEditor();
    LineEditor(const LineEditor&) = delete;
    LineEditor& operator=(const LineEditor&) = delete;

    Line read(const std::string& prompt);

    struct Impl;

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace tide
