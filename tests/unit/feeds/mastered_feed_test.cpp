#include "feeds/mastered_feed.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

// Announces its instruments on 22 December 2025, then ends.
class AnnouncingFeed final : public Feed {
  public:
    explicit AnnouncingFeed(std::vector<Instrument> instruments) : instruments_(std::move(instruments)) {}
    Result<bool> next(Event& event) override {
        if (next_ == instruments_.size()) return false;
        event = {};
        event.received = at(make_date(2025, 12, 22), hours(9));
        event.payload = InstrumentEvent{instruments_[next_++]};
        return true;
    }
    void want_bar_path(bool wanted) override { path_wanted = wanted; }
    std::string describe() const override { return "announcing"; }
    bool path_wanted = false;

  private:
    std::vector<Instrument> instruments_;
    size_t next_ = 0;
};

Instrument index() {
    Instrument nifty;
    nifty.id = InstrumentId(1);
    nifty.symbol = "NIFTY";
    return nifty;
}
Instrument call(uint32_t id, int64_t strike) {
    Instrument option;
    option.id = InstrumentId(id);
    option.symbol = "a name of ours";
    option.kind = InstrumentKind::option;
    option.right = OptionRight::call;
    option.underlying = InstrumentId(1);
    option.expiry = make_date(2026, 1, 6);
    option.strike = Price::from_rupees(strike);
    option.lot = Quantity(75);
    option.freeze = Quantity(1800);
    return option;
}

TEST(MasteredFeed, contracts_that_the_master_lists_have_its_terms) {
    ListedContract listed;
    listed.key = contract_key(call(2, 26000), "NIFTY");
    listed.lot = Quantity(65);
    const ContractMaster master = ContractMaster::build({listed});
    AnnouncingFeed plain({index(), call(2, 26000), call(3, 26050)});
    MasteredFeed feed(plain, master, "master.csv");
    std::vector<Instrument> seen;
    for (Event event; feed.next(event).value();) seen.push_back(std::get<InstrumentEvent>(event.payload).instrument);
    ASSERT_EQ(seen.size(), 3U);
    EXPECT_EQ(seen[0].lot, Quantity(1));
    EXPECT_EQ(seen[1].lot, Quantity(65));
    EXPECT_EQ(seen[1].freeze, Quantity(1800));  // the master does not say
    EXPECT_EQ(seen[2].lot, Quantity(75));
    EXPECT_EQ(feed.notes(),
              (std::vector<std::string>{
                  "NIFTY 2026-01-06: lot 65 instead of 75 (1 contracts, from master.csv)",
                  "master.csv: 1 of 2 contracts of this session are in it; the others keep the dated rules"}));
    feed.want_bar_path(true);
    EXPECT_TRUE(plain.path_wanted);
}

}  // namespace
}  // namespace tide
