#include "mutator.hpp"

#include <algorithm>
#include <array>

namespace tide::fuzz {
namespace {

constexpr size_t kLargest = 4096;

// What parsers stumble over.
constexpr std::array<std::string_view, 26> kWords{"-",
                                                  "0",
                                                  "-1",
                                                  "1e308",
                                                  "1e-308",
                                                  "nan",
                                                  "inf",
                                                  "9223372036854775807",
                                                  "-9223372036854775808",
                                                  "18446744073709551616",
                                                  "0.00005",
                                                  "\"",
                                                  "'",
                                                  "\n",
                                                  "\r\n",
                                                  ",",
                                                  "=",
                                                  "[",
                                                  "]",
                                                  "{",
                                                  "}",
                                                  "\xff\xfe",
                                                  "\xef\xbb\xbf",
                                                  "2024-02-30",
                                                  "99:99:99",
                                                  "%"};

}  // namespace

// SplitMix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014).
uint64_t Mutator::random() {
    uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

std::string Mutator::next() {
    std::string text = inputs_[below(inputs_.size())];
    for (size_t changes = 1 + below(4); changes > 0; --changes) change(text);
    if (text.size() > kLargest) text.resize(kLargest);
    return text;
}

void Mutator::insert_word(std::string& text) { text.insert(below(text.size() + 1), kWords[below(kWords.size())]); }

void Mutator::change(std::string& text) {
    const size_t at = below(text.size());
    const size_t length = std::min(text.size() - std::min(at, text.size()), size_t(1) + below(16));
    switch (below(9)) {
        case 0:
            if (!text.empty()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
            break;
        case 1:
            if (!text.empty()) text[at] = static_cast<char>(random());
            break;
        case 2:
            text.erase(at, length);
            break;
        case 3:
            text.insert(at, text.substr(at, length));
            break;
        case 4:
            text.resize(at);
            break;
        case 5: {
            const std::string& other = inputs_[below(inputs_.size())];
            text.insert(at, other.substr(below(other.size()), 1 + below(64)));
            break;
        }
        case 6: {
            const size_t from = below(text.size());
            if (length > 0) text.replace(at, length, text.substr(from, length));
            break;
        }
        case 7:
            text.insert(at, std::string(1 + below(300), text.empty() ? 'x' : text[at]));
            break;
        default:
            insert_word(text);
    }
}

}  // namespace tide::fuzz
