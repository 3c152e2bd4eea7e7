#pragma once
#include <vector>

#include "trading/recorder.hpp"

namespace tide {

// Hands every record to each of several recorders, in the order they were added. Does not own them.
class RecorderFanOut final : public Recorder {
  public:
    void add(Recorder& recorder) { recorders_.push_back(&recorder); }
    void record(const Record& record) override {
        for (Recorder* recorder : recorders_) recorder->record(record);
    }

  private:
    std::vector<Recorder*> recorders_;
};

}  // namespace tide
