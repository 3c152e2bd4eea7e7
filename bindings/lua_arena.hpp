#pragma once
#include <setjmp.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "bindings/lua_limits.hpp"

namespace tide {

// The memory of one lua_State: counts what is live, and frees all of it at once however the state ended.
//
// It never gives LuaJIT a null pointer: compiled code does not survive one. Crossing the soft limit only shows in
// `over_soft()`, which the next fuel stop turns into a Lua error. Crossing a hard limit while armed leaves by longjmp
// to `jump`; the state must then be abandoned, not closed. Frames on the way have no destructors to run
// (lua_functions.hpp).
class LuaArena {
  public:
    explicit LuaArena(const LuaLimits& limits);
    ~LuaArena();
    LuaArena(const LuaArena&) = delete;
    LuaArena& operator=(const LuaArena&) = delete;

    // lua_Alloc.
    static void* allocate(void* arena, void* block, size_t old_size, size_t new_size);

    size_t used_bytes() const { return used_; }
    bool over_soft() const { return used_ > soft_; }
    // Bytes that are the host's (library, mirror), not the script's: raises the limits.
    void exempt(size_t bytes) {
        soft_ += bytes;
        hard_ += bytes;
    }
    void reset_churn() { churn_ = 0; }

    jmp_buf jump;
    bool armed = false;

  private:
    static constexpr size_t kGranule = 16;
    static constexpr size_t kSmallMax = 1024;
    static constexpr size_t kChunkBytes = size_t(64) << 10;
    struct FreeBlock {
        FreeBlock* next;
    };
    struct alignas(kGranule) Chunk {
        Chunk* next;
    };
    struct alignas(kGranule) Large {
        Large* previous;
        Large* next;
    };
    // LuaJIT builds texts in a buffer that grows by doubling; its tables have sizes that are no powers of two. What a
    // loop does with one text (join, compare, hash) is not paid for by length, so texts must stay short.
    bool is_long_text(const void* block, size_t size) const {
        return block != nullptr && size > text_max_ && (size & (size - 1)) == 0;
    }
    static size_t class_of(size_t bytes) { return (bytes + kGranule - 1) / kGranule; }
    void* take(size_t bytes);
    void* take_small(size_t size_class);
    void* take_large(size_t bytes);
    void give(void* block, size_t bytes);
    void* move(void* block, size_t old_size, size_t new_size);
    void add_chunk();
    [[noreturn]] void leave();

    std::array<FreeBlock*, kSmallMax / kGranule + 1> free_{};
    Chunk* chunks_ = nullptr;
    std::byte* bump_ = nullptr;
    std::byte* bump_end_ = nullptr;
    Large large_{&large_, &large_};
    size_t used_ = 0;
    size_t churn_ = 0;
    size_t soft_;
    size_t hard_;
    size_t block_max_;
    size_t churn_max_;
    size_t text_max_;
};

}  // namespace tide
