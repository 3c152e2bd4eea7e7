#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tide::fuzz {

// Damages texts the way a fuzzer does: bits, bytes, chunks, numbers at their limits, pieces of other inputs. The same
// seed gives the same inputs.
class Mutator {
  public:
    Mutator(std::vector<std::string> inputs, uint64_t seed) : inputs_(std::move(inputs)), state_(seed) {}
    // One of the inputs with one to four changes.
    std::string next();

  private:
    uint64_t random();
    size_t below(size_t limit) { return limit == 0 ? 0 : static_cast<size_t>(random() % limit); }
    void change(std::string& text);
    void insert_word(std::string& text);

    std::vector<std::string> inputs_;
    uint64_t state_;
};

}  // namespace tide::fuzz
