// Market data in and out of the store, by the commands as a user types them.
#include <map>

#include "engine_process.hpp"
#include "support/paths.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;

constexpr const char* kHeader = "ts_ist,open,high,low,close,volume,oi\n";

class DataCommands : public EngineTest {
  protected:
    EngineOutput data(const std::string& words) const { return engine("data " + words + " --home " + home()); }
    fs::path store() const { return fs::path(home()) / "data" / "timeframes"; }
    // Two minutes of NIFTY.
    std::string minutes_file(const std::string& name = "NIFTY_1m.csv", const std::string& close = "100.5") const {
        return write(name, std::string(kHeader) + "2024-01-01T09:15:00,100,101,99," + close + ",,\n" +
                               "2024-01-01T09:16:00,100,101,99,100,,\n");
    }
    // Contents by path under a folder.
    static std::map<std::string, std::string> tree(const fs::path& folder) {
        std::map<std::string, std::string> files;
        std::error_code ignored;
        for (const auto& entry : fs::recursive_directory_iterator(folder, ignored)) {
            const auto name = fs::relative(entry.path(), folder).string();
            if (entry.is_regular_file() && name != ".lock") files[name] = read(entry.path());
        }
        return files;
    }
    std::string journal() const {
        for (const auto& entry : fs::directory_iterator(fs::path(home()) / "journals")) return entry.path().string();
        return {};
    }
};

TEST_F(DataCommands, what_is_imported_is_exported_again) {
    const auto file = minutes_file();
    const auto imported = data("import --json " + file);
    ASSERT_EQ(imported.code, 0) << imported.err;
    EXPECT_EQ(imported.json()["added"], 2);
    const auto csv = data("export --symbol NIFTY --timeframe 1m");
    EXPECT_EQ(csv.code, 0) << csv.err;
    EXPECT_EQ(csv.out, read(file));
    EXPECT_EQ(data("import --json " + file).json()["same"], 2);
    // The documented JSON of the store is a bar file too.
    const auto json = data("export --symbol NIFTY --json");
    EXPECT_EQ(json.json()["schema_version"], 1);
    EXPECT_EQ(json.out, read(store() / "NIFTY" / "1m.json"));
    const auto again = engine("data import --json --home " + (folder() / "other").string() + " " +
                              (store() / "NIFTY" / "1m.json").string());
    EXPECT_EQ(again.json()["added"], 2) << again.err;
}

TEST_F(DataCommands, option_bars_keep_their_terms_on_the_way) {
    const auto file = write("NIFTY_options_1m.csv",
                            "ts_ist,expiry,strike,right,open,high,low,close,volume,oi\n"
                            "2024-01-01T09:15:00,2024-01-25,21700,CE,100,101,99,100,50,1000\n"
                            "2024-01-01T09:15:00,2024-01-25,21700,PE,80,81,79,80,,\n");
    ASSERT_EQ(data("import " + file).code, 0);
    EXPECT_TRUE(fs::exists(store() / "NIFTY+2024-01-25+21700+CE" / "1m.json"));
    const auto out = folder() / "out";
    ASSERT_EQ(data("export --out " + out.string()).code, 0);
    const auto other = engine("data import --json --home " + (folder() / "other").string() + " " + out.string());
    ASSERT_EQ(other.code, 0) << other.err;
    EXPECT_EQ(tree(store()), tree(folder() / "other" / "data" / "timeframes"));
}

TEST_F(DataCommands, a_bad_row_anywhere_keeps_everything_out_without_lenient) {
    const auto good = minutes_file();
    const auto bad = write("BANKNIFTY_1m.csv", std::string(kHeader) + "2024-01-01T09:15:00,100,101,99,100,,\n" +
                                                   "2024-01-01T09:16:00,102,101,99,100,,\n");
    const auto refused = data("import " + good + " " + bad);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.err.find("BANKNIFTY_1m.csv:3: open 102 is outside [99, 101]"), std::string::npos) << refused.err;
    EXPECT_TRUE(tree(store()).empty());
    const auto lenient = data("import --lenient --json " + good + " " + bad);
    ASSERT_EQ(lenient.code, 0) << lenient.err;
    EXPECT_EQ(lenient.json()["added"], 3);
    EXPECT_EQ(lenient.json()["rejected_rows"], 1);
}

TEST_F(DataCommands, a_bar_that_differs_needs_a_word) {
    ASSERT_EQ(data("import " + minutes_file()).code, 0);
    const auto before = tree(store());
    const auto other = minutes_file("other/NIFTY_1m.csv", "99.5");
    const auto refused = data("import " + other);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.error_line().find("--replace"), std::string::npos) << refused.err;
    EXPECT_EQ(tree(store()), before);
    EXPECT_EQ(data("import --lenient " + other).code, 0);
    EXPECT_EQ(tree(store()), before);
    EXPECT_EQ(data("import --replace " + other).code, 0);
    EXPECT_EQ(data("export --symbol NIFTY").out, read(other));
}

TEST_F(DataCommands, wrong_input_is_one_line_and_changes_nothing) {
    const std::string noise("\x1f\x8b\x08random\0bytes\xff", 18);
    const std::pair<const char*, std::string> files[] = {{"NIFTY_1m.csv.gz", noise},
                                                         {"random_1m.csv", noise + noise},
                                                         {"NIFTY_1m.json", "{\"schema_version\": 1, \"symbol\""},
                                                         {"later_1m.json", "{\"schema_version\": 7}"},
                                                         {"NIFTY_1d.csv", ""},
                                                         {"NIFTY_ticks.ndjson", noise}};
    for (const auto& [name, content] : files) {
        const auto file = write(std::string("wrong/") + name, content);
        const auto run = data("import " + file);
        EXPECT_EQ(run.code, 2) << name;
        EXPECT_NE(run.error_line(), "") << name;
    }
    EXPECT_EQ(data("import " + (folder() / "missing.csv").string()).code, 2);
    EXPECT_EQ(data("import " + (folder() / "missing.csv").string() + " " + minutes_file()).code, 2);
    EXPECT_EQ(data("export --symbol NOTHING").code, 2);
    EXPECT_EQ(data("export --ticks " + minutes_file()).code, 2);
    EXPECT_EQ(data("validate --data " + (folder() / "missing").string()).code, 2);
    EXPECT_EQ(data("restore " + folder().string()).code, 2);
    EXPECT_EQ(data("backup").code, 2);
    EXPECT_EQ(data("synth --days 0 --out x").code, 2);
    EXPECT_TRUE(tree(store()).empty());
}

TEST_F(DataCommands, a_home_that_cannot_be_written_is_one_line) {
    const auto file = minutes_file();
    const auto run = engine("data import " + file + " --home " + file);
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.error_line().find("cannot be made"), std::string::npos) << run.err;
}

// A file may not grow past 64 KiB, as on a disk that is full.
TEST_F(DataCommands, a_full_disk_leaves_the_store_as_it_was) {
    ASSERT_EQ(data("import " + minutes_file()).code, 0);
    const auto before = tree(store());
    std::string sorted = kHeader;
    for (int day = 1; day <= 5; ++day) {
        for (int minute = 15; minute < 360; ++minute) {
            char row[100];
            std::snprintf(row, sizeof row, "2024-01-%02dT%02d:%02d:00,100,101,99,100,,\n", day + 7, 9 + minute / 60,
                          minute % 60);
            sorted += row;
        }
    }
    const auto big = write("BANKNIFTY_1m.csv", sorted);
    const std::string command = std::string("bash -c 'ulimit -f 64; trap \"\" XFSZ; ") + engine_program().string() +
                                " data import " + big + " " + minutes_file("more/NIFTY_5m.csv") + " --home " + home() +
                                " 2>" + (folder() / "full").string() + "'";
    const int status = std::system(command.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 2);
    EXPECT_NE(read(folder() / "full").find("cannot be written"), std::string::npos) << read(folder() / "full");
    EXPECT_EQ(tree(store()), before);
    EXPECT_EQ(data("import " + big).code, 0);
}

TEST_F(DataCommands, validate_tells_every_bad_row_and_exits_1) {
    std::string text = kHeader;
    for (int i = 0; i < 12; ++i) text += "2024-01-01T09:15:00,102,101,99,100,,\n";
    const auto file = write("NIFTY_1m.csv", text);
    const auto first = data("validate --data " + file);
    EXPECT_EQ(first.code, 1);
    EXPECT_NE(first.out.find("NIFTY_1m.csv:2: open 102 is outside [99, 101]"), std::string::npos) << first.out;
    EXPECT_EQ(first.out.find("NIFTY_1m.csv:12:"), std::string::npos);
    EXPECT_NE(first.out.find("12 bad: 12 open or close outside [low, high]"), std::string::npos);
    EXPECT_NE(data("validate --all --data " + file).out.find("NIFTY_1m.csv:13:"), std::string::npos);
    const auto json = data("validate --all --json --data " + file).json();
    EXPECT_EQ(json["bad"], 12);
    EXPECT_EQ(json["files"][0]["rejected"].size(), 12);
    EXPECT_EQ(data("validate").code, 0);
}

// A minute of NIFTY, a tick a second; nothing for another; a minute again.
TEST_F(DataCommands, validate_judges_ticks_by_the_settings) {
    std::string text = "ts_ist,ltp\n";
    for (int i = 0; i < 180; ++i) {
        if (i / 60 == 1) continue;
        text += "2024-01-01T10:0" + std::to_string(i / 60) + ":" + (i % 60 < 10 ? "0" : "") + std::to_string(i % 60) +
                ",2150" + std::to_string(i % 7) + "\n";
    }
    const auto file = write("NIFTY_ticks.csv", text);
    const auto strict = data("validate --json --data " + file);
    EXPECT_EQ(strict.code, 1) << strict.err;
    EXPECT_TRUE(strict.json()["files"][0]["doubtful"]) << strict.out;
    const auto config = write("patient.toml", "[data]\nstale_index_s = 300\nstale_feed_s = 300\n");
    const auto patient = data("validate --json --config " + config + " --data " + file);
    EXPECT_EQ(patient.code, 0) << patient.out;
    EXPECT_FALSE(patient.json()["files"][0]["doubtful"]);
}

TEST_F(DataCommands, gaps_and_stats_go_by_the_calendar) {
    // 2024-01-22 was a holiday, 2024-01-20 a Saturday with a session.
    const auto file = write("NIFTY_1d.csv", "date,open,high,low,close\n2024-01-18,1,1,1,1\n2024-01-23,1,1,1,1\n");
    ASSERT_EQ(data("import " + file + " " + minutes_file()).code, 0);
    const auto gaps = data("gaps --json").json()["series"];
    ASSERT_EQ(gaps.size(), 2);
    EXPECT_EQ(gaps[0]["timeframe"], "1m");
    EXPECT_EQ(gaps[0]["expected"], 375);
    EXPECT_EQ(gaps[0]["missing_bars"], 373);
    EXPECT_EQ(gaps[0]["missing"][0]["from"], "2024-01-01T09:17:00+05:30");
    EXPECT_EQ(gaps[1]["missing_sessions"], nlohmann::json::array({"2024-01-19", "2024-01-20"}));
    const auto stats = data("stats --json").json();
    EXPECT_EQ(stats["series"][1]["coverage_pct"], 50.0);
    EXPECT_EQ(stats["series"][0]["state"], "ok");
    EXPECT_NE(data("gaps").out.find("no bars on 2024-01-19 2024-01-20"), std::string::npos) << data("gaps").out;
}

TEST_F(DataCommands, a_backup_is_restored_whole_or_not_at_all) {
    ASSERT_EQ(data("import " + minutes_file() + " " + minutes_file("BANKNIFTY_1m.csv", "99.5")).code, 0);
    const auto saved = tree(store());
    const auto backup = data("backup --json");
    ASSERT_EQ(backup.code, 0) << backup.err;
    const std::string where = backup.json()["backup"];
    EXPECT_EQ(data("restore " + where + " --json").json()["restored"], 0);
    ASSERT_EQ(data("import --replace " + minutes_file("new/NIFTY_1m.csv", "100.25")).code, 0);
    fs::remove_all(store() / "BANKNIFTY");
    const auto changed = tree(store());
    const auto refused = data("restore " + where);
    EXPECT_EQ(refused.code, 2);
    EXPECT_NE(refused.error_line().find("--replace"), std::string::npos) << refused.err;
    EXPECT_EQ(tree(store()), changed);
    EXPECT_EQ(data("restore --replace " + where).code, 0);
    EXPECT_EQ(tree(store()), saved);
    // One wrong byte in one file: nothing is restored.
    fs::remove_all(store());
    std::ofstream(fs::path(where) / "NIFTY" / "1m.json", std::ios::app) << " ";
    const auto damaged = data("restore " + where);
    EXPECT_EQ(damaged.code, 2);
    EXPECT_NE(damaged.error_line().find("sha256"), std::string::npos) << damaged.err;
    EXPECT_TRUE(tree(store()).empty());
}

TEST_F(DataCommands, a_session_journal_gives_its_bars_ticks_and_both_agree) {
    ASSERT_EQ(paper("adx_trend.lua", "--json").code, 0);
    const auto bars = data("import " + journal());
    ASSERT_EQ(bars.code, 0) << bars.err;
    const auto out = folder() / "ticks.ndjson";
    const std::string only = " --symbol NIFTY --symbol INDIAVIX --symbol BANKNIFTY";
    ASSERT_EQ(data("export --ticks " + journal() + only + " --out " + out.string()).code, 0);
    const auto other = (folder() / "other").string();
    ASSERT_EQ(engine("data import " + out.string() + " --home " + other).code, 0);
    for (const std::string series : {"NIFTY --timeframe 1m", "NIFTY --timeframe 1h", "BANKNIFTY --timeframe 5m",
                                     "INDIAVIX --timeframe 1m", "BANKNIFTY --timeframe 1d"}) {
        const auto by_session = data("export --symbol " + series);
        EXPECT_EQ(by_session.code, 0) << series;
        EXPECT_EQ(by_session.out, engine("data export --symbol " + series + " --home " + other).out) << series;
    }
    // From 09:15 to 15:40, the hours since August 2026, are 385 minutes.
    EXPECT_EQ(data("stats --symbol NIFTY --timeframe 1m --json").json()["series"][0]["bars"], 385);
    const auto first = read(out).substr(0, read(out).find('\n'));
    for (const char* key : {"ts_exchange", "ts_utc", "symbol", "token", "ltp"})
        EXPECT_TRUE(nlohmann::json::parse(first).contains(key)) << first;
    EXPECT_EQ(data("import " + minutes_file()).code, 2) << "recorded bars into a synthetic series";
}

TEST_F(DataCommands, a_damaged_file_is_set_aside_and_rebuilt_from_the_journal) {
    ASSERT_EQ(paper("adx_trend.lua", "--json").code, 0);
    ASSERT_EQ(data("import " + journal()).code, 0);
    const auto file = store() / "NIFTY" / "1m.json";
    const std::string whole = read(file);
    std::ofstream(file, std::ios::binary) << whole.substr(0, whole.size() / 2);
    const auto validated = data("validate --symbol NIFTY");
    EXPECT_EQ(validated.code, 1);
    EXPECT_NE(validated.out.find("engine data rebuild"), std::string::npos) << validated.out;
    EXPECT_EQ(data("import " + journal()).code, 2);
    const auto rebuilt = data("rebuild --json");
    EXPECT_EQ(rebuilt.code, 0) << rebuilt.out;
    EXPECT_EQ(rebuilt.json()["series"][0]["rebuilt"], 385);
    EXPECT_EQ(read(file), whole);
    EXPECT_EQ(read(file.string() + ".corrupt-1").size(), whole.size() / 2);
    // What no journal has is said.
    const auto minutes = store() / "OTHER" / "1m.json";
    fs::create_directories(minutes.parent_path());
    std::ofstream(minutes) << R"({"schema_version":1,"symbol":"OTHER","bars":[{"start_ts_utc":"2024-01-01T03:45:00Z",)";
    const auto lost = data("rebuild");
    EXPECT_EQ(lost.code, 1);
    EXPECT_NE(lost.out.find("1 bars that it had could not be rebuilt, 2024-01-01T09:15"), std::string::npos)
        << lost.out;
}

TEST_F(DataCommands, cleanup_shows_first_and_keeps_what_recovery_needs) {
    ASSERT_EQ(paper("adx_trend.lua", "--json").code, 0);
    ASSERT_EQ(data("import " + write("FUT_1m.csv", std::string(kHeader) + "2024-01-01T09:15:00,1,1,1,1,,\n" +
                                                       "2024-03-31T09:15:00,1,1,1,1,,\n"))
                  .code,
              0);
    ASSERT_EQ(
        data("import " + write("FUT_1d.csv", "date,open,high,low,close\n2023-07-01,1,1,1,1\n2023-06-29,1,1,1,1\n"))
            .code,
        2);  // out of order
    ASSERT_EQ(
        data("import " + write("FUT_1d.csv", "date,open,high,low,close\n2023-06-29,1,1,1,1\n2023-07-01,1,1,1,1\n"))
            .code,
        0);
    // Three months before 2024-06-30 is 2024-03-30; a year 2023-06-30.
    const std::string when = "--as-of 2024-06-30";
    const auto before = tree(store());
    EXPECT_EQ(data("cleanup --dry-run " + when).code, 0);
    EXPECT_EQ(data("cleanup " + when).code, 2);
    EXPECT_EQ(tree(store()), before);
    const auto done = data("cleanup --confirm --json " + when);
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(data("export --symbol FUT --timeframe 1m").out, std::string(kHeader) + "2024-03-31T09:15:00,1,1,1,1,,\n");
    EXPECT_EQ(data("export --symbol FUT --timeframe 1d").out, std::string(kHeader) + "2023-07-01T00:00:00,1,1,1,1,,\n");
    // Far in the future the journal is old: it goes only when the store has its session.
    const auto ledger = fs::path(home()) / "ledger.db";
    fs::rename(ledger, folder() / "ledger.db");
    EXPECT_EQ(data("cleanup --confirm --as-of 2090-01-01 --json").json()["journals"][0]["remove"], false);
    EXPECT_NE(journal(), "");
    fs::rename(folder() / "ledger.db", ledger);
    const auto gone = data("cleanup --confirm --as-of 2090-01-01 --json");
    EXPECT_EQ(gone.json()["journals"][0]["remove"], true) << gone.out << gone.err;
    EXPECT_EQ(journal(), "");
}

TEST_F(DataCommands, synthetic_days_are_files_that_a_backtest_takes) {
    const auto out = (folder() / "synthetic").string();
    ASSERT_EQ(data("synth --days 3 --seed 7 --out " + out).code, 0);
    const auto first = tree(out);
    ASSERT_EQ(data("synth --days 3 --seed 7 --out " + out).code, 0);
    EXPECT_EQ(tree(out), first);
    EXPECT_EQ(data("validate --json --data " + out).json()["bad"], 0);
    EXPECT_EQ(data("gaps --json --data " + out).json()["series"][0]["missing_bars"], 0);
    const auto backtest =
        engine("backtest --json --script adx_trend.lua --option-model bs --data " + out + " --home " + home());
    ASSERT_EQ(backtest.code, 0) << backtest.err;
    EXPECT_EQ(backtest.json()["data"]["to"], "2026-11-18");
    EXPECT_EQ(backtest.json()["data"]["from"], "2026-11-16");
    const auto ticks = (folder() / "with_ticks").string();
    ASSERT_EQ(data("synth --days 2 --ticks --out " + ticks).code, 0);
    EXPECT_TRUE(fs::exists(fs::path(ticks) / "ticks" / "synthetic_2026-11-18.ndjson"));
}

TEST_F(DataCommands, an_import_killed_at_any_moment_leaves_the_old_store_or_the_new_one) {
    ASSERT_EQ(data("import " + minutes_file() + " " + minutes_file("BANKNIFTY_1m.csv")).code, 0);
    const auto before = tree(store());
    write("more/NIFTY_1m.csv", std::string(kHeader) + "2024-01-02T09:15:00,100,101,99,100,,\n");
    write("more/BANKNIFTY_1m.csv", std::string(kHeader) + "2024-01-02T09:15:00,100,101,99,100,,\n");
    const std::string more = (folder() / "more").string();
    const auto fresh = home() + "-whole";
    fs::copy(home(), fresh, fs::copy_options::recursive);
    ASSERT_EQ(engine("data import " + more + " --home " + fresh).code, 0);
    const auto after = tree(fs::path(fresh) / "data" / "timeframes");
    int old_ones = 0, new_ones = 0;
    for (int attempt = 0; attempt < 40; ++attempt) {
        const std::string command = std::string("timeout -s KILL ") + std::to_string(0.002 * attempt) + " " +
                                    engine_program().string() + " data import " + more + " --home " + home() +
                                    " >/dev/null 2>&1";
        (void)std::system(("bash -c '" + command + "' 2>/dev/null").c_str());
        ASSERT_EQ(data("stats").code, 0);  // the next opening finishes what was begun
        auto now = tree(store());
        std::erase_if(now, [](const auto& file) { return file.first.starts_with(".transaction"); });
        ASSERT_TRUE(now == before || now == after) << attempt;
        (now == before ? old_ones : new_ones) += 1;
        if (now == before) continue;
        fs::remove_all(store());
        ASSERT_EQ(data("import " + minutes_file() + " " + minutes_file("BANKNIFTY_1m.csv")).code, 0);
    }
    EXPECT_GE(old_ones, 1);
    EXPECT_EQ(old_ones + new_ones, 40);
}

TEST_F(DataCommands, the_dirty_recorded_file_is_told_row_by_row_and_refused) {
    if (data_folder().empty()) GTEST_SKIP() << "real market data is not here (TIDE_DATA)";
    const auto dirty = (data_folder() / "idx_15m_2018_2023").string();
    const auto validated = data("validate --all --json --data " + dirty);
    EXPECT_EQ(validated.code, 1);
    // Counted with awk over the file: rows whose open or close lies outside [low, high].
    EXPECT_EQ(validated.json()["bad"], 472);
    EXPECT_EQ(validated.json()["files"][0]["rejected"].size(), 472);
    EXPECT_EQ(validated.json()["files"][0]["rejected"][0]["line"], 13);
    EXPECT_EQ(data("import " + dirty).code, 2);
    EXPECT_EQ(engine("backtest --script adx_trend.lua --data " + dirty + " --home " + home()).code, 2);
    EXPECT_EQ(
        engine("run --paper --speed max --script adx_trend.lua --feed replay:" + dirty + " --home " + home()).code, 2);
    EXPECT_EQ(data("import --lenient --json " + dirty).json()["rejected_rows"], 472);
}

TEST_F(DataCommands, the_frozen_recorded_feed_is_called_frozen) {
    if (data_folder().empty()) GTEST_SKIP() << "real market data is not here (TIDE_DATA)";
    const auto chain = (data_folder() / "chain_nse_20250829" / "NIFTY_chain_2025-08-27.csv.gz").string();
    const auto validated = data("validate --data " + chain);
    EXPECT_EQ(validated.code, 1);
    EXPECT_NE(validated.out.find(": frozen feed: "), std::string::npos) << validated.out;
}

TEST_F(DataCommands, recorded_months_go_in_and_out_unchanged) {
    if (data_folder().empty()) GTEST_SKIP() << "real market data is not here (TIDE_DATA)";
    ASSERT_EQ(data("import " + (data_folder() / "idx_1m_2024").string()).code, 0);
    const auto out = data("export --symbol NIFTY");
    ASSERT_EQ(out.code, 0);
    const auto plain = folder() / "plain.csv";
    ASSERT_EQ(
        std::system(
            ("zcat " + (data_folder() / "idx_1m_2024" / "NIFTY_1m_*.csv.gz").string() + " >" + plain.string()).c_str()),
        0);
    std::istringstream exported(out.out), original(read(plain));
    std::string ours, theirs;
    int64_t rows = 0;
    for (std::getline(exported, ours), std::getline(original, theirs); std::getline(exported, ours); ++rows) {
        ASSERT_TRUE(std::getline(original, theirs));
        ASSERT_EQ(ours.substr(0, 19), theirs.substr(0, 19));
        double a[4], b[4];
        ASSERT_EQ(std::sscanf(ours.c_str() + 20, "%lf,%lf,%lf,%lf", &a[0], &a[1], &a[2], &a[3]), 4);
        ASSERT_EQ(std::sscanf(theirs.c_str() + 20, "%lf,%lf,%lf,%lf", &b[0], &b[1], &b[2], &b[3]), 4);
        for (int i = 0; i < 4; ++i) ASSERT_EQ(a[i], b[i]) << theirs;
    }
    EXPECT_EQ(rows, 36960);
    // The sessions that the data's own description calls absent and the calendar knows.
    EXPECT_EQ(data("gaps --json --symbol NIFTY").json()["series"][0]["missing_bars"], 0);
}

}  // namespace
}  // namespace tide
