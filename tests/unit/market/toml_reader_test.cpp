#include "market/toml_reader.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

namespace tide {
namespace {

class TomlFile : public testing::Test {
  public:
    ~TomlFile() override {
        std::error_code ignored;
        std::filesystem::remove(path_, ignored);
    }

  protected:
    // What reading the text ends with: "" or the error without the file's name.
    std::string outcome(const std::string& text) {
        std::ofstream(path_, std::ios::binary) << text;
        const auto opened = TomlReader::open(path_);
        return opened ? "" : opened.error().message.substr(path_.string().size());
    }
    static std::string repeated(std::string_view text, int times) {
        std::string all;
        for (int i = 0; i < times; ++i) all += text;
        return all;
    }

  private:
    std::filesystem::path path_ =
        std::filesystem::temp_directory_path() / ("tide_toml_reader_" + std::to_string(::getpid()) + ".toml");
};

// Each part of a dotted key is a table in a table: taking a hundred thousand of them apart ran out of stack.
TEST_F(TomlFile, a_key_of_very_many_parts_is_refused) {
    EXPECT_EQ(outcome("x = 1\n" + repeated("a.", 200'000) + "a = 1\n"), ":2: a key of more than 50 parts");
    EXPECT_EQ(outcome("[" + repeated("a.", 51) + "a]\n"), ":1: a key of more than 50 parts");
    EXPECT_EQ(outcome(repeated("a.", 50) + "a = 1\n"), "");
}

TEST_F(TomlFile, the_deepest_file_that_is_left_is_read_or_refused) {
    const std::string key = repeated("a.", 50) + "a = ";
    for (const int levels : {100, 250, 300}) {
        const std::string text = repeated(key + "{ ", levels) + key + "1" + repeated(" }", levels);
        EXPECT_EQ(outcome(text).empty(), levels < 256) << levels;
    }
}

}  // namespace
}  // namespace tide
