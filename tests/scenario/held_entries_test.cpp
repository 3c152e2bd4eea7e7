// Entries that the engine holds, and legs that are entered as one, as a user meets them in whole sessions.
#include <algorithm>

#include "engine_process.hpp"

namespace tide {
namespace {

// Asks once for what `params.how` says.
constexpr const char* kWaits = R"lua(
local S = strategy {
  name = "waits", version = "1.0.0", api = 1,
  params = { how = param.choice("nothing", { "nothing", "later", "now" }) },
  needs = { symbols = { "NIFTY" }, bars = { "1m" }, chain = { strikes = 5 } },
}
local asked = false
function S.on_bar(ctx, bar)
  if asked or ctx.params.how == "nothing" or ctx.time < "10:30" then return end
  local chain = ctx:chain("NIFTY", { min_days = 4 })
  local leg = chain and chain:atm("CE")
  if not leg or not leg.last then return end
  local now = ctx.params.how == "now"
  asked = ctx:enter {
    leg = leg, lots = 1, stop_pct = 1, trigger_on = "underlying", why = ctx.params.how,
    trigger = now and bar.close + 1 or bar.close * 1.1, good_till = not now and "2026-11-20" or nil,
  } ~= nil
end
return S
)lua";

class HeldEntries : public EngineTest {
  protected:
    EngineOutput day(const std::string& date, const std::string& how) const {
        return engine("run --script " + write("waits.lua", kWaits) +
                      " --paper --speed max --json --feed synthetic:7,date=" + date + " --param how=" + how +
                      " --home " + home());
    }
    EngineOutput at_home(const std::string& command) const { return engine(command + " --home " + home()); }
    std::string kept() const { return read(folder() / "home" / "state" / "waits.entries.state"); }
};

TEST_F(HeldEntries, a_dated_entry_is_kept_at_the_end_of_a_session_and_taken_up_by_the_next) {
    ASSERT_EQ(day("2026-11-18", "later").code, 0);
    const std::string lines = kept();
    EXPECT_NE(lines.find("entry instrument="), std::string::npos) << lines;
    EXPECT_NE(lines.find("good_till=2026-11-20"), std::string::npos) << lines;

    const auto next = day("2026-11-19", "nothing");
    ASSERT_EQ(next.code, 0) << next.err;
    const auto intents = at_home("audit --kind intent");
    EXPECT_NE(intents.out.find("why=\"later\""), std::string::npos) << intents.out;
    EXPECT_NE(at_home("audit --kind parent").out.find("waiting"), std::string::npos);
    EXPECT_NE(kept().find("good_till=2026-11-20"), std::string::npos) << "it stands for one more day";
    const auto verified = engine("replay --verify " + next.json()["journal"]["path"].get<std::string>());
    EXPECT_EQ(verified.code, 0) << verified.err;

    // Its last day: it stands once more, then nothing is left for another session.
    ASSERT_EQ(day("2026-11-20", "nothing").code, 0);
    EXPECT_NE(at_home("audit --kind parent").out.find("waiting"), std::string::npos);
    EXPECT_EQ(kept().find("entry instrument="), std::string::npos) << kept();
    ASSERT_EQ(day("2026-11-23", "nothing").code, 0);
    EXPECT_EQ(at_home("audit --kind intent").out.find("why=\"later\""), std::string::npos);
}

TEST_F(HeldEntries, an_order_that_the_engine_let_go_is_traced_to_the_entry_that_it_held) {
    ASSERT_EQ(day("2026-11-18", "now").code, 0);
    const auto orders = at_home("orders --json").json()["orders"];
    ASSERT_FALSE(orders.empty());
    const auto why = at_home("audit why " + orders[0]["id"].dump());
    EXPECT_EQ(why.code, 0) << why.err;
    for (const char* link : {"  script ", "sha256 ", "  cause ", "  callback ", "  intent 1 ", "  entry 1 ",
                             "a part of entry 1", "  risk ", "  fill "})
        EXPECT_NE(why.out.find(link), std::string::npos) << link << "\n" << why.out;
    const auto entry = at_home("audit why intent:1");
    EXPECT_EQ(entry.code, 0) << entry.err;
    EXPECT_NE(entry.out.find("  order " + orders[0]["id"].dump()), std::string::npos) << entry.out;
}

TEST_F(HeldEntries, every_order_of_a_group_is_traced_to_its_group) {
    ASSERT_EQ(paper("call_spread.lua", "--json").code, 0);
    const auto orders = at_home("orders --json").json()["orders"];
    ASSERT_GE(orders.size(), 4U);
    for (const auto& order : orders) {
        const auto why = at_home("audit why " + order["id"].dump());
        EXPECT_EQ(why.code, 0) << why.err;
        for (const char* link : {"  script ", "sha256 ", "  cause ", "  callback ", "enter a group: buy ", "  risk ",
                                 "  group ", "waiting -> hedging", "  fill "})
            EXPECT_NE(why.out.find(link), std::string::npos) << link << "\n" << why.out;
        if (order["purpose"] != "exit") continue;
        for (const char* link : {"  exit ", "close group ", "whole -> unwinding"})
            EXPECT_NE(why.out.find(link), std::string::npos) << link << "\n" << why.out;
    }
}

}  // namespace
}  // namespace tide
