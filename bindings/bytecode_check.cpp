#include "bindings/bytecode_check.hpp"

#include <fmt/format.h>

#include <lua.hpp>
#include <optional>
#include <string>
#include <vector>

namespace tide {
namespace {

// The dump format and the opcodes are fixed by version 2 of LuaJIT's bytecode (lj_bcdump.h, lj_bc.h).
constexpr uint8_t kDumpVersion = 2;
enum Opcode : uint8_t {
    kIsTypeFirst = 0,
    kCompareLast = 15,
    kSubVn = 23,
    kUget = 45,
    kUsetV = 46,
    kIternOp = 70,
    kForl = 79,
    kIforl = 80,
    kIterl = 82,
    kIiterl = 83,
    kJmp = 88,
};
constexpr uint32_t kUpvalueIsLocal = 0x8000;

struct Prototype {
    uint32_t flags = 0;
    std::vector<uint32_t> code;
    std::vector<uint16_t> upvalues;
    std::vector<size_t> children;
};

class DumpReader {
  public:
    explicit DumpReader(std::string_view bytes) : bytes_(bytes) {}

    // Prototypes in the order of the dump: children before parents, the chunk last. Empty when the dump is not
    // understood.
    std::vector<Prototype> read() {
        std::vector<Prototype> prototypes;
        if (bytes_.substr(0, 3) != "\x1bLJ" || bytes_.size() < 5 || static_cast<uint8_t>(bytes_[3]) != kDumpVersion)
            return {};
        position_ = 4;
        const uint32_t flags = number();
        const bool stripped = (flags & 2) != 0;
        if (!stripped) skip(number());
        std::vector<size_t> pending;  // prototypes that no parent has taken yet
        while (const uint32_t length = number()) {
            const size_t end = position_ + length;
            prototypes.push_back(read_prototype(stripped, pending));
            pending.push_back(prototypes.size() - 1);
            if (!good_ || end > bytes_.size()) return {};
            position_ = end;
        }
        return good_ && pending.size() == 1 ? prototypes : std::vector<Prototype>{};
    }

  private:
    uint8_t byte() {
        if (position_ >= bytes_.size()) {
            good_ = false;
            return 0;
        }
        return static_cast<uint8_t>(bytes_[position_++]);
    }
    void skip(size_t count) { position_ += count; }
    uint32_t number() {  // ULEB128
        uint64_t value = 0;
        for (unsigned shift = 0; shift < 35; shift += 7) {
            const uint8_t part = byte();
            value |= static_cast<uint64_t>(part & 0x7f) << shift;
            if ((part & 0x80) == 0) break;
        }
        return static_cast<uint32_t>(value);
    }
    uint32_t little_endian(size_t count) {
        uint32_t value = 0;
        for (size_t i = 0; i < count; ++i) value |= static_cast<uint32_t>(byte()) << (8 * i);
        return value;
    }

    Prototype read_prototype(bool stripped, std::vector<size_t>& pending) {
        Prototype prototype;
        prototype.flags = byte();
        skip(2);  // parameters, frame size
        const size_t upvalue_count = byte();
        const size_t constant_count = number();
        number();  // numeric constants
        const size_t code_count = number();
        if (!stripped && number() > 0) {
            number();
            number();
        }
        for (size_t i = 0; i < code_count && good_; ++i) prototype.code.push_back(little_endian(4));
        for (size_t i = 0; i < upvalue_count && good_; ++i)
            prototype.upvalues.push_back(static_cast<uint16_t>(little_endian(2)));
        for (size_t i = 0; i < constant_count && good_; ++i) read_constant(prototype, pending);
        return prototype;
    }

    void read_constant(Prototype& prototype, std::vector<size_t>& pending) {
        constexpr uint32_t kChild = 0, kTable = 1, kComplex = 4, kText = 5;
        const uint32_t type = number();
        if (type >= kText) return skip(type - kText);
        if (type == kChild) {
            if (pending.empty()) {
                good_ = false;
                return;
            }
            prototype.children.push_back(pending.back());
            pending.pop_back();
        } else if (type == kTable) {
            const size_t array_count = number();
            const size_t hash_count = number();
            for (size_t i = 0; i < array_count + 2 * hash_count && good_; ++i) skip_table_value();
        } else {
            const int words = type == kComplex ? 4 : 2;
            for (int i = 0; i < words; ++i) number();
        }
    }

    void skip_table_value() {
        constexpr uint32_t kInteger = 3, kNumber = 4, kText = 5;
        const uint32_t type = number();
        if (type >= kText) return skip(type - kText);
        if (type >= kInteger) number();
        if (type == kNumber) number();
    }

    std::string_view bytes_;
    size_t position_ = 0;
    bool good_ = true;
};

class PaymentCheck {
  public:
    explicit PaymentCheck(const std::vector<Prototype>& prototypes) : prototypes_(prototypes) {}

    // The fuel counter is local 0 of the chunk (add_fuel's first line), an upvalue everywhere below.
    std::optional<std::string> run() {
        check(prototypes_.size() - 1, std::nullopt, 0);
        return problem_;
    }

  private:
    static uint8_t opcode(uint32_t instruction) { return static_cast<uint8_t>(instruction & 0xff); }
    static uint32_t a(uint32_t instruction) { return (instruction >> 8) & 0xff; }
    static uint32_t d(uint32_t instruction) { return instruction >> 16; }
    static uint32_t b(uint32_t instruction) { return instruction >> 24; }

    // `upvalue`: the counter's index among the prototype's upvalues; none in the chunk, where it is local 0.
    void check(size_t index, std::optional<size_t> upvalue, int depth) {
        const Prototype& prototype = prototypes_[index];
        if (upvalue) check_entry(prototype, *upvalue);
        check_jumps(prototype, upvalue);
        for (const size_t child : prototype.children) {
            const auto own = counter_in(prototypes_[child], upvalue);
            if (!own) {
                problem_ = "a function does not pay fuel";
            } else if (depth < 250) {
                check(child, own, depth + 1);
            }
            if (problem_) return;
        }
    }

    static std::optional<size_t> counter_in(const Prototype& child, std::optional<size_t> upvalue_of_parent) {
        const uint32_t wanted = upvalue_of_parent ? static_cast<uint32_t>(*upvalue_of_parent) : kUpvalueIsLocal;
        for (size_t i = 0; i < child.upvalues.size(); ++i) {
            // The flag 0x4000 says that the local never changes; the counter always does.
            if (child.upvalues[i] == wanted) return i;
        }
        return std::nullopt;
    }

    static bool is_payment(uint32_t instruction, std::optional<size_t> upvalue) {
        if (upvalue) return opcode(instruction) == kUsetV && a(instruction) == *upvalue;
        return opcode(instruction) == kSubVn && a(instruction) == 0 && b(instruction) == 0;
    }

    void check_entry(const Prototype& prototype, size_t upvalue) {
        constexpr size_t kPaymentLengthMax = 12;
        for (size_t i = 0; i < prototype.code.size() && i < kPaymentLengthMax; ++i) {
            if (is_payment(prototype.code[i], upvalue)) return;
            if (opcode(prototype.code[i]) <= kCompareLast || opcode(prototype.code[i]) == kJmp) break;
        }
        problem_ = "a function does not pay fuel on entry";
    }

    void check_jumps(const Prototype& prototype, std::optional<size_t> upvalue) {
        for (size_t i = 0; i < prototype.code.size(); ++i) {
            const uint8_t op = opcode(prototype.code[i]);
            const bool jumps = op == kJmp || op == kForl || op == kIforl || op == kIterl || op == kIiterl;
            if (!jumps) continue;
            const int64_t target = static_cast<int64_t>(i) + 1 + static_cast<int64_t>(d(prototype.code[i])) - 0x8000;
            if (target > static_cast<int64_t>(i)) continue;
            bool paid = false;
            for (size_t k = static_cast<size_t>(std::max<int64_t>(target, 0)); k < i; ++k)
                paid = paid || is_payment(prototype.code[k], upvalue);
            if (!paid) problem_ = "a loop does not pay fuel";
        }
    }

    const std::vector<Prototype>& prototypes_;
    std::optional<std::string> problem_;
};

int append_bytes(lua_State*, const void* bytes, size_t count, void* text) {
    static_cast<std::string*>(text)->append(static_cast<const char*>(bytes), count);
    return 0;
}

}  // namespace

Result<void> check_every_loop_pays(lua_State* state, std::string_view file) {
    std::string dump;
    if (lua_dump(state, &append_bytes, &dump) != 0)
        return make_error(ErrorCode::internal, fmt::format("{}: cannot read the compiled script back", file));
    const auto prototypes = DumpReader(dump).read();
    if (prototypes.empty())
        return make_error(ErrorCode::internal, fmt::format("{}: bytecode of an unknown version of LuaJIT", file));
    if (const auto problem = PaymentCheck(prototypes).run())
        return make_error(ErrorCode::script, fmt::format("{}: refused: {}", file, *problem));
    return {};
}

}  // namespace tide
