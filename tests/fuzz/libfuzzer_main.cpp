#include <cstddef>
#include <cstdint>

#include "targets.hpp"

// TIDE_FUZZ_TARGET names the function of targets.hpp that this program drives.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
    tide::fuzz::TIDE_FUZZ_TARGET({reinterpret_cast<const char*>(bytes), size});
    return 0;
}
