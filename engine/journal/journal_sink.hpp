#pragma once
#include <cstdint>
#include <string>

#include "core/result.hpp"
#include "journal/journal_format.hpp"

namespace tide {

struct JournalSeal {
    std::string sha256;  // of all bytes, in hex; empty where nothing was hashed
    uint64_t bytes = 0;
};

// Where a driver writes what it is about to do. After the first error every later call gives the same error; the driver
// stops the session.
class JournalSink {
  public:
    virtual ~JournalSink() = default;
    // An input event, before the Session handles it. Sequences go 1, 2, 3, …
    virtual Result<void> append(const Event& event) = 0;
    virtual Result<void> append_output(const JournalOutput& output) = 0;
    // Everything appended so far survives the end of this process (not of the machine).
    virtual Result<void> flush() = 0;
    // Everything appended so far is on the disk when this returns.
    virtual Result<void> sync() = 0;
    // No appends after this.
    virtual Result<JournalSeal> close() = 0;
};

// For runs that keep no journal.
class DisabledJournal final : public JournalSink {
  public:
    Result<void> append(const Event& event) override {
        (void)event;
        return {};
    }
    Result<void> append_output(const JournalOutput& output) override {
        (void)output;
        return {};
    }
    Result<void> flush() override { return {}; }
    Result<void> sync() override { return {}; }
    Result<JournalSeal> close() override { return JournalSeal{}; }
};

}  // namespace tide
