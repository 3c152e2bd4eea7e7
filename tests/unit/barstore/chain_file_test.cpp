#include "barstore/chain_file.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "barstore/line_reader.hpp"
#include "market/option_model.hpp"
#include "scratch_folder.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

using test::ScratchFolder;

constexpr double kRate = 0.065;

#define TIDE_NEEDS_DATA(path) \
    if (!std::filesystem::exists(path)) GTEST_SKIP() << "no recorded data at " << (path) << " (set TIDE_DATA)"

double median(std::vector<double> values) {
    EXPECT_FALSE(values.empty());
    if (values.empty()) return ChainQuote::kNone;
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
    return values[values.size() / 2];
}
std::vector<std::vector<std::string>> rows_of(std::istream& in) {
    std::vector<std::vector<std::string>> rows;
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> row;
        std::istringstream fields(line);
        for (std::string field; std::getline(fields, field, ',');) row.push_back(field);
        rows.push_back(std::move(row));
    }
    return rows;
}
// Columns that the engine does not read, of the rows of one moment: key "expiry strike right".
std::map<std::string, std::vector<std::string>> rows_at(const std::filesystem::path& file, const std::string& column,
                                                        const std::string& moment, size_t& first_column) {
    auto reader = LineReader::open(file);
    EXPECT_TRUE(reader);
    std::map<std::string, std::vector<std::string>> found;
    std::string_view line;
    std::vector<std::string> header;
    while (reader->next(line)) {
        std::istringstream one{std::string(line)};
        auto row = rows_of(one).front();
        if (header.empty()) {
            header = row;
            continue;
        }
        const auto at = [&](const char* name) {
            return static_cast<size_t>(std::find(header.begin(), header.end(), name) - header.begin());
        };
        if (row[at(column.c_str())] != moment) continue;
        first_column = at("iv");
        found[row[at("expiry")] + " " + row[at("strike")] + " " + row[at("right")]] = row;
    }
    return found;
}
std::string key_of(const RecordedExpiry& expiry, const ChainQuote& quote) {
    return format_date(expiry.expiry) + " " + std::to_string(static_cast<int>(quote.strike)) + " " +
           std::string(name_of(quote.right));
}
ReceiveTime moment(const char* text) { return as_receive_time(*parse_timestamp(text)); }

OptionChain valued(const RecordedExpiry& expiry, ReceiveTime at) {
    ChainTerms terms;
    terms.t_years = years_to_expiry({}, expiry.expiry, at);
    terms.rate = kRate;
    OptionChain chain;
    chain.compute(terms, expiry.quotes);
    return chain;
}

TEST(ChainFile, the_last_row_of_each_contract_up_to_a_moment_makes_the_chain) {
    ScratchFolder folder;
    const auto file = folder.path() / "NIFTY_chain_2025-08-29.csv";
    std::ofstream(file) << "ts_ist,expiry,strike,right,ltp,bid,ask,volume_lots,oi_lots\n"
                           "2025-08-28T15:29:00,2025-09-02,24500,CE,130,129,131,1,100\n"
                           "2025-08-29T09:20:00,2025-09-02,24500,PE,90,89,91,10,200\n"
                           "2025-08-29T09:20:00,2025-09-02,24500,CE,120,119,121,10,100\n"
                           "2025-08-29T09:21:00,2025-09-02,24500,CE,125,124,126,12,150\n"
                           "2025-08-29T09:22:00,2025-09-02,24500,CE,999,124,126,12,150\n"
                           "2025-08-29T09:20:00,2025-09-09,24500,CE,0,,,0,0\n"
                           "2025-08-29T09:20:00,2025-08-28,24500,CE,3,2,4,0,0\n";
    const auto chain = read_chain(file, moment("2025-08-29T09:21:30"), false);
    ASSERT_TRUE(chain) << chain.error().message;
    EXPECT_EQ(chain->underlying, "NIFTY");
    EXPECT_TRUE(chain->in_lots);
    ASSERT_EQ(chain->expiries.size(), 2U);  // the expired one is gone
    ASSERT_EQ(chain->expiries[0].quotes.size(), 2U);
    const ChainQuote& call = chain->expiries[0].quotes[0];
    EXPECT_EQ(call.right, OptionRight::call);
    EXPECT_DOUBLE_EQ(call.last, 125);
    EXPECT_DOUBLE_EQ(call.oi, 150);
    EXPECT_DOUBLE_EQ(call.first_oi, 100);
    EXPECT_DOUBLE_EQ(call.first_last, 120);  // yesterday's row is not of this day
    EXPECT_DOUBLE_EQ(call.age_s, 30);
    EXPECT_DOUBLE_EQ(chain->expiries[0].quotes[1].age_s, 90);
    EXPECT_TRUE(std::isnan(chain->expiries[1].quotes[0].last));
    EXPECT_FALSE(read_chain(file, moment("2025-08-27T09:21:30"), false));
    const auto whole = read_chain(file, std::nullopt, false);
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->at, moment("2025-08-29T09:22:00"));
}

TEST(ChainFile, a_bad_row_is_named_or_counted) {
    ScratchFolder folder;
    const auto file = folder.path() / "NIFTY_chain.csv";
    std::ofstream(file) << "ts_ist,expiry,strike,right,ltp\n"
                           "2025-08-29T09:20:00,2025-09-02,24500,CE,120\n"
                           "2025-08-29T09:20:00,2025-09-02,24500,CE,many\n";
    const auto strict = read_chain(file, std::nullopt, false);
    ASSERT_FALSE(strict);
    EXPECT_NE(strict.error().message.find(":3: ltp 'many'"), std::string::npos) << strict.error().message;
    const auto lenient = read_chain(file, std::nullopt, true);
    ASSERT_TRUE(lenient);
    EXPECT_EQ(lenient->bad_rows, 1);
}

// Every snapshot of the parity file near the hour: forwards, and sane values on every quoted row of the first expiries.
TEST(ChainFileData, the_2025_08_29_chain_has_sane_values_on_every_quoted_row_and_the_derived_forward) {
    const auto folder = data_folder() / "chain_nse_20250829";
    TIDE_NEEDS_DATA(folder);
    std::map<std::string, double> derived;
    std::ifstream parity(folder / "DERIVED_parity_forward_2025-08-29.csv");
    for (const auto& row : rows_of(parity)) {
        if (row[0] != "ts_ist") derived[row[1]] = std::stod(row[3]);
    }
    for (const char* at : {"2025-08-29T09:25:22", "2025-08-29T12:00:26"}) {
        ASSERT_TRUE(derived.contains(at)) << at;
        const auto recorded = read_chain(folder / "NIFTY_chain_2025-08-29.csv.gz", moment(at), false);
        ASSERT_TRUE(recorded) << recorded.error().message;
        for (size_t e = 0; e < 3; ++e) {
            const RecordedExpiry& expiry = recorded->expiries[e];
            const OptionChain chain = valued(expiry, recorded->at);
            const ChainFigures& figures = chain.figures();
            ASSERT_TRUE(figures.forward && figures.atm_iv && figures.pcr_oi && figures.max_pain && figures.skew);
            // The file is of the nearest expiry and says how far its own strikes lie apart: up to 4 points.
            if (e == 0) {
                EXPECT_NEAR(*figures.forward, derived[at], 3) << at;
            }
            size_t quoted = 0;
            std::vector<double> near_the_money;
            for (size_t i = 0; i < expiry.quotes.size(); ++i) {
                const ChainQuote& quote = expiry.quotes[i];
                const ChainValues& row = chain.values()[i];
                if (!(quote.bid > 0 && quote.ask >= quote.bid)) continue;
                ++quoted;
                SCOPED_TRACE(testing::Message() << at << " " << key_of(expiry, quote));
                ASSERT_FALSE(std::isnan(row.iv));
                EXPECT_GT(row.iv, 0.04);
                EXPECT_LT(row.iv, 1.0);
                const bool call = quote.right == OptionRight::call;
                EXPECT_TRUE(call ? row.greeks.delta >= 0 && row.greeks.delta <= 1
                                 : row.greeks.delta <= 0 && row.greeks.delta >= -1);
                EXPECT_GE(row.greeks.gamma, 0);
                EXPECT_GE(row.greeks.vega_pct, 0);
                if (i == 0 || expiry.quotes[i - 1].strike != quote.strike || std::isnan(chain.values()[i - 1].mid)) {
                    continue;
                }
                // Parity: call less put is the discounted forward less strike, up to the two half widths and to what
                // the market moved while the snapshot was taken (0.05 % of the index).
                const ChainQuote& its_call = expiry.quotes[i - 1];
                const double discount = std::exp(-kRate * years_to_expiry({}, expiry.expiry, recorded->at));
                const double off =
                    std::fabs(chain.values()[i - 1].mid - row.mid - discount * (*figures.forward - quote.strike));
                EXPECT_LE(off, 0.5 * (quote.ask - quote.bid + its_call.ask - its_call.bid) + 12);
                if (std::fabs(quote.strike / *figures.forward - 1) < 0.01) near_the_money.push_back(off);
            }
            EXPECT_LT(median(near_the_money), e == 0 ? 2 : 6);  // the third expiry is thinly quoted
            EXPECT_GT(quoted, 60U);
        }
    }
}

// The exchange computes its iv by Black-Scholes on the spot at 10 % interest with whole calendar days over 365. The
// spot is not in the file: it is found where calls and puts of the 60-day expiry agree at 10 % (as they must, were that
// the convention), and then the other expiries agree to a quarter of a point, and at 6.5 % calls and puts of the 32-day
// expiry do not.
TEST(ChainFileData, the_exchanges_own_iv_is_black_scholes_on_the_spot_at_ten_percent) {
    const auto file = data_folder() / "chain_nse_20250829" / "NIFTY_chain_2025-08-29.csv.gz";
    TIDE_NEEDS_DATA(file);
    const char* at = "2025-08-29T12:00:26";
    size_t iv_column = 0;
    const auto given = rows_at(file, "collected_at", at, iv_column);
    const auto recorded = read_chain(file, moment(at), false);
    ASSERT_TRUE(recorded);
    const auto errors = [&](Date date, double spot, double rate, OptionRight right) {
        std::vector<double> found;
        const auto expiry = std::find_if(recorded->expiries.begin(), recorded->expiries.end(),
                                         [&](const RecordedExpiry& one) { return one.expiry == date; });
        const double t = static_cast<double>((date - ist_date(recorded->at)).count()) / 365;
        for (const ChainQuote& quote : expiry->quotes) {
            const auto row = given.find(key_of(*expiry, quote));
            if (row == given.end() || quote.right != right || std::fabs(quote.strike / spot - 1) > 0.02) continue;
            if (!(quote.last > 3) || !(quote.volume >= 100)) continue;
            const double iv = std::stod(row->second[iv_column]) / 100;
            const auto own =
                implied_volatility({PricingModel::black_scholes, right, spot, quote.strike, t, rate}, quote.last);
            if (own && iv > 0) found.push_back(*own - iv);
        }
        return median(found);
    };
    const auto gap = [&](Date date, double spot, double rate) {
        return errors(date, spot, rate, OptionRight::call) - errors(date, spot, rate, OptionRight::put);
    };
    double low = 24'400, high = 24'750;
    for (int i = 0; i < 40; ++i) {
        const double spot = 0.5 * (low + high);
        (gap(make_date(2025, 10, 28), spot, 0.10) > 0 ? low : high) = spot;
    }
    for (const Date date : {make_date(2025, 9, 9), make_date(2025, 9, 30)}) {
        for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
            EXPECT_NEAR(errors(date, low, 0.10, right), 0, 0.0025) << format_date(date);
        }
    }
    const Date month = make_date(2025, 9, 30);
    EXPECT_LT(std::fabs(gap(month, low, 0.10)), std::fabs(gap(month, low, kRate)) / 4);
}

// The vendor's greeks are Black-Scholes on the spot at 6.5 % with whole calendar days over 365, given its own iv.
TEST(ChainFileData, the_2026_08_19_chain_has_the_greeks_of_its_columns) {
    const auto file = data_folder() / "chain_nifty_202608" / "NIFTY_chain_1m_2026-08-19.csv.gz";
    TIDE_NEEDS_DATA(file);
    const char* at = "2026-08-19T12:00:00";
    size_t iv = 0;
    const auto rows = rows_at(file, "ts_ist", at, iv);
    std::vector<double> delta, theta, vega;
    for (const auto& [key, row] : rows) {
        const auto date = parse_date(row[1]);
        const double strike = std::stod(row[2]), spot = std::stod(row[4]), sigma = std::stod(row[iv]) / 100;
        const double days = static_cast<double>((*date - make_date(2026, 8, 19)).count());
        if (days < 10 || sigma <= 0 || std::fabs(strike / spot - 1) > 0.03) continue;
        const Greeks own = option_greeks(
            {PricingModel::black_scholes, *parse_option_right(row[3]), spot, strike, days / 365, kRate}, sigma);
        delta.push_back(std::fabs(own.delta - std::stod(row[iv + 1])));
        theta.push_back(std::fabs(own.theta_day / std::stod(row[iv + 3]) - 1));
        vega.push_back(std::fabs(own.vega_pct / std::stod(row[iv + 4]) - 1));
    }
    ASSERT_GT(delta.size(), 100U);
    // The file rounds iv to 0.01 points and delta to four decimals; some rows are of a spot moments older.
    EXPECT_LT(median(delta), 0.002);
    EXPECT_LT(median(theta), 0.005);
    EXPECT_LT(median(vega), 0.002);
}

// The same chain by its last prices: the forward by parity lies above the spot by the interest, and volatilities of
// both sides average to the vendor's.
TEST(ChainFileData, the_2026_08_19_chain_is_valued_from_last_prices) {
    const auto file = data_folder() / "chain_nifty_202608" / "NIFTY_chain_1m_2026-08-19.csv.gz";
    TIDE_NEEDS_DATA(file);
    size_t iv = 0;
    const auto rows = rows_at(file, "ts_ist", "2026-08-19T12:00:00", iv);
    const auto recorded = read_chain(file, moment("2026-08-19T12:00:00"), false);
    ASSERT_TRUE(recorded) << recorded.error().message;
    for (const RecordedExpiry& expiry : recorded->expiries) {
        if (format_date(expiry.expiry) > "2026-09-01") break;
        const OptionChain chain = valued(expiry, recorded->at);
        ASSERT_TRUE(chain.figures().forward && chain.figures().atm_iv);
        const double spot = std::stod(rows.begin()->second[4]);
        EXPECT_NEAR(*chain.figures().forward / spot - 1, 0.065 * years_to_expiry({}, expiry.expiry, recorded->at),
                    0.002);
        std::vector<double> both;
        for (size_t i = 0; i < expiry.quotes.size(); ++i) {
            const auto row = rows.find(key_of(expiry, expiry.quotes[i]));
            if (row == rows.end() || std::fabs(expiry.quotes[i].strike / spot - 1) > 0.02) continue;
            const double vendors = std::stod(row->second[iv]) / 100;
            if (vendors > 0 && !std::isnan(chain.values()[i].iv)) both.push_back(chain.values()[i].iv - vendors);
        }
        EXPECT_NEAR(median(both), 0, 0.004) << format_date(expiry.expiry);
    }
}

}  // namespace
}  // namespace tide
