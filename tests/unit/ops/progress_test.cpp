#include "ops/progress.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tide {
namespace {

class ProgressTest : public testing::Test {
  protected:
    ~ProgressTest() override { std::fclose(out_); }
    std::string written() {
        std::fflush(out_);
        std::rewind(out_);
        std::string text(4096, '\0');
        text.resize(std::fread(text.data(), 1, text.size(), out_));
        return text;
    }
    std::FILE* out_ = std::tmpfile();
    Duration now_{0};
    Progress::Clock clock_ = [this] { return now_; };
};

TEST_F(ProgressTest, work_of_two_seconds_shows_nothing) {
    {
        Progress progress(out_, true, "import", clock_);
        for (; now_ < seconds(2); now_ += milliseconds(10)) progress.update(0.5);
    }
    EXPECT_EQ(written(), "");
}

TEST_F(ProgressTest, longer_work_shows_a_bar_and_wipes_it) {
    {
        Progress progress(out_, true, "import", clock_);
        now_ = seconds(3);
        progress.update(0.5);
    }
    EXPECT_EQ(written(), "\rimport [###############...............]  50%\r" + std::string(44, ' ') + "\r");
}

TEST_F(ProgressTest, ten_times_a_second_at_most) {
    {
        Progress progress(out_, true, "x", clock_);
        now_ = seconds(3);
        for (int i = 0; i < 1000; ++i, now_ += milliseconds(1)) progress.update(0.1);
    }
    const std::string text = written();
    EXPECT_EQ(std::count(text.begin(), text.end(), '%'), 10);
}

TEST_F(ProgressTest, nothing_is_drawn_into_a_pipe) {
    {
        Progress progress(out_, false, "import", clock_);
        now_ = seconds(60);
        progress.update(0.5);
    }
    EXPECT_EQ(written(), "");
}

}  // namespace
}  // namespace tide
