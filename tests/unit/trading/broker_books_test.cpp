#include "trading/broker_books.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

BrokerBooks some_books() {
    BrokerBooks books;
    books.orders.push_back(
        {OrderId(7), BrokerOrderId(3), InstrumentId(12), Side::sell, Quantity(65), Price::from_rupees(150)});
    books.trades.push_back({FillId(4), OrderId(6), BrokerOrderId(2), InstrumentId(12), Side::buy, Quantity(130),
                            Price::from_units(1'505'000), kUpdateLastPrice});
    books.positions.push_back({InstrumentId(12), Quantity(-65)});
    books.traded_value = Money::from_units(-195'650'000);
    books.newest_order = OrderId(7);
    return books;
}

TEST(BrokerBooks, what_is_written_reads_back_the_same) {
    const auto read = parse_broker_books(to_text(some_books()));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(*read, some_books());
    const auto empty = parse_broker_books("");
    ASSERT_TRUE(empty);
    EXPECT_EQ(*empty, BrokerBooks());
}

TEST(BrokerBooks, the_lines_are_for_people_too) {
    EXPECT_EQ(to_text(some_books()),
              "order order=7 broker_order=3 instrument=12 side=sell remaining=65 limit=1500000\n"
              "trade fill=4 order=6 broker_order=2 instrument=12 side=buy quantity=130 price=1505000 flags=2\n"
              "position instrument=12 net=-65\n"
              "funds traded=-195650000\n"
              "newest order=7\n");
}

TEST(BrokerBooks, a_line_that_does_not_read_is_named) {
    for (const char* bad : {"order order=7\n", "position instrument=-1 net=5\n", "position instrument=12 net=5x\n",
                            "trade fill=4 order=6 broker_order=2 instrument=12 side=hold quantity=1 price=1 flags=0\n",
                            "nothing\n", "position instrument=99999999999 net=1\n", "\n"}) {
        const auto read = parse_broker_books(std::string("newest order=1\n") + bad);
        ASSERT_FALSE(read) << bad;
        EXPECT_EQ(read.error().code, ErrorCode::corrupt);
        EXPECT_NE(read.error().message.find("line 2"), std::string::npos) << read.error().message;
    }
}

}  // namespace
}  // namespace tide
