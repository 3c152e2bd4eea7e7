#include "trading/records.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "trading_fixture.hpp"

namespace tide {
namespace {

using namespace tide::testing;

TEST(Records, every_kind_has_its_name_and_its_line_begins_with_it) {
    const std::vector<RecordBody> bodies{SessionRecord{},   DayRecord{make_date(2026, 8, 3), "open", ""},
                                         ScriptRecord{},    IntentRecord{},
                                         RiskRecord{},      OrderRecord{},
                                         FillRecord{},      PositionRecord{},
                                         TradeRecord{},     ExitRecord{},
                                         SkipRecord{},      HaltRecord{},
                                         CommandRecord{},   CategoryRecord{},
                                         NoteRecord{},      EquityRecord{},
                                         QualityRecord{},   PlotRecord{},
                                         ReconcileRecord{}, ParentRecord{},
                                         GroupRecord{}};
    const std::vector<std::string> kinds{"session",  "day",    "script",  "intent", "risk",      "order",   "fill",
                                         "position", "trade",  "exit",    "skip",   "halt",      "command", "state",
                                         "note",     "equity", "quality", "plot",   "reconcile", "parent",  "group"};
    ASSERT_EQ(bodies.size(), std::variant_size_v<RecordBody>);
    for (size_t i = 0; i < bodies.size(); ++i) {
        EXPECT_EQ(kind_of(bodies[i]), kinds[i]);
        EXPECT_TRUE(canonical_text(bodies[i]).starts_with(kinds[i] + " ")) << canonical_text(bodies[i]);
    }
}

TEST(Records, a_risk_decision_reads_as_one_line_with_quoted_texts) {
    RiskRecord record;
    record.intent = IntentId(7);
    record.strategy = StrategyId(1);
    record.instrument = "NIFTY 2026-08-25 24500 CE";
    record.code = "max_lots";
    record.values = "lots=120 max_lots=100";
    record.text = "a \"large\" order\nof \\ lots\x01";
    EXPECT_EQ(canonical_text(record),
              "risk intent=7 order=0 strategy=1 instrument=\"NIFTY 2026-08-25 24500 CE\" passed=0 code=max_lots "
              "values=\"lots=120 max_lots=100\" text=\"a \\\"large\\\" order\\nof \\\\ lots\\x01\"");
}

TEST(Records, money_and_prices_are_exact_decimals_and_absent_values_are_left_out) {
    FillRecord record;
    record.fill.id = FillId(3);
    record.fill.quantity = Quantity(65);
    record.fill.price = rupees(101.05);
    record.fill.charges = Money::from_units(-12'345);
    record.underlying = rupees(24'500.25);
    const std::string text = canonical_text(record);
    EXPECT_NE(text.find(" price=101.0500 "), std::string::npos) << text;
    EXPECT_NE(text.find(" charges=-1.2345 "), std::string::npos) << text;
    EXPECT_NE(text.find(" underlying=24500.2500 "), std::string::npos) << text;
    EXPECT_EQ(text.find(" bid="), std::string::npos) << text;
}

// Two bodies that differ in one material field must not have one line.
TEST(Records, a_changed_field_changes_the_line) {
    OrderRecord order;
    order.order.id = OrderId(1);
    const std::string first = canonical_text(order);
    const std::vector<std::function<void(OrderRecord&)>> changes{
        [](OrderRecord& r) { r.order.limit = rupees(1); },
        [](OrderRecord& r) { r.order.quantity = Quantity(1); },
        [](OrderRecord& r) { r.order.filled = Quantity(1); },
        [](OrderRecord& r) { r.order.state = OrderState::open; },
        [](OrderRecord& r) { r.from = OrderState::open; },
        [](OrderRecord& r) { r.order.side = Side::sell; },
        [](OrderRecord& r) { r.order.client_id = "x"; },
        [](OrderRecord& r) { r.order.state_reason = "x"; },
        [](OrderRecord& r) { r.order.broker_order = BrokerOrderId(1); },
        [](OrderRecord& r) { r.detail = "x"; },
        [](OrderRecord& r) { r.instrument = "x"; },
        [](OrderRecord& r) { r.order.purpose = OrderPurpose::exit; },
        [](OrderRecord& r) { r.order.intent = IntentId(1); },
        [](OrderRecord& r) { r.order.why = "x"; }};
    for (const auto& change : changes) {
        OrderRecord other = order;
        change(other);
        EXPECT_NE(canonical_text(other), first);
    }
}

// hash(n) = sha256(hash(n-1) || row || time || text), written out by hand from the bytes.
TEST(AuditChain, a_rows_hash_is_the_digest_of_the_documented_bytes) {
    AuditChain chain;
    Record record;
    record.time = ReceiveTime(Duration(0x0102030405060708LL));
    record.body = NoteRecord{"info", "engine", "hello"};
    chain.link(record);
    EXPECT_EQ(record.row, 1U);
    EXPECT_EQ(record.text, "note level=info source=\"engine\" text=\"hello\"");
    std::string bytes(32, '\0');
    bytes += std::string("\x01\x00\x00\x00\x00\x00\x00\x00", 8) + std::string("\x08\x07\x06\x05\x04\x03\x02\x01", 8) +
             record.text;
    EXPECT_EQ(to_hex(record.hash), to_hex(sha256(bytes)));

    Record second;
    second.time = record.time;
    second.body = HaltRecord{"kill_switch", true, "", ""};
    chain.link(second);
    EXPECT_EQ(second.hash, AuditChain::hash_of(record.hash, 2, second.time, second.text));
    EXPECT_EQ(chain.head(), second.hash);
    EXPECT_EQ(chain.rows(), 2U);
}

}  // namespace
}  // namespace tide
