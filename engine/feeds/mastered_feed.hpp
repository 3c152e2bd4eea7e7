#pragma once
#include <map>
#include <string>
#include <vector>

#include "feeds/feed.hpp"
#include "market/contract_master.hpp"

namespace tide {

// Any feed with the terms of a broker's contract master: the lot, tick and freeze quantity of each announced contract
// that the master lists are the master's. Everything else passes through.
class MasteredFeed final : public Feed {
  public:
    // Both must outlive it. `name`: of the master's file, for notes.
    MasteredFeed(Feed& feed, const ContractMaster& master, std::string name);
    Result<bool> next(Event& event) override;
    void want_bar_path(bool wanted) override { feed_.want_bar_path(wanted); }
    void want_contracts(std::span<const InstrumentId> contracts) override { feed_.want_contracts(contracts); }
    double share_given() const override { return feed_.share_given(); }
    std::string describe() const override;
    // What the master replaced, one line a kind of change with how many contracts; and how many it does not list.
    std::vector<std::string> notes() const;

  private:
    void apply(Instrument& instrument, Date on);
    Feed& feed_;
    const ContractMaster& master_;
    std::string name_;
    std::vector<std::string> symbols_;  // by instrument id - 1
    std::map<std::string, int64_t> replaced_;
    int64_t listed_ = 0, missing_ = 0;
};

}  // namespace tide
