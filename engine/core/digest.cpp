#include "core/digest.hpp"

#define OPENSSL_SUPPRESS_DEPRECATED  // of the SHA256_ functions: see Sha256::State
#include <openssl/sha.h>

#include <cstring>

#include "core/assert.hpp"

namespace tide {
namespace {

constexpr std::array<uint32_t, 256> crc_table() {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < 256; ++i) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82f63b78U : 0U);
        table[i] = value;
    }
    return table;
}

uint32_t crc32c_portable(uint32_t crc, const char* data, size_t size) {
    static constexpr auto kTable = crc_table();
    for (size_t i = 0; i < size; ++i) crc = kTable[(crc ^ static_cast<uint8_t>(data[i])) & 0xff] ^ (crc >> 8);
    return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(uint32_t crc, const char* data, size_t size) {
    uint64_t wide = crc;
    for (; size >= 8; data += 8, size -= 8) {
        uint64_t word = 0;
        std::memcpy(&word, data, 8);
        wide = __builtin_ia32_crc32di(wide, word);
    }
    auto narrow = static_cast<uint32_t>(wide);
    for (; size > 0; ++data, --size) narrow = __builtin_ia32_crc32qi(narrow, static_cast<uint8_t>(*data));
    return narrow;
}
#endif

}  // namespace

uint32_t crc32c(std::string_view bytes, uint32_t seed) {
#if defined(__x86_64__)
    static const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
    if (has_sse42) return ~crc32c_sse42(~seed, bytes.data(), bytes.size());
#endif
    return ~crc32c_portable(~seed, bytes.data(), bytes.size());
}

// OpenSSL's plain functions, which it would rather see replaced by its EVP interface: that costs some 110 ns a digest
// over the digest itself, and the audit chain makes one of every record. Both run the same code, with the processor's
// own instructions where it has them.
struct Sha256::State {
    SHA256_CTX context;
    State() { restart(); }
    void restart() {
        const int ok = SHA256_Init(&context);
        TIDE_ASSERT(ok == 1);
    }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

Sha256& Sha256::update(std::string_view bytes) {
    const int ok = SHA256_Update(&state_->context, bytes.data(), bytes.size());
    TIDE_ASSERT(ok == 1);
    return *this;
}
Sha256Digest Sha256::finish() {
    Sha256Digest digest{};
    const int ok = SHA256_Final(digest.data(), &state_->context);
    TIDE_ASSERT(ok == 1);
    state_->restart();
    return digest;
}

Sha256Digest sha256(std::string_view bytes) { return Sha256().update(bytes).finish(); }

std::string to_hex(const Sha256Digest& digest) {
    static constexpr char kDigits[] = "0123456789abcdef";
    std::string out;
    out.reserve(digest.size() * 2);
    for (const uint8_t byte : digest) {
        out.push_back(kDigits[byte >> 4]);
        out.push_back(kDigits[byte & 15]);
    }
    return out;
}

}  // namespace tide
