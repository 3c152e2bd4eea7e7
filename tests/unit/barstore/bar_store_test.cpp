#include "barstore/bar_store.hpp"

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>

#include "barstore/atomic_file.hpp"
#include "barstore/series_folder.hpp"
#include "core/digest.hpp"
#include "scratch_folder.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;
using test::content_of;
using test::ScratchFolder;

Bar minute(int number, int64_t close, Timeframe timeframe = Timeframe::m1) {
    Bar bar;
    bar.timeframe = timeframe;
    bar.start = ist_moment<ExchangeTime>(make_date(2025, 10, 15), hours(9) + minutes(15 + number));
    bar.open = bar.low = Price::from_rupees(100);
    bar.close = bar.high = Price::from_rupees(close);
    return bar;
}

BarSeriesData series_of(const std::string& symbol, std::vector<Bar> bars) {
    BarSeriesData series{series_name_of(symbol), Timeframe::m1, std::move(bars)};
    if (!series.bars.empty()) series.timeframe = series.bars.front().timeframe;
    return series;
}

class BarStoreTest : public testing::Test {
  protected:
    BarStore open(FileTransaction::StepHook hook = {}) const {
        auto store = BarStore::open(root(), std::move(hook));
        EXPECT_TRUE(store) << store.error().message;
        return std::move(*store);
    }
    fs::path root() const { return folder_.path() / "timeframes"; }
    std::vector<int64_t> closes(const std::string& symbol) const {
        std::vector<int64_t> closes;
        const auto series = open().read(symbol, Timeframe::m1);
        EXPECT_TRUE(series) << series.error().message;
        if (!series || !*series) return closes;
        for (const Bar& bar : (*series)->bars) closes.push_back(bar.close.units() / kUnitsPerRupee);
        return closes;
    }
    Result<MergeReport> merge(std::vector<BarSeriesData> series, OnConflict on_conflict = OnConflict::refuse) const {
        MergeReport report;
        auto done = open().merge(series, on_conflict, report);
        last_ = report;
        if (!done) return done.error();
        return report;
    }
    ScratchFolder folder_;
    mutable MergeReport last_;
};

using Closes = std::vector<int64_t>;

TEST_F(BarStoreTest, a_series_lies_where_the_documents_say) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101)}), series_of("NIFTY", {minute(0, 101, Timeframe::d1)})}));
    EXPECT_TRUE(fs::exists(root() / "NIFTY" / "1m.json"));
    EXPECT_TRUE(fs::exists(root() / "NIFTY" / "daily.json"));
    const auto daily = open().read("NIFTY", Timeframe::d1);
    ASSERT_TRUE(daily && *daily);
    EXPECT_EQ((*daily)->bars[0].start, ist_moment<ExchangeTime>(make_date(2025, 10, 15), hours(0)));
    const auto files = open().list();
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2u);
    EXPECT_EQ((*files)[0].symbol, "NIFTY");
    EXPECT_EQ((*files)[0].timeframe, Timeframe::m1);
}

TEST_F(BarStoreTest, the_same_bar_twice_is_fine_and_a_gap_is_filled_in_order) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101), minute(2, 103)})}));
    const auto report = merge({series_of("NIFTY", {minute(0, 101), minute(1, 102), minute(3, 104)})});
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->added, 2);
    EXPECT_EQ(report->same, 1);
    EXPECT_EQ(closes("NIFTY"), (Closes{101, 102, 103, 104}));
}

TEST_F(BarStoreTest, a_different_bar_is_a_conflict_and_nothing_of_the_call_is_stored) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101)})}));
    const auto report =
        merge({series_of("BANKNIFTY", {minute(0, 201)}), series_of("NIFTY", {minute(0, 109), minute(1, 102)})});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::input);
    EXPECT_NE(report.error().message.find("NIFTY 1m 2025-10-15T09:15:00: close 101 is stored, 109 is given"),
              std::string::npos)
        << report.error().message;
    EXPECT_EQ(last_.conflict_count, 1);
    EXPECT_EQ(closes("NIFTY"), (Closes{101}));
    EXPECT_EQ(closes("BANKNIFTY"), Closes{});
}

TEST_F(BarStoreTest, the_newer_source_wins_only_with_replace) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101)})}));
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 109), minute(1, 102)})}, OnConflict::keep_stored));
    EXPECT_EQ(closes("NIFTY"), (Closes{101, 102}));
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 109)})}, OnConflict::replace));
    EXPECT_EQ(closes("NIFTY"), (Closes{109, 102}));
}

TEST_F(BarStoreTest, a_volume_that_only_one_source_has_is_kept) {
    Bar with = minute(0, 101);
    with.volume = 500;
    with.flags |= kBarHasVolume;
    ASSERT_TRUE(merge({series_of("FUT", {minute(0, 101)})}));
    ASSERT_TRUE(merge({series_of("FUT", {with})}));
    ASSERT_TRUE(merge({series_of("FUT", {minute(0, 101)})}));
    const auto stored = open().read("FUT", Timeframe::m1);
    ASSERT_TRUE(stored && *stored);
    EXPECT_TRUE((*stored)->bars[0].has_volume());
    EXPECT_EQ((*stored)->bars[0].volume, 500);
}

TEST_F(BarStoreTest, two_parts_of_a_series_in_one_call_are_both_stored) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101)}), series_of("NIFTY", {minute(1, 102)})}));
    EXPECT_EQ(closes("NIFTY"), (Closes{101, 102}));
}

TEST_F(BarStoreTest, recorded_and_synthetic_bars_are_not_mixed) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101)})}));
    BarSeriesData synthetic = series_of("NIFTY", {minute(1, 102)});
    synthetic.synthetic = true;
    const auto report = merge({synthetic});
    ASSERT_FALSE(report);
    EXPECT_NE(report.error().message.find("synthetic"), std::string::npos);
    EXPECT_EQ(closes("NIFTY"), (Closes{101}));
}

TEST_F(BarStoreTest, an_unsound_bar_is_refused) {
    Bar bar = minute(0, 101);
    bar.low = Price::from_rupees(102);
    EXPECT_FALSE(merge({series_of("NIFTY", {bar})}));
    EXPECT_FALSE(merge({series_of("NIFTY", {minute(1, 101), minute(0, 101)})}));
    EXPECT_TRUE(open().list()->empty());
}

TEST_F(BarStoreTest, symbols_cannot_leave_their_folder) {
    const std::pair<const char*, const char*> names[] = {
        {"NIFTY", "NIFTY"},     {"NIFTY 2024-01-25 21700 CE", "NIFTY+2024-01-25+21700+CE"},
        {"M&M", "M&M"},         {"../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"},
        {"..", "%2E."},         {".", "%2E"},
        {"a\tb\n", "a%09b%0A"}, {"A+B%", "A%2BB%25"},
    };
    for (const auto& [symbol, folder] : names) {
        EXPECT_EQ(folder_name_of(symbol), folder);
        EXPECT_EQ(symbol_of_folder(folder), symbol);
    }
    EXPECT_FALSE(folder_name_of(""));
    EXPECT_FALSE(folder_name_of(std::string(300, 'A')));
    for (const char* folder : {"..", "a/b", "%2", "%zz", "%41", ".transaction", ""}) {
        EXPECT_FALSE(symbol_of_folder(folder)) << folder;
    }
}

TEST_F(BarStoreTest, an_option_symbol_gives_its_terms) {
    const SeriesName name = series_name_of("NIFTY 2024-01-25 21700 CE");
    ASSERT_TRUE(name.option);
    EXPECT_EQ(name.underlying, "NIFTY");
    EXPECT_EQ(name.option->expiry, make_date(2024, 1, 25));
    EXPECT_EQ(name.option->strike, Price::from_rupees(21700));
    EXPECT_EQ(name.option->right, OptionRight::call);
    EXPECT_FALSE(series_name_of("NIFTY 50").option);
}

constexpr const char* kVersion0 =
    R"([{"start_ts_utc":"2025-10-15T03:45:00Z","end_ts_utc":"2025-10-15T03:46:00Z","o":23450.0,"h":23470.0,"l":23445.0,"c":23465.0,"v":12000},
        {"start_ts_utc":"2025-10-15T03:46:00Z","end_ts_utc":"2025-10-15T03:47:00Z","o":23465.0,"h":23466.5,"l":23460.0,"c":23461.0,"v":9000}])";

TEST_F(BarStoreTest, the_unversioned_form_is_read_and_becomes_version_1_when_it_is_written) {
    fs::create_directories(root() / "NIFTY");
    std::ofstream(root() / "NIFTY" / "1m.json") << kVersion0;
    const auto before = open().read_file((*open().list())[0]);
    ASSERT_TRUE(before) << before.error().message;
    EXPECT_EQ(before->schema_version, 0);
    EXPECT_EQ(before->series.bars[0].volume, 12000);
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(2, 101)})}));
    const auto after = open().read_file((*open().list())[0]);
    ASSERT_TRUE(after) << after.error().message;
    EXPECT_EQ(after->schema_version, 1);
    EXPECT_EQ(closes("NIFTY"), (Closes{23465, 23461, 101}));
}

TEST_F(BarStoreTest, a_file_of_a_later_engine_is_refused_and_left_alone) {
    fs::create_directories(root() / "NIFTY");
    const std::string text = R"({"schema_version":2,"symbol":"NIFTY","timeframe":"1m","bars":[]})";
    std::ofstream(root() / "NIFTY" / "1m.json") << text;
    const auto report = merge({series_of("NIFTY", {minute(0, 101)})});
    ASSERT_FALSE(report);
    EXPECT_EQ(report.error().code, ErrorCode::input);
    EXPECT_NE(report.error().message.find("newer"), std::string::npos);
    EXPECT_EQ(content_of(root() / "NIFTY" / "1m.json"), text);
}

TEST_F(BarStoreTest, every_truncation_and_every_changed_byte_of_a_file_is_found) {
    ASSERT_TRUE(merge({series_of("NIFTY", {minute(0, 101), minute(1, 102)})}));
    const auto file = root() / "NIFTY" / "1m.json";
    const std::string whole = content_of(file);
    for (size_t length = 0; length + 1 < whole.size(); ++length) {  // the last byte is the line end
        std::ofstream(file, std::ios::binary) << whole.substr(0, length);
        EXPECT_FALSE(open().read("NIFTY", Timeframe::m1)) << length;
    }
    for (size_t i = 0; i < whole.size(); ++i) {
        std::string changed = whole;
        changed[i] = static_cast<char>(changed[i] ^ 1);
        std::ofstream(file, std::ios::binary) << changed;
        const auto read = open().read("NIFTY", Timeframe::m1);
        // What a byte between the keys changes, if anything, is not a bar.
        if (read) {
            EXPECT_EQ(json_bars_text(**read), whole) << i;
        }
    }
}

TEST_F(BarStoreTest, a_damaged_file_is_set_aside_and_never_removed) {
    fs::create_directories(root() / "NIFTY");
    for (const char* damage : {"first", "second"}) {
        std::ofstream(root() / "NIFTY" / "1m.json") << damage;
        const auto files = open().list();
        const BarStore::Replacement replacement{(*files)[0], series_of("NIFTY", {minute(0, 101)}), true};
        ASSERT_TRUE(open().replace({&replacement, 1}));
    }
    EXPECT_EQ(content_of(root() / "NIFTY" / "1m.json.corrupt-1"), "first");
    EXPECT_EQ(content_of(root() / "NIFTY" / "1m.json.corrupt-2"), "second");
    EXPECT_EQ(closes("NIFTY"), (Closes{101}));
    EXPECT_EQ((*open().list())[0].set_aside.size(), 2u);
}

// The process ends at the given step, as with kill -9; true when it got there.
template <class Work>
bool dies_at(int step, const Work& work) {
    const pid_t child = ::fork();
    if (child == 0) {
        int left = step;
        work([&left](std::string_view) {
            if (left-- == 0) ::raise(SIGKILL);
        });
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFSIGNALED(status);
}

TEST_F(BarStoreTest, killed_at_any_step_all_files_are_old_or_all_are_new) {
    int before = 0, after = 0, steps = 0;
    for (bool reached = true; reached; ++steps) {
        fs::remove_all(root());
        ASSERT_TRUE(merge({series_of("A", {minute(0, 101)}), series_of("B", {minute(0, 201)})}));
        std::ofstream(root() / "A" / "5m.json") << "damaged";
        reached = dies_at(steps, [&](const FileTransaction::StepHook& hook) {
            auto store = BarStore::open(root(), hook);
            MergeReport report;
            const std::vector<BarSeriesData> more{series_of("A", {minute(1, 102)}), series_of("B", {minute(1, 202)}),
                                                  series_of("C", {minute(1, 302)})};
            (void)store->merge(more, OnConflict::refuse, report);
        });
        const bool is_new = closes("A").size() == 2;
        (is_new ? after : before) += 1;
        EXPECT_EQ(closes("A"), is_new ? (Closes{101, 102}) : (Closes{101})) << steps;
        EXPECT_EQ(closes("B"), is_new ? (Closes{201, 202}) : (Closes{201})) << steps;
        EXPECT_EQ(closes("C"), is_new ? (Closes{302}) : (Closes{})) << steps;
        // And the next change works, with nothing left of the interrupted one.
        ASSERT_TRUE(merge({series_of("A", {minute(5, 105)})}));
        EXPECT_FALSE(fs::exists(root() / ".transaction"));
    }
    EXPECT_GE(before, 4);  // three staged files, the list
    EXPECT_GE(after, 5);   // three renames, the folders, the list's end
}

TEST_F(BarStoreTest, killed_while_setting_aside_the_damaged_file_is_still_there) {
    int steps = 0;
    for (bool reached = true; reached; ++steps) {
        fs::remove_all(root());
        fs::create_directories(root() / "NIFTY");
        std::ofstream(root() / "NIFTY" / "1m.json") << "damaged";
        reached = dies_at(steps, [&](const FileTransaction::StepHook& hook) {
            auto store = BarStore::open(root(), hook);
            const BarStore::Replacement replacement{(*store->list())[0], series_of("NIFTY", {minute(0, 101)}), true};
            (void)store->replace({&replacement, 1});
        });
        const auto store = open();
        const auto aside = root() / "NIFTY" / "1m.json.corrupt-1";
        EXPECT_EQ(content_of(fs::exists(aside) ? aside : root() / "NIFTY" / "1m.json"), "damaged") << steps;
        if (fs::exists(aside)) {
            EXPECT_EQ(closes("NIFTY"), (Closes{101})) << steps;
        }
        EXPECT_FALSE(fs::exists(root() / "NIFTY" / "1m.json.corrupt-2")) << steps;
    }
    EXPECT_GE(steps, 5);
}

TEST_F(BarStoreTest, killed_a_second_time_while_finishing_it_is_finished_by_the_third) {
    ASSERT_TRUE(merge({series_of("A", {minute(0, 101)}), series_of("B", {minute(0, 201)})}));
    const auto write = [&](const FileTransaction::StepHook& hook) {
        auto store = BarStore::open(root(), hook);
        MergeReport report;
        const std::vector<BarSeriesData> more{series_of("A", {minute(1, 102)}), series_of("B", {minute(1, 202)})};
        if (store) (void)store->merge(more, OnConflict::refuse, report);
    };
    ASSERT_TRUE(dies_at(4, write));  // after the list, one file renamed
    ASSERT_TRUE(dies_at(1, write));  // inside the finishing
    EXPECT_EQ(closes("A"), (Closes{101, 102}));
    EXPECT_EQ(closes("B"), (Closes{201, 202}));
}

TEST_F(BarStoreTest, a_list_of_changes_that_leaves_the_folder_is_not_followed) {
    fs::create_directories(root() / ".transaction");
    std::ofstream(folder_.path() / "precious") << "x";
    const std::string line = "remove\t../precious\t\n";
    char end[32];
    std::snprintf(end, sizeof end, "end\t%08x\n", crc32c(line));
    std::ofstream(root() / ".transaction" / "commit") << line << end;
    EXPECT_FALSE(BarStore::open(root()));
    EXPECT_TRUE(fs::exists(folder_.path() / "precious"));
}

}  // namespace
}  // namespace tide
