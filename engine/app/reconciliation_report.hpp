#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "trading/recorder.hpp"

namespace tide {

// Each comparison with the broker's books that has ended, in reconciliations/<session>.json: the newest one, whole.
class ReconciliationReport final : public Recorder {
  public:
    ReconciliationReport(std::filesystem::path folder, std::string session)
        : folder_(std::move(folder)), session_(std::move(session)) {}
    void record(const Record& record) override;

  private:
    void write(ReceiveTime time, const ReconcileRecord& whole) const;
    std::filesystem::path folder_;
    std::string session_;
    std::vector<ReconcileRecord> rows_;
};

}  // namespace tide
