#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

// Checksums (CRC32C, for records on disk) and digests (SHA-256 by OpenSSL, for scripts, journals and the audit chain).
namespace tide {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4): crc32c("123456789") = 0xe3069283. `seed` continues an earlier value.
uint32_t crc32c(std::string_view bytes, uint32_t seed = 0);

using Sha256Digest = std::array<uint8_t, 32>;

class Sha256 {
  public:
    Sha256();
    ~Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    Sha256& update(std::string_view bytes);
    Sha256Digest finish();  // and starts afresh

  private:
    struct State;
    std::unique_ptr<State> state_;
};

Sha256Digest sha256(std::string_view bytes);
std::string to_hex(const Sha256Digest& digest);

}  // namespace tide
