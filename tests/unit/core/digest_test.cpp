#include "core/digest.hpp"

#include <gtest/gtest.h>

namespace tide {
namespace {

// RFC 3720, appendix B.4.
TEST(Digest, crc32c_matches_the_published_vectors) {
    EXPECT_EQ(crc32c("123456789"), 0xe3069283U);
    EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8a9136aaU);
    EXPECT_EQ(crc32c(std::string(32, '\xff')), 0x62a8ab43U);
}

TEST(Digest, crc32c_can_be_continued) { EXPECT_EQ(crc32c("6789", crc32c("12345")), crc32c("123456789")); }

// FIPS 180-2, appendix B.1.
TEST(Digest, sha256_matches_the_published_vector) {
    EXPECT_EQ(to_hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    Sha256 parts;
    EXPECT_EQ(to_hex(parts.update("a").update("bc").finish()), to_hex(sha256("abc")));
}

}  // namespace
}  // namespace tide
