#pragma once
#include "trading/records.hpp"

namespace tide {

// Where the Session's records go: a ledger, a screen, a verifier, or several of them. Called in order, on the Session's
// thread; must not block and must not throw.
class Recorder {
  public:
    virtual ~Recorder() = default;
    virtual void record(const Record& record) = 0;
};

}  // namespace tide
