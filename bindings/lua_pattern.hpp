#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace tide {

// Lua 5.1 patterns (reference manual, section 5.4.1) with every step counted. LuaJIT's own matcher cannot be stopped: a
// pattern of a dozen `.-` on 3 KB runs for years.
class LuaPatternMatch {
  public:
    static constexpr int kCapturesMax = 32;
    static constexpr int kDepthMax = 200;
    enum class Problem : uint8_t {
        none,
        out_of_steps,
        too_complex,
        malformed_end,       // ends with '%'
        malformed_set,       // missing ']'
        malformed_frontier,  // missing '[' after '%f'
        malformed_balance,   // missing arguments to '%b'
        bad_capture,
        too_many_captures,
        unfinished_capture,
    };
    struct Capture {
        const char* begin = nullptr;
        ptrdiff_t length = 0;  // or kOpen, kPosition
    };
    static constexpr ptrdiff_t kOpen = -1;
    static constexpr ptrdiff_t kPosition = -2;

    // `steps` falls by one for each character looked at; below zero ends the match with out_of_steps.
    LuaPatternMatch(std::string_view subject, std::string_view pattern, int64_t& steps) noexcept;

    // Matches the pattern (without a leading '^') at exactly `start`. The end of the match, or nullptr when there is
    // none or there is a problem.
    const char* at(const char* start) noexcept;
    // From `start` onwards; sets `begin` to where it matched. Stops after the first try when `anchored`.
    const char* search(const char* start, bool anchored, const char*& begin) noexcept;

    Problem problem() const { return problem_; }
    int captures() const { return captures_; }
    const Capture& capture(int i) const { return capture_[static_cast<size_t>(i)]; }

  private:
    const char* match(const char* s, const char* p) noexcept;
    const char* match_default(const char* s, const char* p, bool& again, const char*& next_s,
                              const char*& next_p) noexcept;
    const char* class_end(const char* p) noexcept;
    bool single_match(const char* s, const char* p, const char* end) noexcept;
    const char* max_expand(const char* s, const char* p, const char* end) noexcept;
    const char* min_expand(const char* s, const char* p, const char* end) noexcept;
    const char* match_balance(const char* s, const char* p) noexcept;
    const char* match_back_reference(const char* s, char digit) noexcept;
    bool frontier_holds(const char* s, const char* set, const char* set_end) noexcept;
    const char* start_capture(const char* s, const char* p, ptrdiff_t what) noexcept;
    const char* end_capture(const char* s, const char* p) noexcept;
    const char* fail(Problem problem) noexcept;
    bool step() noexcept;

    std::string_view subject_;
    const char* subject_end_;
    const char* pattern_begin_;
    const char* pattern_end_;
    int64_t* steps_;
    int depth_ = 0;
    int captures_ = 0;
    Problem problem_ = Problem::none;
    std::array<Capture, kCapturesMax> capture_;
};

// For a person.
const char* text_of(LuaPatternMatch::Problem problem);

}  // namespace tide
