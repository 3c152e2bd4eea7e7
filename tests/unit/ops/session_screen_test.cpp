#include "ops/session_screen.hpp"

#include <gtest/gtest.h>

#include <sstream>

#include "ops/recorder_fan_out.hpp"
#include "ops/session_summary.hpp"
#include "ops/text_table.hpp"
#include "ops_samples.hpp"

namespace tide {
namespace {

using namespace ops_samples;

// A screen that writes to a temporary file.
class ScreenTest : public testing::Test {
  protected:
    ~ScreenTest() override { std::fclose(file_); }
    SessionScreenOptions options() {
        SessionScreenOptions options;
        options.out = file_;
        options.width = 80;
        options.title = "paper · test";
        options.lot_size = [](InstrumentId) -> int64_t { return 50; };
        return options;
    }
    // Everything written since the last call.
    std::string written() {
        std::fflush(file_);
        std::string text;
        std::fseek(file_, read_, SEEK_SET);
        for (int c = std::fgetc(file_); c != EOF; c = std::fgetc(file_)) text.push_back(static_cast<char>(c));
        read_ = std::ftell(file_);
        std::fseek(file_, 0, SEEK_END);
        return text;
    }
    std::FILE* file_ = std::tmpfile();
    long read_ = 0;
};

TEST_F(ScreenTest, entry_is_one_line_with_what_and_why) {
    SessionScreen screen(options());
    screen.record(record_at(9, 47, order(OrderPurpose::entry, OrderState::submitted, OrderState::open, 0)));
    screen.record(record_at(9, 47, order(OrderPurpose::entry, OrderState::open, OrderState::filled, 100)));
    EXPECT_EQ(written(), "09:47:00  ENTRY     BUY 2 x 50 NIFTY 25 JAN 21700 CE @ 142.35  breakout above 21 700\n");
}

TEST_F(ScreenTest, part_exit_and_exit_are_told_apart) {
    SessionScreen screen(options());
    Position half = open_position();
    screen.record(record_at(10, 0, PositionRecord{half, kOption, "opened", ""}));
    half.quantity = Quantity(50);
    screen.record(record_at(10, 5, PositionRecord{half, kOption, "reduced", "50 % left"}));
    screen.record(record_at(10, 5, order(OrderPurpose::exit, OrderState::open, OrderState::filled, 50)));
    EXPECT_NE(written().find("10:05:00  PART      SELL 1 x 50 NIFTY 25 JAN 21700 CE @ 142.35"), std::string::npos);
    const auto last = trade(1, Money::from_rupees(2'885), Money::from_paise(12'575));
    screen.record(record_at(11, 15, PositionRecord{last.position, kOption, "closed", ""}));
    screen.record(record_at(11, 15, last));
    screen.record(record_at(11, 15, order(OrderPurpose::exit, OrderState::open, OrderState::filled, 50)));
    EXPECT_EQ(
        written(),
        "11:15:00  EXIT      SELL 2 x 50 NIFTY 25 JAN 21700 CE @ 171.20  +2,759.25 net  target: 21 900 reached\n");
}

TEST_F(ScreenTest, stops_are_told_when_they_moved_far_enough) {
    SessionScreen screen(options());
    Position p = open_position();
    screen.record(record_at(10, 0, PositionRecord{p, kOption, "opened", ""}));
    p.levels.stop = Price::from_rupees(21'520);  // 0.09 %
    screen.record(record_at(10, 1, PositionRecord{p, kOption, "stop", "trail"}));
    EXPECT_EQ(written(), "");
    p.levels.stop = Price::from_rupees(21'600);  // 0.47 % from what was told
    screen.record(record_at(10, 2, PositionRecord{p, kOption, "stop", "trail"}));
    EXPECT_EQ(written(), "10:02:00  STOP      NIFTY 25 JAN 21700 CE  21,500.00 → 21,600.00  trail\n");
}

TEST_F(ScreenTest, equal_refusals_are_told_once_and_counted_at_the_end_of_the_day) {
    SessionScreen screen(options());
    for (uint64_t i = 1; i <= 14; ++i) screen.record(record_at(10, 0, refusal(i, "stale_quote")));
    screen.record(record_at(10, 1, refusal(20, "entry_window")));
    const std::string text = written();
    EXPECT_EQ(text,
              "10:00:00  REFUSED   NIFTY 25 JAN 21700 CE  stale_quote  the quote is old (age=9 limit=5)\n"
              "10:01:00  REFUSED   NIFTY 25 JAN 21700 CE  entry_window  the quote is old (age=9 limit=5)\n");
    screen.record(record_at(15, 30, DayRecord{kDay, "day_end", ""}));
    EXPECT_EQ(written(), "15:30:00  REFUSED   in all today:  NIFTY stale_quote 14 times\n");
}

TEST_F(ScreenTest, script_errors_are_loud_with_their_traceback) {
    SessionScreenOptions coloured = options();
    coloured.colour = true;
    SessionScreen screen(coloured);
    screen.record(record_at(11, 2,
                            ScriptRecord{StrategyId(1), "adx_trend", "1.0.0", "", "error",
                                         "adx_trend.lua:31: no field 'adx'\nstack traceback:\n\tin on_bar"}));
    const std::string text = written();
    EXPECT_NE(text.find("\x1b[1;31mSCRIPT! \x1b[0m"), std::string::npos) << text;
    EXPECT_NE(text.find("adx_trend error  adx_trend.lua:31: no field 'adx'\n"), std::string::npos) << text;
    EXPECT_NE(text.find("stack traceback:"), std::string::npos);
}

TEST_F(ScreenTest, text_from_scripts_cannot_move_the_cursor) {
    SessionScreen screen(options());
    screen.record(record_at(11, 2, NoteRecord{"info", "adx_trend", "hello \x1b[2J\rworld"}));
    EXPECT_EQ(written(), "11:02:00  NOTE      adx_trend: hello  [2J world\n");
}

TEST_F(ScreenTest, notes_of_a_talkative_script_end_with_a_pointer_to_the_store) {
    SessionScreenOptions few = options();
    few.notes_per_day = 2;
    SessionScreen screen(few);
    for (int i = 0; i < 5; ++i) screen.record(record_at(11, i, NoteRecord{"info", "adx_trend", "hello"}));
    screen.record(record_at(11, 9, NoteRecord{"debug", "adx_trend", "never shown"}));
    screen.record(record_at(11, 10, NoteRecord{"warning", "data", "gap"}));
    EXPECT_EQ(written(),
              "11:00:00  NOTE      adx_trend: hello\n"
              "11:01:00  NOTE      adx_trend: hello\n"
              "                    further notes of adx_trend today are in the store only\n"
              "11:10:00  WARNING   data: gap\n");
}

TEST_F(ScreenTest, day_is_announced_and_summed_up) {
    SessionScreen screen(options());
    screen.record(record_at(9, 0, DayRecord{kDay, "day", "09:15-15:30"}));
    screen.record(record_at(9, 15, DayRecord{kDay, "open", ""}));
    screen.record(record_at(11, 15, trade(1, Money::from_rupees(2'885), Money::from_paise(12'575))));
    written();
    screen.record(record_at(15, 30,
                            EquityRecord{Money::from_paise(100'275'925), Money::from_rupees(2'885),
                                         Money::from_paise(12'575), Money::from_paise(275'925), "2024-01-25"}));
    EXPECT_EQ(written(),
              "15:30:00  DAY       1 trade  +2,759.25 net  +2,885.00 gross, 125.75 charges, equity 10,02,759.25\n");
    EXPECT_FALSE(options().living);
}

TEST_F(ScreenTest, living_block_fits_its_width_and_gives_the_cursor_back) {
    SessionScreenOptions living = options();
    living.living = true;
    living.width = 60;
    SessionScreen screen(living);
    LiveView view;
    view.now = at(kDay, hours(11) + minutes(42) + seconds(7));
    view.phase = "open";
    view.prices = {
        {"NIFTY", Price::from_units(245'123'500)}, {"BANKNIFTY", Price::from_units(523'101'000)}, {"VIX", Price()}};
    view.equity = Money::from_rupees(1'012'450);
    view.day_net = Money::from_paise(1'213'980);
    view.positions = {{kOption, Side::buy, 2, 50, Price::from_units(1'423'500), Price::from_units(1'512'000),
                       Price::from_rupees(21'500), "NIFTY", Money::from_paise(76'500)}};
    screen.record(record_at(9, 47, order(OrderPurpose::entry, OrderState::open, OrderState::filled, 100)));
    EXPECT_EQ(written(), "");  // drawn with the next view
    screen.on_quotes(view);
    const std::string first = written();
    EXPECT_TRUE(first.starts_with("\x1b[?25l"));
    for (const char* part : {"ENTRY", "11:42:07 IST  market open", "NIFTY 24,512.35", "BANKNIFTY 52,310.10", "VIX -",
                             "equity 10,12,450.00", "+12,139.80 net", "long 2 x 50 NIFTY 25 JAN 21700 CE",
                             "    stop NIFTY 21,500.00", "Ctrl-C"}) {
        EXPECT_NE(first.find(part), std::string::npos) << part << " in\n" << first;
    }
    std::istringstream lines(first);
    size_t block_lines = 0;
    bool in_block = false;
    for (std::string line; std::getline(lines, line);) {
        const size_t end = line.find("\x1b[K");
        if (end == std::string::npos) continue;
        const size_t start = line.starts_with("\x1b[?25l") ? 6 : 0;
        EXPECT_LE(display_width(line.substr(start, end - start)), 60U) << line;
        in_block = in_block || line.starts_with("── paper");
        block_lines += in_block ? 1 : 0;
    }
    screen.on_quotes(view);
    EXPECT_TRUE(written().starts_with("\r\x1b[" + std::to_string(block_lines) + "A── paper"));
    screen.finish();
    const std::string last = written();
    EXPECT_TRUE(last.ends_with("\x1b[?25h")) << last;
    screen.record(record_at(15, 30, NoteRecord{"warning", "engine", "late"}));
    EXPECT_EQ(written(), "15:30:00  WARNING   engine: late\n");
}

TEST(recorder_fan_out, gives_every_record_to_each_in_order) {
    struct Keeper final : Recorder {
        std::string& seen;
        char name;
        Keeper(std::string& a_seen, char a_name) : seen(a_seen), name(a_name) {}
        void record(const Record& record) override { seen += name + std::to_string(record.row) + " "; }
    };
    std::string seen;
    Keeper first(seen, 'a'), second(seen, 'b');
    RecorderFanOut fan_out;
    fan_out.add(first);
    fan_out.add(second);
    Record record;
    record.row = 1;
    fan_out.record(record);
    record.row = 2;
    fan_out.record(record);
    EXPECT_EQ(seen, "a1 b1 a2 b2 ");
}

TEST(session_summary, says_what_was_traded_refused_and_why_not) {
    SessionSummary summary(Money::from_rupees(1'000'000));
    summary.record(record_at(10, 0, intent(1, IntentKind::enter)));
    summary.record(record_at(10, 0, refusal(1, "stale_quote")));
    summary.record(record_at(10, 0, SkipRecord{StrategyId(1), "NIFTY", "ADX below 25", {}, {}, 4}));
    summary.record(record_at(10, 0, SkipRecord{StrategyId(1), "NIFTY", "volume low", {}, {}, 40}));
    auto first = trade(1, Money::from_rupees(2'885), Money::from_paise(12'575));
    first.position.model_priced = true;
    summary.record(record_at(11, 15, first));
    summary.record(record_at(12, 0, HaltRecord{"vix_level", true, "vix=31", "VIX above 30"}));
    summary.record(record_at(12, 0, ScriptRecord{StrategyId(1), "adx_trend", "1", "", "error", "line 31\ntraceback"}));
    summary.record(record_at(15, 30, equity_of(1'002'759)));
    summary.add_flag("VIX by day");
    summary.add_flag("VIX by day");
    std::ostringstream out;
    summary.print(out, {});
    const std::string text = out.str();
    EXPECT_NE(text.find("Trades of 2024-01-25\n"), std::string::npos) << text;
    EXPECT_NE(text.find("1*  10:15   11:15   NIFTY 25 JAN 21700 CE  2 x 50  142.35  171.20  +2,885.00   125.75  "
                        "+2,759.25  target"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("* priced by model"), std::string::npos);
    EXPECT_NE(text.find("Net       +2,759.25 = +2,885.00 gross - 125.75 charges"), std::string::npos) << text;
    EXPECT_NE(text.find("1 won of 1 (100.00%)"), std::string::npos);
    EXPECT_NE(text.find("  40  volume low\n   4  ADX below 25\n"), std::string::npos) << text;
    EXPECT_NE(text.find("  1  stale_quote"), std::string::npos);
    EXPECT_NE(text.find("vix_level  VIX above 30 (vix=31)"), std::string::npos);
    EXPECT_NE(text.find("adx_trend error: line 31\n"), std::string::npos);
    EXPECT_EQ(text.find("VIX by day"), text.rfind("VIX by day"));
    EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(session_summary, an_empty_run_says_so) {
    std::ostringstream out;
    SessionSummary(Money::from_rupees(100)).print(out, {});
    EXPECT_NE(out.str().find("No trades.\n"), std::string::npos);
    EXPECT_EQ(out.str().find("Refused by"), std::string::npos);
}

}  // namespace
}  // namespace tide
