#include <fmt/format.h>
#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "app/build_id.hpp"
#include "app/commands.hpp"
#include "app/journal_replay.hpp"
#include "app/store_data.hpp"
#include "app/terminal.hpp"
#include "bindings/lua_host.hpp"
#include "ops/terminal_width.hpp"

// Runs a journal again through the same Session, and compares what it does with what was recorded.
namespace tide {
namespace {

SummaryStyle summary_style() {
    SummaryStyle style;
    style.colour = colour_allowed(STDOUT_FILENO);
    style.width = terminal_width(STDOUT_FILENO);
    return style;
}

void print_result(const JournalReplay& replay, const ReplayOptions& options, const JournalReader& reader) {
    const auto& chain = replay.session().chain();
    const auto result = replay.summary().statistics().result();
    if (options.json) {
        std::cout << nlohmann::json{{"schema_version", 1},
                                    {"journal", options.journal},
                                    {"verified", options.verify},
                                    {"complete", replay.complete()},
                                    {"events", replay.events()},
                                    {"order_messages", replay.order_messages()},
                                    {"trades", result.trades},
                                    {"net_pnl", to_string(result.net)},
                                    {"audit", {{"rows", chain.rows()}, {"head", to_hex(chain.head())}}}}
                         .dump(2)
                  << "\n";
        return;
    }
    if (!options.verify) replay.summary().print(std::cout, summary_style());
    fmt::print("{}: {} events, {} order messages, {} audit rows, head {}\n", options.verify ? "verified" : "replayed",
               replay.events(), replay.order_messages(), chain.rows(), to_hex(chain.head()));
    if (!replay.complete()) {
        fmt::print("the journal ends without an end of session (interrupted after event {})\n", reader.last_sequence());
    }
}

}  // namespace

Result<ExitCode> replay_command(const ReplayOptions& options) {
    auto reader = JournalReader::open(options.journal);
    if (!reader) return reader.error();
    if (reader->header().build_id != build_id()) {
        fmt::print(stderr, "note: {} was written by build {}, this is {}; results may differ\n", options.journal,
                   reader->header().build_id, build_id());
    }
    if (auto fit = LuaHost::self_test(); !fit) return fit.error();
    JournalReplay replay(*reader, options.verify);
    auto progress = std::make_unique<WorkProgress>("replaying");
    const auto done = replay.run(progress->report());
    progress.reset();
    if (!done) {
        Error error = done.error();
        error.message = options.journal + ": " + error.message;
        if (options.verify && error.code == ErrorCode::corrupt) error.code = ErrorCode::mismatch;
        return error;
    }
    print_result(replay, options, *reader);
    return ExitCode::done;
}

}  // namespace tide
