#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <iostream>

#include "app/commands.hpp"
#include "app/repl_line_editor.hpp"
#include "app/repl_printer.hpp"
#include "app/repl_source.hpp"
#include "app/terminal.hpp"
#include "bindings/lua_host.hpp"
#include "ops/terminal_width.hpp"
#include "ops/text_table.hpp"

// Lua over a read-only view of a session, running or recorded (docs/decisions/repl.md).
namespace tide {
namespace {

constexpr const char* kPrompt = "tide> ";
constexpr const char* kMorePrompt = "  ... ";

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);
void note_interrupt(int) { interrupted = true; }

// While it lives, Ctrl-C ends the chunk that runs instead of the program.
class InterruptsAreNoted {
  public:
    InterruptsAreNoted() {
        struct sigaction action {};
        action.sa_handler = note_interrupt;
        ::sigaction(SIGINT, &action, &before_);
    }
    ~InterruptsAreNoted() { ::sigaction(SIGINT, &before_, nullptr); }
    InterruptsAreNoted(const InterruptsAreNoted&) = delete;
    InterruptsAreNoted& operator=(const InterruptsAreNoted&) = delete;

  private:
    struct sigaction before_ {};
};

ReplStyle style_of_output() { return {colour_allowed(STDOUT_FILENO), terminal_width(STDOUT_FILENO)}; }

ExitCode exit_code_of(const ReplAnswer& answer) {
    if (answer.error.empty()) return ExitCode::done;
    return answer.source_error == ErrorCode::unreachable ? ExitCode::unreachable : ExitCode::does_not_hold;
}

void say_error(const std::string& text) { fmt::print(stderr, "engine: repl: {}\n", printable(text)); }

Result<ExitCode> evaluate_once(ReplEvaluator& evaluator, const ReplOptions& options) {
    const ReplAnswer answer = evaluator.evaluate(options.code);
    if (!options.json) std::cout << answer_text(answer, style_of_output());
    if (options.json && answer.error.empty()) std::cout << answer_json(answer);
    std::cout.flush();
    if (!answer.error.empty()) say_error(answer.error);
    if (!std::cout) {
        return make_error(ErrorCode::io, "the output could not be written (disk full, or the reader is gone)");
    }
    return exit_code_of(answer);
}

// Chunks from a pipe or a file; the first error decides the exit code, the rest is run all the same.
Result<ExitCode> evaluate_input(ReplEvaluator& evaluator) {
    ExitCode code = ExitCode::done;
    std::string chunk, line;
    const auto run = [&] {
        const ReplAnswer answer = evaluator.evaluate(chunk);
        std::cout << answer_text(answer, style_of_output()) << std::flush;
        if (!answer.error.empty()) say_error(answer.error);
        if (code == ExitCode::done) code = exit_code_of(answer);
        chunk.clear();
    };
    while (std::getline(std::cin, line)) {
        chunk += chunk.empty() ? line : "\n" + line;
        if (chunk.find_first_not_of(" \t\r\n") == std::string::npos) chunk.clear();
        if (!chunk.empty() && (chunk.size() > ReplEvaluator::kSourceBytesMax || !evaluator.is_incomplete(chunk))) run();
    }
    if (!chunk.empty()) run();
    return code;
}

// Reads a chunk over as many lines as it takes; none at the end.
LineEditor::Line read_chunk(LineEditor& editor, ReplEvaluator& evaluator) {
    std::string chunk;
    for (;;) {
        auto line = editor.read(chunk.empty() ? kPrompt : kMorePrompt);
        if (line.outcome != LineEditor::Outcome::line) return line;
        chunk += chunk.empty() ? line.text : "\n" + line.text;
        const bool too_long = chunk.size() > ReplEvaluator::kSourceBytesMax;
        if (too_long || !evaluator.is_incomplete(chunk)) return {LineEditor::Outcome::line, std::move(chunk)};
    }
}

Result<ExitCode> converse(ReplEvaluator& evaluator, const Paths& paths, const std::string& greeting) {
    LineEditor editor(paths.home / "repl_history", [&](std::string_view line) { return evaluator.complete(line); });
    fmt::print("{}\nhelp() lists the views; Tab completes, Ctrl-C drops a line, Ctrl-D leaves.\n", greeting);
    for (;;) {
        const auto chunk = read_chunk(editor, evaluator);
        if (chunk.outcome == LineEditor::Outcome::end) break;
        if (chunk.outcome == LineEditor::Outcome::cancelled) {
            fmt::print("^C\n");
            continue;
        }
        if (chunk.text.find_first_not_of(" \t") == std::string::npos) continue;
        interrupted = false;
        const ReplAnswer answer = evaluator.evaluate(chunk.text);
        const ReplStyle style = style_of_output();
        std::cout << answer_text(answer, style);
        if (!answer.error.empty()) std::cout << in_tone(printable(answer.error), Tone::bad, style.colour) << "\n";
        std::cout.flush();
    }
    fmt::print("\n");
    return ExitCode::done;
}

std::string text_of(const ReplValue& record, const char* name) {
    const ReplValue* found = record.find(name);
    return found == nullptr ? "" : found->text;
}

// Which session this is, in a line; shows as well that it can be reached.
Result<std::string> greeting_of(ReplSource& source) {
    const auto status = source.ask("status", "");
    if (!status) return status.error();
    return fmt::format("session {} ({}, {}): {} at {}, phase {}", text_of(*status, "session"), text_of(*status, "mode"),
                       text_of(*status, "feed"), text_of(*status, "state"), text_of(*status, "time"),
                       text_of(*status, "phase"));
}

}  // namespace

Result<ExitCode> repl_command(const ReplOptions& options) {
    if (!options.moment.empty() && options.journal.empty()) {
        return make_error(ErrorCode::usage, "--at needs --journal: a running engine shows what is now");
    }
    if (options.json && !options.evaluates) return make_error(ErrorCode::usage, "--json needs --eval CODE");
    auto paths = find_paths(options.home);
    if (!paths) return paths.error();
    std::unique_ptr<ViewSource> source;
    if (options.journal.empty()) {
        if (auto fit = LuaHost::self_test(); !fit) return fit.error();
        source = std::make_unique<LiveSource>(*paths);
    } else {
        auto opened = JournalSource::open(options.journal, options.moment);
        if (!opened) return opened.error();
        source = std::move(*opened);
    }
    const auto greeting = greeting_of(*source);
    if (!greeting) return greeting.error();
    const InterruptsAreNoted noted;
    source->interrupt_by(interrupted);
    ReplEvaluator evaluator(*source);
    if (options.evaluates) return evaluate_once(evaluator, options);
    if (!is_terminal(STDIN_FILENO) || !is_terminal(STDOUT_FILENO)) return evaluate_input(evaluator);
    return converse(evaluator, *paths, *greeting);
}

}  // namespace tide
