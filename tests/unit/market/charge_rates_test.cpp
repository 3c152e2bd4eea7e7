#include "market/charge_rates.hpp"
#include "support/paths.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace tide {
namespace {

const std::vector<ChargeRateRow>& shipped() {
    static const auto rates = load_charge_rates(source_dir() / "config" / "charges").value();
    return rates;
}
// The one row in force, or nullptr.
const ChargeRateRow* row(std::string_view exchange, std::string_view item, Date date,
                         InstrumentKind kind = InstrumentKind::option) {
    const ChargeRateRow* found = nullptr;
    for (const auto& rate : shipped()) {
        if (rate.exchange == exchange && rate.item == item && rate.kind == kind && rate.side != "exercise" &&
            rate.from <= date && date <= rate.to) {
            EXPECT_EQ(found, nullptr) << item << ' ' << format_date(date);
            found = &rate;
        }
    }
    return found;
}
Date d(int year, unsigned month, unsigned day) { return make_date(year, month, day); }

// Finance Acts 2023, 2024, 2026: 0.05, 0.0625, 0.10, 0.15 % of the premium sold.
TEST(ChargeRates, securities_tax_on_options_by_date) {
    EXPECT_EQ(row("NSE", "stt", d(2023, 3, 31))->rate_e8, 50'000);
    EXPECT_EQ(row("NSE", "stt", d(2023, 4, 1))->rate_e8, 62'500);
    EXPECT_EQ(row("NSE", "stt", d(2024, 10, 1))->rate_e8, 100'000);
    EXPECT_EQ(row("NSE", "stt", d(2026, 3, 31))->rate_e8, 100'000);
    EXPECT_EQ(row("BSE", "stt", d(2026, 4, 1))->rate_e8, 150'000);
    EXPECT_EQ(row("NSE", "stt", d(2026, 4, 1))->side, "sell");
    EXPECT_EQ(row("NSE", "stt", d(2026, 4, 1))->rounding, "rupee");
    EXPECT_EQ(row("NSE", "stt", d(2026, 4, 1), InstrumentKind::future)->rate_e8, 50'000);
}

// NSE: Rs 35.03 a lakh from October 2024, Rs 3552 a crore from March 2026; with IPFT the sum stays 0.03553 %.
TEST(ChargeRates, exchange_charge_and_protection_fund_keep_their_sum_in_march_2026) {
    const auto sum = [](Date date) {
        return row("NSE", "exchange", date)->rate_e8 + row("NSE", "ipft", date)->rate_e8;
    };
    EXPECT_EQ(row("NSE", "exchange", d(2026, 2, 28))->rate_e8, 35'030);
    EXPECT_EQ(row("NSE", "exchange", d(2026, 3, 1))->rate_e8, 35'520);
    EXPECT_EQ(sum(d(2026, 2, 28)), 35'530);
    EXPECT_EQ(sum(d(2026, 3, 1)), 35'530);
    EXPECT_EQ(row("NSE", "exchange", d(2023, 7, 3))->rate_e8, 50'000);
    EXPECT_EQ(row("BSE", "exchange", d(2026, 11, 20))->rate_e8, 32'500);
}

TEST(ChargeRates, brokerage_is_twenty_rupees_an_order_and_stamp_duty_is_on_purchases) {
    EXPECT_EQ(row("NSE", "brokerage", d(2026, 11, 20))->flat, Money::from_rupees(20));
    EXPECT_EQ(row("NSE", "brokerage", d(2026, 11, 20))->rate_e8, 0);
    EXPECT_EQ(row("NSE", "stamp", d(2026, 11, 20))->side, "buy");
    EXPECT_EQ(row("NSE", "stamp", d(2026, 11, 20))->rate_e8, 3'000);
    EXPECT_EQ(row("NSE", "sebi", d(2026, 11, 20))->rate_e8, 100);
    EXPECT_EQ(row("NSE", "sebi", d(2020, 7, 1))->rate_e8, 50);
}

TEST(ChargeRates, goods_and_services_tax_has_a_dated_base) {
    EXPECT_EQ(row("NSE", "gst", d(2022, 7, 17))->base, "brokerage+exchange");
    EXPECT_EQ(row("NSE", "gst", d(2023, 7, 3))->base, "brokerage+exchange+sebi");
    EXPECT_EQ(row("NSE", "gst", d(2026, 11, 20))->base, "brokerage+exchange+sebi+ipft");
    EXPECT_EQ(row("NSE", "gst", d(2026, 11, 20))->rate_e8, 18'000'000);
}

// BSE charged slabs by monthly turnover from November 2023 to September 2024: no rate can be given.
TEST(ChargeRates, dates_without_a_known_rate_have_no_row) {
    EXPECT_EQ(row("BSE", "exchange", d(2024, 3, 1)), nullptr);
    EXPECT_EQ(row("NSE", "exchange", d(2019, 3, 1)), nullptr);
    EXPECT_NE(row("BSE", "exchange", d(2023, 8, 1)), nullptr);
}

TEST(ChargeRates, every_day_from_2021_has_every_charge_for_nse_options_futures_and_equity) {
    for (const auto kind : {InstrumentKind::option, InstrumentKind::future, InstrumentKind::equity}) {
        for (Date date = d(2021, 1, 1); date <= d(2026, 12, 31); date += std::chrono::days(1)) {
            for (const auto item : {"brokerage", "stt", "exchange", "ipft", "sebi", "stamp", "gst"}) {
                ASSERT_NE(row("NSE", item, date, kind), nullptr) << item << ' ' << format_date(date);
            }
        }
    }
}

TEST(ChargeRates, a_row_becomes_an_event) {
    const ChargeRateEvent event = row("NSE", "gst", d(2026, 11, 20))->event();
    EXPECT_EQ(event.item, "gst");
    EXPECT_EQ(event.exchange, "NSE");
    EXPECT_EQ(event.base, "brokerage+exchange+sebi+ipft");
    EXPECT_EQ(event.from, d(2024, 10, 1));
    EXPECT_EQ(event.kind, InstrumentKind::option);
}

class ChargeFile : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = std::filesystem::path(testing::TempDir()) / ("tide_charges_test_" + std::to_string(getpid()));
        std::filesystem::create_directories(folder_);
    }
    void TearDown() override { std::filesystem::remove_all(folder_); }
    std::string error_for(const std::string& item, const std::string& amount, const std::string& more = "") {
        std::ofstream(folder_ / "x.toml") << "exchange = \"X\"\n[[rate]]\nitem = \"" << item
                                          << "\"\nkind = \"option\"\nside = \"both\"\nrounding = \"none\"\n"
                                          << "from = 2024-01-01\nsource = \"s\"\n"
                                          << amount << "\n"
                                          << more;
        const auto loaded = load_charge_rates(folder_);
        return loaded ? "" : loaded.error().message;
    }
    std::filesystem::path folder_;
};

TEST_F(ChargeFile, mistakes_are_refused_with_file_line_and_key) {
    EXPECT_EQ(error_for("stt", "percent = \"0.1\""), "");
    EXPECT_NE(error_for("stx", "percent = \"0.1\"").find("x.toml:3: item 'stx' is not a charge"), std::string::npos);
    EXPECT_NE(error_for("stt", "percent = \"0.1234567\"").find("percent is not a decimal"), std::string::npos);
    EXPECT_NE(error_for("stt", "").find("percent is missing"), std::string::npos);
    EXPECT_NE(error_for("gst", "percent = \"18\"").find("base is not"), std::string::npos);
    EXPECT_NE(error_for("stt", "percent = \"0.1\"\ncolour = 1").find("colour is not a known key"), std::string::npos);
    EXPECT_NE(error_for("stt", "percent = \"0.1\"",
                        "[[rate]]\nitem = \"stt\"\nkind = \"option\"\nside = \"sell\"\nrounding = \"none\"\n"
                        "from = 2025-01-01\nsource = \"s\"\npercent = \"0.2\"\n")
                  .find("overlaps another row of stt"),
              std::string::npos);
}

}  // namespace
}  // namespace tide
