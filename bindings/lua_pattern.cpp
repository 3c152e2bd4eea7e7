#include "bindings/lua_pattern.hpp"

#include <cctype>
#include <cstring>

namespace tide {
namespace {

int byte_of(char c) { return static_cast<unsigned char>(c); }

// "%a" and its like; an upper-case letter is the complement, anything else stands for itself.
bool matches_class(int c, int letter) {
    bool result = false;
    switch (std::tolower(letter)) {
        case 'a':
            result = std::isalpha(c) != 0;
            break;
        case 'c':
            result = std::iscntrl(c) != 0;
            break;
        case 'd':
            result = std::isdigit(c) != 0;
            break;
        case 'g':
            result = std::isgraph(c) != 0;
            break;
        case 'l':
            result = std::islower(c) != 0;
            break;
        case 'p':
            result = std::ispunct(c) != 0;
            break;
        case 's':
            result = std::isspace(c) != 0;
            break;
        case 'u':
            result = std::isupper(c) != 0;
            break;
        case 'w':
            result = std::isalnum(c) != 0;
            break;
        case 'x':
            result = std::isxdigit(c) != 0;
            break;
        case 'z':
            result = c == 0;
            break;
        default:
            return letter == c;
    }
    return std::isupper(letter) != 0 ? !result : result;
}

// `p` at '[', `last` at the closing ']'.
bool matches_set(int c, const char* p, const char* last) {
    bool wanted = true;
    if (p[1] == '^') {
        wanted = false;
        ++p;
    }
    while (++p < last) {
        if (*p == '%') {
            ++p;
            if (matches_class(c, byte_of(*p))) return wanted;
        } else if (p[1] == '-' && p + 2 < last) {
            p += 2;
            if (byte_of(p[-2]) <= c && c <= byte_of(*p)) return wanted;
        } else if (byte_of(*p) == c) {
            return wanted;
        }
    }
    return !wanted;
}

}  // namespace

LuaPatternMatch::LuaPatternMatch(std::string_view subject, std::string_view pattern, int64_t& steps) noexcept
    : subject_(subject),
      subject_end_(subject.data() + subject.size()),
      pattern_begin_(pattern.data()),
      pattern_end_(pattern.data() + pattern.size()),
      steps_(&steps) {}

const char* LuaPatternMatch::fail(Problem problem) noexcept {
    if (problem_ == Problem::none) problem_ = problem;
    return nullptr;
}

bool LuaPatternMatch::step() noexcept {
    if (--*steps_ >= 0) return true;
    fail(Problem::out_of_steps);
    return false;
}

const char* LuaPatternMatch::at(const char* start) noexcept {
    captures_ = 0;
    depth_ = 0;
    return match(start, pattern_begin_);
}

const char* LuaPatternMatch::search(const char* start, bool anchored, const char*& begin) noexcept {
    for (begin = start;; ++begin) {
        const char* end = at(begin);
        if (end != nullptr || problem_ != Problem::none || anchored || begin >= subject_end_) return end;
    }
}

const char* LuaPatternMatch::match(const char* s, const char* p) noexcept {
    if (++depth_ > kDepthMax) return fail(Problem::too_complex);
    const char* result = s;
    while (p != pattern_end_) {
        if (!step()) {
            result = nullptr;
            break;
        }
        bool again = false;
        const char* next_s = s;
        const char* next_p = p;
        result = match_default(s, p, again, next_s, next_p);
        if (!again) break;
        result = s = next_s;
        p = next_p;
    }
    --depth_;
    return result;
}

// One pattern item. Either the rest of the match (again = false), or where to go on.
const char* LuaPatternMatch::match_default(const char* s, const char* p, bool& again, const char*& next_s,
                                           const char*& next_p) noexcept {
    const auto go_on = [&](const char* new_s, const char* new_p) {
        again = new_s != nullptr;
        next_s = new_s;
        next_p = new_p;
        return new_s;
    };
    if (*p == '(')
        return p + 1 < pattern_end_ && p[1] == ')' ? start_capture(s, p + 2, kPosition)
                                                   : start_capture(s, p + 1, kOpen);
    if (*p == ')') return end_capture(s, p + 1);
    if (*p == '$' && p + 1 == pattern_end_) return s == subject_end_ ? s : nullptr;
    if (*p == '%' && p + 1 < pattern_end_) {
        if (p[1] == 'b') return go_on(match_balance(s, p + 2), p + 4);
        if (p[1] == 'f') {
            const char* set = p + 2;
            if (set >= pattern_end_ || *set != '[') return fail(Problem::malformed_frontier);
            const char* set_end = class_end(set);
            if (set_end == nullptr || !frontier_holds(s, set, set_end - 1)) return nullptr;
            return go_on(s, set_end);
        }
        if (std::isdigit(byte_of(p[1])) != 0) return go_on(match_back_reference(s, p[1]), p + 2);
    }
    const char* end = class_end(p);
    if (end == nullptr) return nullptr;
    const char suffix = end < pattern_end_ ? *end : '\0';
    if (suffix == '*') return max_expand(s, p, end);
    if (suffix == '+') return single_match(s, p, end) ? max_expand(s + 1, p, end) : nullptr;
    if (suffix == '-') return min_expand(s, p, end);
    const bool matched = single_match(s, p, end);
    if (suffix == '?') {
        if (matched) {
            if (const char* rest = match(s + 1, end + 1)) return rest;
            if (problem_ != Problem::none) return nullptr;
        }
        return go_on(s, end + 1);
    }
    return matched ? go_on(s + 1, end) : nullptr;
}

const char* LuaPatternMatch::class_end(const char* p) noexcept {
    if (*p == '%') return p + 1 == pattern_end_ ? fail(Problem::malformed_end) : p + 2;
    if (*p != '[') return p + 1;
    ++p;
    if (p < pattern_end_ && *p == '^') ++p;
    do {  // a ']' right after the '[' is an ordinary character
        if (p == pattern_end_) return fail(Problem::malformed_set);
        if (*p++ == '%') {
            if (p >= pattern_end_) return fail(Problem::malformed_set);
            ++p;
        }
    } while (p == pattern_end_ || *p != ']');
    return p + 1;
}

bool LuaPatternMatch::single_match(const char* s, const char* p, const char* end) noexcept {
    if (s >= subject_end_ || !step()) return false;
    const int c = byte_of(*s);
    switch (*p) {
        case '.':
            return true;
        case '%':
            return matches_class(c, byte_of(p[1]));
        case '[':
            *steps_ -= (end - p) / 4;
            return matches_set(c, p, end - 1);
        default:
            return byte_of(*p) == c;
    }
}

const char* LuaPatternMatch::max_expand(const char* s, const char* p, const char* end) noexcept {
    ptrdiff_t count = 0;
    while (single_match(s + count, p, end)) ++count;
    for (; count >= 0; --count) {
        const char* rest = match(s + count, end + 1);
        if (rest != nullptr || problem_ != Problem::none) return rest;
    }
    return nullptr;
}

const char* LuaPatternMatch::min_expand(const char* s, const char* p, const char* end) noexcept {
    for (;; ++s) {
        const char* rest = match(s, end + 1);
        if (rest != nullptr || problem_ != Problem::none) return rest;
        if (!single_match(s, p, end)) return nullptr;
    }
}

const char* LuaPatternMatch::match_balance(const char* s, const char* p) noexcept {
    if (p + 1 >= pattern_end_) return fail(Problem::malformed_balance);
    if (s >= subject_end_ || *s != *p) return nullptr;
    ptrdiff_t open = 1;
    while (++s < subject_end_) {
        if (!step()) return nullptr;
        if (*s == p[1]) {
            if (--open == 0) return s + 1;
        } else if (*s == *p) {
            ++open;
        }
    }
    return nullptr;
}

const char* LuaPatternMatch::match_back_reference(const char* s, char digit) noexcept {
    const int i = digit - '1';
    if (i < 0 || i >= captures_ || capture(i).length == kOpen) return fail(Problem::bad_capture);
    if (capture(i).length == kPosition) return nullptr;  // a position equals no text, as in LuaJIT
    const ptrdiff_t length = capture(i).length;
    *steps_ -= length;
    if (subject_end_ - s < length || std::memcmp(capture(i).begin, s, static_cast<size_t>(length)) != 0) return nullptr;
    return s + length;
}

bool LuaPatternMatch::frontier_holds(const char* s, const char* set, const char* set_end) noexcept {
    const int before = s == subject_.data() ? 0 : byte_of(s[-1]);
    const int here = s < subject_end_ ? byte_of(*s) : 0;
    return !matches_set(before, set, set_end) && matches_set(here, set, set_end);
}

const char* LuaPatternMatch::start_capture(const char* s, const char* p, ptrdiff_t what) noexcept {
    if (captures_ >= kCapturesMax) return fail(Problem::too_many_captures);
    capture_[static_cast<size_t>(captures_++)] = Capture{s, what};
    const char* rest = match(s, p);
    if (rest == nullptr) --captures_;
    return rest;
}

const char* LuaPatternMatch::end_capture(const char* s, const char* p) noexcept {
    int open = captures_ - 1;
    while (open >= 0 && capture(open).length != kOpen) --open;
    if (open < 0) return fail(Problem::bad_capture);
    Capture& closed = capture_[static_cast<size_t>(open)];
    closed.length = s - closed.begin;
    const char* rest = match(s, p);
    if (rest == nullptr) closed.length = kOpen;
    return rest;
}

const char* text_of(LuaPatternMatch::Problem problem) {
    using Problem = LuaPatternMatch::Problem;
    switch (problem) {
        case Problem::none:
            return "";
        case Problem::out_of_steps:
            return "pattern matching used up the instruction budget";
        case Problem::too_complex:
            return "pattern too complex";
        case Problem::malformed_end:
            return "malformed pattern (ends with '%')";
        case Problem::malformed_set:
            return "malformed pattern (missing ']')";
        case Problem::malformed_frontier:
            return "missing '[' after '%f' in pattern";
        case Problem::malformed_balance:
            return "malformed pattern (missing arguments to '%b')";
        case Problem::bad_capture:
            return "invalid pattern capture";
        case Problem::too_many_captures:
            return "too many captures";
        case Problem::unfinished_capture:
            return "unfinished capture";
    }
    return "";
}

}  // namespace tide
