#include "ops/script_watcher.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <fstream>

namespace tide {
namespace {

namespace fs = std::filesystem;

// The ways in which editors and tools write files.
class ScriptWatcherTest : public ::testing::Test {
  protected:
    ScriptWatcherTest() {
        folder = fs::temp_directory_path() / ("tide-watch-" + std::to_string(::getpid()));
        fs::remove_all(folder);
        fs::create_directories(folder / "strategies");
        fs::create_directories(folder / "scripts");
        write(folder / "strategies/s.lua", "one");
        auto opened = ScriptWatcher::open();
        if (opened) watcher.emplace(std::move(*opened));
    }
    ~ScriptWatcherTest() override { fs::remove_all(folder); }
    void SetUp() override {
        if (!watcher) GTEST_SKIP() << "no inotify instance is left on this machine";
        EXPECT_TRUE(watcher->follow({folder / "strategies/s.lua", folder / "scripts/any.lua"}));
    }

    static void write(const fs::path& file, const std::string& text) { std::ofstream(file) << text; }
    // Waits for the first sign, not longer than needed.
    bool noticed() {
        pollfd source{watcher->descriptor(), POLLIN, 0};
        while (::poll(&source, 1, 200) == 1) {
            if (watcher->take()) return true;
        }
        return false;
    }

    fs::path folder;
    std::optional<ScriptWatcher> watcher;
};

TEST_F(ScriptWatcherTest, a_file_written_in_place_is_noticed) {
    write(folder / "strategies/s.lua", "two");
    EXPECT_TRUE(noticed());
}

TEST_F(ScriptWatcherTest, a_file_moved_over_the_old_one_is_noticed) {
    write(folder / "strategies/.s.lua.swp", "two");
    fs::rename(folder / "strategies/.s.lua.swp", folder / "strategies/s.lua");
    EXPECT_TRUE(noticed());
}

TEST_F(ScriptWatcherTest, a_file_deleted_and_made_again_is_noticed_both_times) {
    fs::remove(folder / "strategies/s.lua");
    EXPECT_TRUE(noticed());
    write(folder / "strategies/s.lua", "two");
    EXPECT_TRUE(noticed());
}

TEST_F(ScriptWatcherTest, a_module_in_its_folder_is_noticed_before_it_is_known) {
    write(folder / "scripts/ladder.lua", "return {}");
    EXPECT_TRUE(noticed());
}

TEST_F(ScriptWatcherTest, files_that_are_no_scripts_are_not_noticed) {
    write(folder / "strategies/notes.txt", "x");
    write(folder / "strategies/4913", "x");
    EXPECT_FALSE(noticed());
}

TEST_F(ScriptWatcherTest, the_target_of_a_link_is_noticed) {
    fs::create_directories(folder / "elsewhere");
    write(folder / "elsewhere/real.lua", "one");
    fs::create_symlink(folder / "elsewhere/real.lua", folder / "strategies/link.lua");
    EXPECT_TRUE(watcher->follow({folder / "strategies/link.lua"}));
    while (noticed()) {
    }
    write(folder / "elsewhere/real.lua", "two");
    EXPECT_TRUE(noticed());
}

TEST_F(ScriptWatcherTest, a_link_to_a_folder_that_is_switched_is_noticed) {
    for (const char* release : {"v1", "v2"}) {
        fs::create_directories(folder / release);
        write(folder / release / "s.lua", release);
    }
    fs::create_directory_symlink("v1", folder / "current");
    EXPECT_TRUE(watcher->follow({folder / "current/s.lua"}));
    fs::create_directory_symlink("v2", folder / "next");
    fs::rename(folder / "next", folder / "current");
    EXPECT_TRUE(noticed());
    EXPECT_TRUE(watcher->follow({folder / "current/s.lua"}));
    write(folder / "v2/s.lua", "v2 again");
    EXPECT_TRUE(noticed());
}

TEST_F(ScriptWatcherTest, a_folder_that_is_not_there_is_said_and_one_made_again_is_watched_anew) {
    EXPECT_FALSE(watcher->follow({folder / "gone/s.lua"}));
    EXPECT_TRUE(watcher->follow({folder / "strategies/s.lua"}));
    fs::remove_all(folder / "strategies");
    EXPECT_TRUE(noticed());
    fs::create_directories(folder / "strategies");
    EXPECT_TRUE(watcher->follow({folder / "strategies/s.lua"}));
    write(folder / "strategies/s.lua", "back");
    EXPECT_TRUE(noticed());
}

}  // namespace
}  // namespace tide
