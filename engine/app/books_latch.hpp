#pragma once
#include <string>

#include "app/paths.hpp"
#include "trading/recorder.hpp"

namespace tide {

// That the broker's books differ from ours outlives the session: the file BOOKS_DIFFER in the home folder is there as
// long as no operator has acknowledged it.
class BooksLatch final : public Recorder {
  public:
    // `paths` may be filled in later, before the first record.
    explicit BooksLatch(const Paths& paths) : paths_(paths) {}
    void record(const Record& record) override;
    // Errors: halted, while it is latched.
    static Result<void> check(const Paths& paths);
    // An operator has looked. False: it was not latched. Errors: io.
    static Result<bool> acknowledge(const Paths& paths);

  private:
    const Paths& paths_;
};

}  // namespace tide
