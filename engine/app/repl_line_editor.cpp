#include "app/repl_line_editor.hpp"

#include <fmt/format.h>
#include <histedit.h>
#include <sys/stat.h>

#include <algorithm>
#include <clocale>
#include <cstdio>

#include "ops/terminal_width.hpp"

namespace tide {
namespace {

constexpr int kHistoryLines = 1000;
constexpr size_t kHistoryLineMax = 1000;  // longer lines are not remembered
constexpr size_t kShownMax = 100;         // names below the line

bool is_name_part(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

std::string common_beginning(const std::vector<std::string>& words) {
    std::string common = words.front();
    for (const std::string& word : words) {
        const auto [end, ignored] = std::mismatch(common.begin(), common.end(), word.begin(), word.end());
        common.erase(end, common.end());
    }
    return common;
}

}  // namespace

struct LineEditor::Impl {
    std::filesystem::path file;
    Completer completer;
    std::string prompt;
    bool cancelled = false;
    EditLine* editor = nullptr;
    History* history = nullptr;

    static Impl& of(EditLine* editor) {
        void* data = nullptr;
        el_get(editor, EL_CLIENTDATA, &data);
        return *static_cast<Impl*>(data);
    }
    static char* show_prompt(EditLine* editor) { return of(editor).prompt.data(); }
    static unsigned char cancel(EditLine* editor, int) {
        of(editor).cancelled = true;
        return CC_NEWLINE;
    }
    static unsigned char complete(EditLine* editor, int) { return of(editor).complete_here(); }

    unsigned char complete_here() {
        const LineInfo* line = el_line(editor);
        const std::string_view before(line->buffer, static_cast<size_t>(line->cursor - line->buffer));
        size_t name = before.size();
        while (name > 0 && is_name_part(before[name - 1])) --name;
        const auto words = completer(before);
        if (words.empty()) return CC_REFRESH_BEEP;
        const std::string typed(before.substr(name));
        const std::string more = common_beginning(words).substr(typed.size());
        if (!more.empty()) return el_insertstr(editor, more.c_str()) == 0 ? CC_REFRESH : CC_ERROR;
        if (words.size() == 1) return CC_NORM;
        show(words);
        return CC_REDISPLAY;
    }
    void show(const std::vector<std::string>& words) const {
        const size_t width = std::max<size_t>(terminal_width(1), 40);
        size_t widest = 0;
        for (const auto& word : words) widest = std::max(widest, word.size() + 2);
        std::string out = "\n";
        size_t column = 0;
        for (size_t i = 0; i < std::min(words.size(), kShownMax); ++i) {
            if (column + widest > width) {
                out += "\n";
                column = 0;
            }
            out += fmt::format("{:<{}}", words[i], widest);
            column += widest;
        }
        if (words.size() > kShownMax) out += "…";
        std::fputs((out + "\n").c_str(), stdout);
        std::fflush(stdout);
    }
    void remember(const std::string& line) {
        if (line.find_first_not_of(' ') == std::string::npos || line.size() > kHistoryLineMax) return;
        HistEvent event;
        ::history(history, &event, H_ENTER, line.c_str());
        const mode_t before = ::umask(077);
        ::history(history, &event, H_SAVE, file.c_str());
        ::umask(before);
    }
};

LineEditor::LineEditor(std::filesystem::path history, Completer completer) : impl_(std::make_unique<Impl>()) {
    Impl& e = *impl_;
    e.file = std::move(history);
    e.completer = std::move(completer);
    std::setlocale(LC_CTYPE, "C.UTF-8");
    e.history = history_init();
    HistEvent event;
    ::history(e.history, &event, H_SETSIZE, kHistoryLines);
    ::history(e.history, &event, H_SETUNIQUE, 1);
    ::history(e.history, &event, H_LOAD, e.file.c_str());
    e.editor = el_init("tide", stdin, stdout, stderr);
    el_set(e.editor, EL_CLIENTDATA, &e);
    el_set(e.editor, EL_PROMPT, &Impl::show_prompt);
    el_set(e.editor, EL_EDITOR, "emacs");
    el_set(e.editor, EL_SIGNAL, 1);
    el_set(e.editor, EL_HIST, ::history, e.history);
    el_set(e.editor, EL_ADDFN, "tide-complete", "complete a name", &Impl::complete);
    el_set(e.editor, EL_BIND, "^I", "tide-complete", nullptr);
    // While a line is edited Ctrl-C is a key; otherwise it stays the signal that it is.
    el_set(e.editor, EL_SETTY, "-d", "-isig", nullptr);
    el_set(e.editor, EL_ADDFN, "tide-cancel", "drop the line", &Impl::cancel);
    el_set(e.editor, EL_BIND, "^C", "tide-cancel", nullptr);
    el_set(e.editor, EL_BIND, "^R", "em-inc-search-prev", nullptr);
}

LineEditor::~LineEditor() {
    el_end(impl_->editor);
    history_end(impl_->history);
}

LineEditor::Line LineEditor::read(const std::string& prompt) {
    Impl& e = *impl_;
    e.prompt = prompt;
    e.cancelled = false;
    int count = 0;
    // Before the prompt is shown: an end of file typed between the two would be lost.
    el_set(e.editor, EL_PREP_TERM, 1);
    const char* text = el_gets(e.editor, &count);
    if (e.cancelled) return {Outcome::cancelled, ""};
    if (text == nullptr || count <= 0) return {Outcome::end, ""};
    std::string line(text, static_cast<size_t>(count));
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
    e.remember(line);
    return {Outcome::line, std::move(line)};
}

}  // namespace tide
