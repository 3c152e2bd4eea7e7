#include "market/strike_window.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <deque>
#include <set>

namespace tide {
namespace {

const Date kToday = make_date(2026, 11, 18);
const Date kWeekly = make_date(2026, 12, 1);
Price points(double value) { return Price::from_double(value); }
std::vector<Price> ladder(std::initializer_list<int64_t> strikes) {
    std::vector<Price> out;
    for (const int64_t strike : strikes) out.push_back(Price::from_rupees(strike));
    return out;
}

// Calls and puts of an underlying; ids in order of making.
class Listing {
  public:
    void add(Date expiry, int64_t low, int64_t high, int64_t step) {
        for (int64_t strike = low; strike <= high; strike += step) {
            for (const OptionRight right : {OptionRight::call, OptionRight::put}) {
                Instrument option;
                option.id = InstrumentId(static_cast<uint32_t>(options_.size() + 10));
                option.kind = InstrumentKind::option;
                option.expiry = expiry;
                option.strike = Price::from_rupees(strike);
                option.right = right;
                options_.push_back(option);
            }
        }
    }
    std::vector<const Instrument*> all() const {
        std::vector<const Instrument*> out;
        for (const auto& option : options_) out.push_back(&option);
        return out;
    }
    const Instrument& of(InstrumentId id) const { return options_[id.value() - 10]; }
    // Strikes of an expiry that the window has both sides of.
    std::set<int64_t> strikes(const StrikeWindow& window, Date expiry) const {
        std::set<int64_t> out;
        for (const InstrumentId id : window.wanted()) {
            if (of(id).expiry == expiry) out.insert(of(id).strike.units() / kUnitsPerRupee);
        }
        return out;
    }

  private:
    std::deque<Instrument> options_;
};

const StrikeWindow::Held kNothingHeld = [](InstrumentId) { return false; };
ReceiveTime second(int64_t s) { return at(kToday, hours(10) + seconds(s)); }

class NiftyWindow : public testing::Test {
  protected:
    NiftyWindow() {
        settings.strikes = 5;
        settings.gap_strikes = 12;
        settings.expiries = 1;
        settings.replace_s = 100;
        listing.add(kWeekly, 20000, 23000, 50);
        window.list(listing.all());
    }
    bool look(double price, int64_t s, bool gap = false, const StrikeWindow::Held& held = kNothingHeld) {
        return window.update(points(price), gap, kToday, second(s), held);
    }
    StrikeWindowSettings settings;
    Listing listing;
    StrikeWindow window{settings};
};

TEST(Strikes, at_the_money_is_the_nearest_listed_strike_and_of_two_the_lower) {
    const auto strikes = ladder({100, 150, 200, 300});
    EXPECT_EQ(nearest_strike(strikes, points(174.95)), Price::from_rupees(150));
    EXPECT_EQ(nearest_strike(strikes, points(175)), Price::from_rupees(150));
    EXPECT_EQ(nearest_strike(strikes, points(175.05)), Price::from_rupees(200));
    EXPECT_EQ(nearest_strike(strikes, points(20)), Price::from_rupees(100));
    EXPECT_EQ(nearest_strike(strikes, points(999)), Price::from_rupees(300));
}

TEST(Strikes, step_is_the_smaller_distance_to_a_neighbour) {
    const auto strikes = ladder({100, 150, 200, 300, 500});
    EXPECT_EQ(strike_step(strikes, Price::from_rupees(200)), Price::from_rupees(50));
    EXPECT_EQ(strike_step(strikes, Price::from_rupees(300)), Price::from_rupees(100));
    EXPECT_EQ(strike_step(strikes, Price::from_rupees(500)), Price::from_rupees(200));
    EXPECT_EQ(strike_step(ladder({100}), Price::from_rupees(100)), Price());
}

TEST_F(NiftyWindow, first_look_takes_the_whole_window_at_once) {
    EXPECT_TRUE(look(21512, 0));
    EXPECT_EQ(window.centre(), Price::from_rupees(21500));
    EXPECT_EQ(window.lowest(), Price::from_rupees(21250));
    EXPECT_EQ(window.highest(), Price::from_rupees(21750));
    EXPECT_EQ(window.wanted().size(), 22U);  // 11 strikes, call and put
    EXPECT_EQ(window.added().size(), 22U);
}

TEST_F(NiftyWindow, moves_only_when_the_price_is_more_than_one_strike_away) {
    look(21500, 0);
    EXPECT_FALSE(look(21550, 5));  // exactly one strike
    EXPECT_TRUE(look(21550.05, 10));
    EXPECT_EQ(window.centre(), Price::from_rupees(21550));
    EXPECT_FALSE(look(21500, 15));
    EXPECT_TRUE(look(21499.95, 20));
    EXPECT_EQ(window.centre(), Price::from_rupees(21500));
}

TEST_F(NiftyWindow, swings_about_the_middle_of_two_strikes_move_nothing) {
    look(21524, 0);
    for (int s = 1; s < 200; ++s) EXPECT_FALSE(look(s % 2 == 0 ? 21524 : 21526, s));
    EXPECT_EQ(window.centre(), Price::from_rupees(21500));
}

TEST_F(NiftyWindow, new_strikes_near_the_money_enter_at_once_and_the_rest_is_replaced_over_time) {
    look(21500, 0);
    ASSERT_TRUE(look(21800, 10));  // six strikes: 21550..22050 is wanted, of old 21250..21500 goes
    // Missing are 21800 to 22050: within two strikes of 21800 are 21800, 21850, 21900.
    EXPECT_EQ(listing.strikes(window, kWeekly), (std::set<int64_t>{21250, 21300, 21350, 21400, 21450, 21500, 21550,
                                                                   21600, 21650, 21700, 21750, 21800, 21850, 21900}));
    EXPECT_FALSE(look(21800, 60));  // half of 100 s: half of six contracts in, half of twelve out
    EXPECT_EQ(window.added().size(), 3U);
    EXPECT_EQ(window.dropped().size(), 6U);
    EXPECT_FALSE(look(21800, 110));
    EXPECT_EQ(listing.strikes(window, kWeekly),
              (std::set<int64_t>{21550, 21600, 21650, 21700, 21750, 21800, 21850, 21900, 21950, 22000, 22050}));
}

TEST_F(NiftyWindow, gap_mode_is_wider_at_once_and_the_end_of_it_narrows) {
    look(21500, 0);
    EXPECT_TRUE(look(22100, 5, true));
    EXPECT_EQ(window.lowest(), Price::from_rupees(21500));
    EXPECT_EQ(window.highest(), Price::from_rupees(22700));
    EXPECT_EQ(listing.strikes(window, kWeekly).count(22700), 1U);
    EXPECT_TRUE(look(22100, 200));
    look(22100, 400);
    EXPECT_EQ(listing.strikes(window, kWeekly).size(), 11U);
}

TEST_F(NiftyWindow, what_is_held_stays_until_it_is_not) {
    look(21500, 0);
    const InstrumentId mine = window.wanted().front();  // 21250 call
    const auto held = [&](InstrumentId id) { return id == mine; };
    look(22500, 10, false, held);
    look(22500, 500, false, held);
    EXPECT_TRUE(std::binary_search(window.wanted().begin(), window.wanted().end(), mine));
    EXPECT_EQ(window.wanted().size(), 23U);
    look(22500, 505);
    EXPECT_EQ(window.wanted().size(), 22U);
}

TEST(StrikeWindow, nearest_expiries_and_the_nearest_monthly_are_followed) {
    StrikeWindowSettings settings;
    settings.strikes = 5;
    settings.expiries = 2;
    Listing listing;
    // November's monthly has passed; of December the last listed is the monthly.
    for (const Date expiry : {make_date(2026, 12, 1), make_date(2026, 12, 8), make_date(2026, 12, 15),
                              make_date(2026, 12, 29), make_date(2027, 1, 26)}) {
        listing.add(expiry, 20000, 23000, 50);
    }
    StrikeWindow window(settings);
    window.list(listing.all());
    ASSERT_TRUE(window.update(points(21500), false, kToday, second(0), kNothingHeld));
    std::set<Date> expiries;
    for (const InstrumentId id : window.wanted()) expiries.insert(*listing.of(id).expiry);
    EXPECT_EQ(expiries, (std::set<Date>{make_date(2026, 12, 1), make_date(2026, 12, 8), make_date(2026, 12, 29)}));
    // A day after the first has expired, it goes.
    ASSERT_TRUE(window.update(points(21500), false, make_date(2026, 12, 2), second(86400 * 14), kNothingHeld));
    EXPECT_TRUE(listing.strikes(window, make_date(2026, 12, 15)).contains(21500));
}

TEST(StrikeWindow, expiries_with_strikes_of_their_own_are_cut_from_their_own) {
    StrikeWindowSettings settings;
    settings.strikes = 2;
    settings.expiries = 2;
    Listing listing;
    listing.add(kWeekly, 21000, 22000, 50);
    listing.add(make_date(2026, 12, 29), 20000, 23000, 500);
    StrikeWindow window(settings);
    window.list(listing.all());
    window.update(points(21480), false, kToday, second(0), kNothingHeld);
    EXPECT_EQ(listing.strikes(window, kWeekly), (std::set<int64_t>{21400, 21450, 21500, 21550, 21600}));
    EXPECT_EQ(listing.strikes(window, make_date(2026, 12, 29)), (std::set<int64_t>{20500, 21000, 21500, 22000, 22500}));
}

TEST(StrikeWindow, without_a_listed_expiry_nothing_happens) {
    StrikeWindowSettings settings;
    StrikeWindow window(settings);
    EXPECT_FALSE(window.update(points(21500), false, kToday, second(0), kNothingHeld));
    EXPECT_TRUE(window.wanted().empty());
}

Quote quote(double bid, double ask, int64_t volume, int64_t oi) {
    Quote q;
    q.last = q.bid = points(bid);
    q.ask = points(ask);
    q.volume = volume;
    q.oi = oi;
    q.flags = kTickHasBid | kTickHasAsk | kTickHasVolume | kTickHasOi;
    return q;
}

TEST(Liquidity, missing_is_unknown_and_what_is_known_and_small_is_thin) {
    StrikeWindowSettings settings;
    settings.max_spread_pct = 5;
    settings.min_volume = 100;
    const auto of = [&](const Quote& q, InstrumentKind kind = InstrumentKind::option) {
        return liquidity_of(q, kind, 500, settings);
    };
    EXPECT_EQ(of(quote(99, 101, 100, 500)), Liquidity::liquid);  // 2 % of 100
    EXPECT_EQ(of(quote(97, 103, 100, 500)), Liquidity::thin);    // 6 %
    EXPECT_EQ(of(quote(99, 101, 99, 500)), Liquidity::thin);
    EXPECT_EQ(of(quote(99, 101, 100, 499)), Liquidity::thin);
    Quote no_interest = quote(99, 101, 100, 0);
    no_interest.flags &= ~static_cast<uint32_t>(kTickHasOi);
    EXPECT_EQ(of(no_interest), Liquidity::unknown);
    EXPECT_EQ(of(no_interest, InstrumentKind::future), Liquidity::unknown);
    EXPECT_EQ(of(no_interest, InstrumentKind::equity), Liquidity::liquid);
    Quote one_sided = quote(99, 101, 100, 500);
    one_sided.flags &= ~static_cast<uint32_t>(kTickHasAsk);
    EXPECT_EQ(of(one_sided), Liquidity::unknown);
    one_sided.oi = 10;
    EXPECT_EQ(of(one_sided), Liquidity::thin);
    EXPECT_EQ(of(quote(99, 101, 100, 500), InstrumentKind::index), Liquidity::thin);
}

// A random walk of the price with random looks, holdings and gap modes.
RC_GTEST_PROP(StrikeWindowProperty, held_stays_money_is_in_and_centres_move_by_more_than_a_strike, ()) {
    StrikeWindowSettings settings;
    settings.strikes = *rc::gen::inRange<int64_t>(2, 12);
    settings.gap_strikes = *rc::gen::inRange<int64_t>(2, 16);
    settings.expiries = *rc::gen::inRange<int64_t>(1, 4);
    settings.replace_s = *rc::gen::element(0.0, 60.0, 120.0);
    Listing listing;
    listing.add(kWeekly, 20000, 23000, 50);
    listing.add(make_date(2026, 12, 29), 20000, 23000, 100);
    StrikeWindow window(settings);
    window.list(listing.all());
    const auto strikes = [&] {
        std::vector<Price> out;
        for (int64_t strike = 20000; strike <= 23000; strike += 50) out.push_back(Price::from_rupees(strike));
        return out;
    }();
    double price = 21500;
    int64_t now = 0;
    std::set<InstrumentId> holdings;
    bool gap_before = false;
    for (const int step : *rc::gen::container<std::vector<int>>(60, rc::gen::inRange(-1200, 1200))) {
        price = std::clamp(price + step / 10.0, 20000.0, 23000.0);
        now += *rc::gen::inRange<int64_t>(1, 40);
        const bool gap = *rc::gen::inRange(0, 10) == 0;
        const auto before = window.wanted();
        const auto centre_before = window.centre();
        for (const InstrumentId id : before) {
            if (*rc::gen::inRange(0, 40) == 0) holdings.insert(id);
        }
        const bool moved = window.update(points(price), gap, kToday, second(now),
                                         [&](InstrumentId id) { return holdings.contains(id); });
        const auto& wanted = window.wanted();
        RC_ASSERT(std::is_sorted(wanted.begin(), wanted.end()));
        RC_ASSERT(std::adjacent_find(wanted.begin(), wanted.end()) == wanted.end());
        for (const InstrumentId id : holdings) RC_ASSERT(std::binary_search(wanted.begin(), wanted.end(), id));
        const int64_t money = nearest_strike(strikes, points(price)).units() / kUnitsPerRupee;
        RC_ASSERT(listing.strikes(window, kWeekly).contains(money));
        const double away = centre_before ? std::abs(price - centre_before->to_double()) : 0;
        RC_ASSERT(!moved || !centre_before || gap != gap_before || away > 50);
        RC_ASSERT(std::abs(price - window.centre()->to_double()) <= 50.0001);
        RC_ASSERT(before.size() + window.added().size() - window.dropped().size() == wanted.size());
        gap_before = gap;
        if (*rc::gen::inRange(0, 5) == 0) holdings.clear();
    }
}

}  // namespace
}  // namespace tide
