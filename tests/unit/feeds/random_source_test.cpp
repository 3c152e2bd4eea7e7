#include "feeds/random_source.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tide {
namespace {

// Wichura, "Algorithm AS 241", Applied Statistics 37 (1988): the check values given with the routine.
TEST(RandomSource, normal_quantile_gives_the_published_check_values) {
    EXPECT_NEAR(normal_quantile(0.25), -0.6744897501960817, 1e-15);
    EXPECT_NEAR(normal_quantile(0.001), -3.090232306167814, 1e-14);
    EXPECT_NEAR(normal_quantile(1e-20), -9.262340089798408, 1e-13);
    EXPECT_EQ(normal_quantile(0.5), 0.0);
    EXPECT_NEAR(normal_quantile(0.975), 1.959963984540054, 1e-14);
}

TEST(RandomSource, same_seed_and_stream_give_the_same_numbers_and_others_differ) {
    RandomSource a(7, 1);
    RandomSource b(7, 1);
    RandomSource other_stream(7, 2);
    RandomSource other_seed(8, 1);
    int same = 0;
    for (int i = 0; i < 1000; ++i) {
        const uint64_t bits = a.bits();
        EXPECT_EQ(bits, b.bits());
        same += static_cast<int>(bits == other_stream.bits()) + static_cast<int>(bits == other_seed.bits());
    }
    EXPECT_EQ(same, 0);
}

TEST(RandomSource, normals_have_the_moments_of_a_normal_distribution) {
    RandomSource random(1, 0);
    constexpr int kCount = 400'000;
    double sum = 0;
    double squares = 0;
    double fourths = 0;
    for (int i = 0; i < kCount; ++i) {
        const double z = random.normal();
        sum += z;
        squares += z * z;
        fourths += z * z * z * z;
    }
    // Four standard errors of each.
    EXPECT_NEAR(sum / kCount, 0, 4 / std::sqrt(kCount));
    EXPECT_NEAR(squares / kCount, 1, 4 * std::sqrt(2.0 / kCount));
    EXPECT_NEAR(fourths / kCount, 3, 4 * std::sqrt(96.0 / kCount));
}

TEST(RandomSource, uniforms_stay_inside_the_open_interval) {
    RandomSource random(3, 9);
    for (int i = 0; i < 100'000; ++i) {
        const double u = random.uniform();
        ASSERT_GT(u, 0);
        ASSERT_LT(u, 1);
    }
}

}  // namespace
}  // namespace tide
