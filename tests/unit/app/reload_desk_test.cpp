#include "app/reload_desk.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "bindings/script_bundle.hpp"

namespace tide {
namespace {

namespace fs = std::filesystem;
constexpr auto kLong = std::chrono::seconds(20);
constexpr auto kNothingComes = std::chrono::milliseconds(250);  // five debounces

class ReloadDeskTest : public ::testing::Test {
  protected:
    ReloadDeskTest() : folder(fs::temp_directory_path() / ("tide-desk-" + std::to_string(::getpid()))) {
        fs::remove_all(folder);
        fs::create_directories(folder / "scripts");
        fs::create_directories(folder / "strategies");
        write("scripts/helper.lua", "return { one = 1 }");
        write("strategies/s.lua", strategy("1.0.0"));
    }
    ~ReloadDeskTest() override {
        desk.reset();
        fs::remove_all(folder);
    }
    void write(const std::string& name, const std::string& text) const { std::ofstream(folder / name) << text; }
    static std::string strategy(const std::string& version, const std::string& more = "") {
        return "local helper = require 'helper'\nlocal S = strategy { name = 'own_name', version = '" + version +
               "', api = 1, needs = { symbols = { 'NIFTY' }, bars = { '1m' } } }\n" + more + "\nreturn S\n";
    }
    void open() {
        auto bundle = load_bundle(folder / "strategies/s.lua", {folder / "scripts"});
        ASSERT_TRUE(bundle);
        ReloadDeskOptions options;
        options.subjects.push_back({StrategyId(1), "own_name", folder / "strategies/s.lua", *bundle});
        options.module_folders = {folder / "scripts"};
        options.state_folder = folder / "state";
        options.ready = [this] {
            const std::lock_guard lock(mutex);
            ++ready;
            came.notify_all();
        };
        desk = std::make_unique<ReloadDesk>(std::move(options));
    }
    // The next command, or nothing when none comes.
    std::optional<OperatorCommand> next(std::chrono::milliseconds wait = kLong) {
        if (waiting.empty()) {
            std::unique_lock lock(mutex);
            if (!came.wait_for(lock, wait, [this] { return ready > 0; })) return std::nullopt;
            ready = 0;
            lock.unlock();
            for (auto& command : desk->take()) waiting.push_back(std::move(command));
        }
        if (waiting.empty()) return std::nullopt;
        auto first = std::move(waiting.front());
        waiting.erase(waiting.begin());
        return first;
    }

    fs::path folder;
    std::unique_ptr<ReloadDesk> desk;
    std::mutex mutex;
    std::condition_variable came;
    int ready = 0;
    std::vector<OperatorCommand> waiting;
};

TEST_F(ReloadDeskTest, a_changed_file_comes_with_all_its_sources) {
    open();
    write("strategies/s.lua", strategy("1.1.0"));
    const auto command = next();
    ASSERT_TRUE(command);
    EXPECT_EQ(command->kind, CommandKind::reload);
    EXPECT_EQ(command->operator_name, "engine");
    EXPECT_EQ(command->argument, "script=s");
    ASSERT_EQ(command->scripts.size(), 1U);
    EXPECT_EQ(command->scripts[0].strategy, StrategyId(1));
    EXPECT_EQ(command->scripts[0].text, strategy("1.1.0"));
    ASSERT_EQ(command->scripts[0].modules.size(), 1U);
}

TEST_F(ReloadDeskTest, a_changed_module_is_a_new_version) {
    open();
    write("scripts/helper.lua", "return { one = 2 }");
    const auto command = next();
    ASSERT_TRUE(command);
    EXPECT_EQ(command->scripts.at(0).modules.at(0).text, "return { one = 2 }");
}

TEST_F(ReloadDeskTest, the_same_contents_written_again_are_no_change) {
    open();
    write("strategies/s.lua", strategy("1.0.0"));
    EXPECT_FALSE(next(kNothingComes));
}

TEST_F(ReloadDeskTest, a_half_written_file_is_refused_and_the_whole_one_taken) {
    open();
    write("strategies/s.lua", "local S = strategy { name = 'own_name', ver");
    const auto half = next();
    ASSERT_TRUE(half);
    EXPECT_EQ(half->argument, "script=s;refused=yes");
    EXPECT_NE(half->reason.find("s.lua:1"), std::string::npos) << half->reason;
    write("strategies/s.lua", strategy("1.1.0"));
    const auto whole = next();
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->argument, "script=s");
}

TEST_F(ReloadDeskTest, a_missing_module_is_named_and_its_coming_noticed) {
    open();
    write("strategies/s.lua", "require 'later'\n" + strategy("1.1.0"));
    const auto refused = next();
    ASSERT_TRUE(refused);
    EXPECT_NE(refused->reason.find("later"), std::string::npos) << refused->reason;
    write("scripts/later.lua", "return 1");
    const auto taken = next();
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->scripts.at(0).modules.size(), 2U);
}

TEST_F(ReloadDeskTest, an_operator_gets_an_answer_whether_the_file_changed_or_not) {
    open();
    desk->ask({CommandKind::reload, "asha", "script=own_name;now=yes;confirm=yes", "why not", 7});
    const auto same = next();
    ASSERT_TRUE(same);
    EXPECT_EQ(same->ticket, 7U);
    EXPECT_EQ(same->argument, "script=own_name;now=yes;confirm=yes");
    EXPECT_EQ(same->scripts.size(), 1U);
    fs::remove(folder / "strategies/s.lua");
    desk->ask({CommandKind::reload, "asha", "", "", 8});
    for (auto refused = next(); refused; refused = next(kNothingComes)) {
        EXPECT_EQ(refused->argument, "script=s;refused=yes");
        EXPECT_NE(refused->reason.find("cannot open"), std::string::npos);
        if (refused->ticket == 8) return;
    }
    FAIL() << "the ticket was never answered";
}

TEST_F(ReloadDeskTest, states_are_on_the_disk_when_the_desk_closes) {
    open();
    desk->keep("own_name", {"1.0.0", ReceiveTime(Duration(5)), "tide1{}"});
    desk->keep("own_name", {"1.0.0", ReceiveTime(Duration(6)), "tide1{N1;T}"});
    desk.reset();
    const auto state = read_saved_state(folder / "state", "own_name");
    ASSERT_TRUE(state);
    ASSERT_TRUE(*state);
    EXPECT_EQ((*state)->version, "1.0.0");
    EXPECT_EQ((*state)->at, ReceiveTime(Duration(6)));
    EXPECT_EQ((*state)->bytes, "tide1{N1;T}");
    std::ofstream(folder / "state/own_name.state", std::ios::app) << "x";
    const auto damaged = read_saved_state(folder / "state", "own_name");
    ASSERT_FALSE(damaged);
    EXPECT_EQ(damaged.error().code, ErrorCode::corrupt);
    EXPECT_NE(damaged.error().message.find("remove the file"), std::string::npos);
    const auto none = read_saved_state(folder / "state", "other");
    ASSERT_TRUE(none);
    EXPECT_FALSE(*none);
}

}  // namespace
}  // namespace tide
