#include "bindings/lua_arena.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "core/assert.hpp"

namespace tide {

LuaArena::LuaArena(const LuaLimits& limits)
    : soft_(limits.memory_soft_bytes),
      hard_(limits.memory_hard_bytes),
      block_max_(limits.block_bytes_max),
      churn_max_(limits.churn_bytes_max),
      text_max_(limits.text_bytes_max) {}

LuaArena::~LuaArena() {
    while (chunks_ != nullptr) {
        Chunk* next = chunks_->next;
        std::free(chunks_);
        chunks_ = next;
    }
    for (Large* block = large_.next; block != &large_;) {
        Large* next = block->next;
        std::free(block);
        block = next;
    }
}

void LuaArena::leave() {
    armed = false;
    _longjmp(jump, 1);
}

void* LuaArena::allocate(void* arena, void* block, size_t old_size, size_t new_size) {
    auto& self = *static_cast<LuaArena*>(arena);
    if (block == nullptr) old_size = 0;
    if (new_size > old_size) {
        const size_t growth = new_size - old_size;
        self.churn_ +=
            new_size;  // what is there already is copied: a stack that overflows again and again costs its size
        const bool too_much = self.used_ + growth > self.hard_ || new_size > self.block_max_ ||
                              self.churn_ > self.churn_max_ || self.is_long_text(block, new_size);
        if (too_much && self.armed) self.leave();
    }
    self.used_ = self.used_ - old_size + new_size;
    if (new_size == 0) {
        if (block != nullptr) self.give(block, old_size);
        return nullptr;
    }
    return block == nullptr ? self.take(new_size) : self.move(block, old_size, new_size);
}

void* LuaArena::take(size_t bytes) { return bytes <= kSmallMax ? take_small(class_of(bytes)) : take_large(bytes); }

void* LuaArena::take_small(size_t size_class) {
    if (FreeBlock* block = free_[size_class]) {
        free_[size_class] = block->next;
        return block;
    }
    const size_t bytes = size_class * kGranule;
    if (static_cast<size_t>(bump_end_ - bump_) < bytes) add_chunk();
    void* block = bump_;
    bump_ += bytes;
    return block;
}

void LuaArena::add_chunk() {
    // What is left of the old chunk is too small for this request but not for later ones.
    if (const size_t rest = static_cast<size_t>(bump_end_ - bump_) / kGranule; rest > 0)
        free_[rest] = new (bump_) FreeBlock{free_[rest]};
    void* memory = std::malloc(kChunkBytes);
    TIDE_ASSERT(memory != nullptr);
    chunks_ = new (memory) Chunk{chunks_};
    bump_ = static_cast<std::byte*>(memory) + sizeof(Chunk);
    bump_end_ = static_cast<std::byte*>(memory) + kChunkBytes;
}

void* LuaArena::take_large(size_t bytes) {
    void* memory = std::malloc(sizeof(Large) + bytes);
    TIDE_ASSERT(memory != nullptr);
    auto* block = new (memory) Large{&large_, large_.next};
    large_.next->previous = block;
    large_.next = block;
    return block + 1;
}

void LuaArena::give(void* block, size_t bytes) {
    if (bytes <= kSmallMax) {
        const size_t size_class = class_of(bytes);
        free_[size_class] = new (block) FreeBlock{free_[size_class]};
        return;
    }
    Large* large = static_cast<Large*>(block) - 1;
    large->previous->next = large->next;
    large->next->previous = large->previous;
    std::free(large);
}

void* LuaArena::move(void* block, size_t old_size, size_t new_size) {
    if (old_size <= kSmallMax && new_size <= kSmallMax && class_of(old_size) == class_of(new_size)) return block;
    void* fresh = take(new_size);
    std::memcpy(fresh, block, std::min(old_size, new_size));
    give(block, old_size);
    return fresh;
}

}  // namespace tide
