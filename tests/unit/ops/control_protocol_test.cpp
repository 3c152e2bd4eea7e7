#include "ops/control_protocol.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

TEST(ControlProtocol, a_request_is_read_as_it_was_written) {
    ControlRequest request;
    request.command = CommandKind::kill_switch;
    request.reason = "it's \"wrong\" – really";
    request.argument = "a=1;b=2";
    const auto read = parse_control_request(to_line(request).substr(0, to_line(request).size() - 1));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_FALSE(read->view);
    EXPECT_EQ(read->command, CommandKind::kill_switch);
    EXPECT_EQ(read->reason, request.reason);
    EXPECT_EQ(read->argument, request.argument);
    EXPECT_EQ(parse_control_request(R"({"command":"positions"})")->view, ControlView::positions);
}

TEST(ControlProtocol, every_command_has_a_name) {
    for (size_t i = 0; i < kCommandKindCount; ++i) {
        ControlRequest request;
        request.command = static_cast<CommandKind>(i);
        const std::string line = to_line(request);
        ASSERT_TRUE(parse_control_request(line)) << line;
        EXPECT_EQ(parse_control_request(line)->command, request.command);
    }
}

TEST(ControlProtocol, what_is_no_request_is_refused_in_one_line) {
    const std::string long_reason =
        R"({"command":"pause","reason":")" + std::string(kControlReasonMax + 1, 'x') + "\"}";
    for (const std::string& line :
         {std::string(), std::string("pause"), std::string("[]"), std::string("{"), std::string("{}"),
          std::string("null"), std::string(R"({"command":1})"), std::string(R"({"command":"fly"})"),
          std::string(R"({"command":"pause","more":1})"), std::string(R"({"command":"pause","reason":5})"),
          std::string(R"({"command":"pause","reason":"a\nb"})"), std::string(R"({"command":"pause","confirm":"yes"})"),
          std::string("{\"command\":\"pause\",\"reason\":\"\xff\"}"), long_reason,
          std::string(kControlLineMax + 1, ' ')}) {
        const auto read = parse_control_request(line);
        ASSERT_FALSE(read) << line.substr(0, 80);
        EXPECT_EQ(read.error().code, ErrorCode::usage);
        EXPECT_EQ(read.error().message.find('\n'), std::string::npos);
    }
}

TEST(ControlProtocol, the_kill_switch_and_resume_must_be_confirmed) {
    EXPECT_FALSE(parse_control_request(R"({"command":"kill_switch"})"));
    EXPECT_FALSE(parse_control_request(R"({"command":"kill_switch","confirm":false})"));
    EXPECT_TRUE(parse_control_request(R"({"command":"kill_switch","confirm":true})"));
    EXPECT_FALSE(parse_control_request(R"({"command":"resume","reason":"x"})"));
}

TEST(ControlProtocol, an_answer_is_read_as_it_was_written) {
    const ControlAnswer answer{"refused", "max_positions: 3 of 3", R"({"a":[1,2]})"};
    const auto read = parse_control_answer(to_line(answer));
    ASSERT_TRUE(read);
    EXPECT_FALSE(read->ok());
    EXPECT_EQ(read->code, "refused");
    EXPECT_EQ(read->text, answer.text);
    EXPECT_EQ(read->data, answer.data);
    EXPECT_FALSE(parse_control_answer("{\"ok\":true}"));
    EXPECT_EQ(error_code_of("refused"), ErrorCode::halted);
    EXPECT_EQ(error_code_of("not_found"), ErrorCode::usage);
    EXPECT_EQ(error_code_of("busy"), ErrorCode::unreachable);
}

}  // namespace
}  // namespace tide
