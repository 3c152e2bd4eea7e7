#include "engine_process.hpp"

// The store as a user has it: audited, exported, reported on, backed up, lost and restored.
namespace tide {
namespace {

class Store : public EngineTest {
  protected:
    void SetUp() override {
        EngineTest::SetUp();
        ASSERT_EQ(paper("adx_trend.lua", "--json").code, 0);
    }
    EngineOutput at_home(const std::string& command) const { return engine(command + " --home " + home()); }
};

TEST_F(Store, every_order_is_traced_to_the_event_and_the_script_that_caused_it) {
    const auto orders = at_home("orders --json").json()["orders"];
    ASSERT_FALSE(orders.empty());
    for (const auto& order : orders) {
        const auto why = at_home("audit why " + order["id"].dump());
        EXPECT_EQ(why.code, 0) << why.err;
        for (const char* link : {"  script ", "sha256 ", "  cause ", "  callback ", "  intent ", "  risk ", "  fill "})
            EXPECT_NE(why.out.find(link), std::string::npos) << link << "\n" << why.out;
    }
    EXPECT_EQ(at_home("audit why 999").code, 2);
    EXPECT_EQ(at_home("audit why soon").code, 2);
}

TEST_F(Store, the_export_has_every_row_and_a_wrong_kind_lists_the_kinds) {
    const auto verdict = at_home("audit verify --json").json();
    const auto rows = at_home("audit export --json").json()["rows"];
    EXPECT_EQ(rows.size(), verdict["sessions"][0]["rows"]);
    EXPECT_EQ(rows.back()["hash"], verdict["sessions"][0]["head"]);
    const auto csv = at_home("audit export --csv --kind fill");
    EXPECT_EQ(csv.out.rfind("session,row,event,time,kind,text,hash\n", 0), 0U);
    for (const char* command : {"audit --kind fills", "audit export --csv --kind fills"}) {
        const auto wrong = at_home(command);
        EXPECT_EQ(wrong.code, 2) << command;
        EXPECT_NE(wrong.error_line().find("session, day, script, intent, risk, order, fill"), std::string::npos);
        EXPECT_TRUE(wrong.out.empty()) << wrong.out;
    }
    EXPECT_EQ(at_home("audit export").code, 2);
    EXPECT_EQ(at_home("trades --from yesterday").code, 2);
}

TEST_F(Store, profit_by_day_is_what_the_trades_say_and_the_tax_report_adds_up) {
    const auto trades = at_home("trades --json").json()["total"];
    const auto pnl = at_home("pnl --json").json()["total"];
    EXPECT_EQ(pnl["realised"], trades["gross"]);
    EXPECT_EQ(pnl["charges"], trades["charges"]);
    EXPECT_EQ(pnl["net"], trades["net"]);
    EXPECT_EQ(pnl["marked_net"], trades["net"]);  // all is closed at the day's end
    const auto tax = at_home("tax-report --fy 2026-27 --json").json();
    EXPECT_EQ(tax["profit"], trades["gross"]);
    EXPECT_EQ(tax["charges"]["total"], trades["charges"]);
    EXPECT_EQ(tax["paper"], true);
    EXPECT_EQ(at_home("tax-report --fy 2026").code, 2);
    EXPECT_EQ(at_home("pnl --by hour").code, 2);
}

TEST_F(Store, a_lost_store_comes_back_from_its_backup_and_the_journals) {
    ASSERT_EQ(at_home("backup --now").code, 0);
    const std::string backup = at_home("backup --json").json()["backups"][0]["file"];
    ASSERT_EQ(paper("adx_trend.lua", "--json").code, 0);
    EXPECT_EQ(at_home("restore " + backup).code, 2);  // only checked
    std::filesystem::remove(home() + "/ledger.db");
    const auto restored = at_home("restore " + backup + " --confirm --json").json();
    EXPECT_EQ(restored["sessions"], 1);
    EXPECT_EQ(restored["to_recover"].size(), 1U);
    EXPECT_EQ(at_home("audit verify").code, 1);  // a session is missing, and the anchors know
    EXPECT_EQ(at_home("recover").code, 1);       // it was restored from its journal
    EXPECT_EQ(at_home("audit verify").code, 0);
    EXPECT_EQ(at_home("sessions --json").json()["sessions"].size(), 2U);
    write("home/backups/broken.db", "x");
    EXPECT_EQ(at_home("restore " + home() + "/backups/broken.db --confirm").code, 2);
}

TEST_F(Store, charges_of_a_round_trip_are_shown_head_by_head) {
    const auto shown =
        engine("charges --buy 100 --sell 110 --quantity 65 --date 2026-11-20 --broker dhan --json").json();
    EXPECT_EQ(shown["legs"][1]["stt"], "11.00");
    EXPECT_EQ(shown["legs"][0]["stamp"], "0.00");
    EXPECT_EQ(shown["total"], "63.95");
    EXPECT_EQ(engine("charges --buy 100 --quantity 65 --date 2012-01-02").code, 2);
    EXPECT_EQ(engine("charges --quantity 65 --date 2026-11-20").code, 2);
}

}  // namespace
}  // namespace tide
