#pragma once
#include <atomic>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "app/journal_replay.hpp"
#include "app/paths.hpp"
#include "bindings/repl_evaluator.hpp"
#include "ledger/ledger.hpp"
#include "ledger/ledger_reader.hpp"
#include "ops/control_protocol.hpp"
#include "ops/store_view.hpp"

// The two places that the REPL's views come from, a running engine and a journal, under one roof: what a view is made
// of is the same for both.
namespace tide {

// A JSON document as a value of the REPL; amounts of money (decimal strings there) become numbers. `schema_version` is
// left out. Errors: input.
Result<ReplValue> repl_value_of_json(std::string_view json);

class ViewSource : public ReplSource {
  public:
    Result<ReplValue> ask(std::string_view view, std::string_view argument) final;
    // Once set, every view is refused until it is cleared: somebody pressed Ctrl-C.
    void interrupt_by(const std::atomic<bool>& flag) { interrupted_ = &flag; }

  private:
    // JSON documents of ops/control_snapshot.hpp and ops/session_view.hpp.
    virtual Result<std::string> control_view(ControlView view, const std::string& argument) = 0;
    // The store of the session; valid until the next call.
    virtual Result<const LedgerReader*> store() = 0;
    Result<std::string> document(std::string_view view, const std::string& argument);
    Result<StoreViewContext> context();

    const std::atomic<bool>* interrupted_ = nullptr;
};

// Asks the engine that runs in a home folder, over its control socket, and its store. Connects for each view, so that
// it outlives an engine that goes and comes back.
class LiveSource final : public ViewSource {
  public:
    explicit LiveSource(Paths paths) : paths_(std::move(paths)) {}

  private:
    Result<std::string> control_view(ControlView view, const std::string& argument) override;
    Result<const LedgerReader*> store() override;

    Paths paths_;
    std::optional<LedgerReader> ledger_;
};

// A journal, replayed up to a moment; its records are in a store of its own that goes with it.
class JournalSource final : public ViewSource {
  public:
    // `moment`: "11:05" (the journal must hold one day), "2024-01-25T11:05:00", or empty: the journal's end. Errors:
    // those of the journal, usage, script (LuaJIT is not fit).
    static Result<std::unique_ptr<JournalSource>> open(const std::string& journal, const std::string& moment);
    ~JournalSource() override;
    const Session& session() const { return replay_->session(); }
    const std::string& session_id() const { return session_id_; }

  private:
    JournalSource() = default;
    Result<void> replay(const std::string& journal, ReceiveTime until);
    Result<std::string> control_view(ControlView view, const std::string& argument) override;
    Result<const LedgerReader*> store() override;

    std::string journal_, session_id_;
    std::filesystem::path folder_;  // of the store
    std::optional<JournalReader> reader_;
    std::unique_ptr<Ledger> records_;  // hears the replay
    std::unique_ptr<JournalReplay> replay_;
    std::optional<LedgerReader> ledger_;
};

}  // namespace tide
