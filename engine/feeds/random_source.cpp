#include "feeds/random_source.hpp"

#include <bit>
#include <cmath>

namespace tide {
namespace {

uint64_t splitmix64(uint64_t& state) {
    state += 0x9e3779b97f4a7c15ULL;
    uint64_t z = state;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
}

// c[0] + c[1] x + … + c[7] x^7
double polynomial(const std::array<double, 8>& c, double x) {
    double sum = c[7];
    for (size_t i = 7; i-- > 0;) sum = sum * x + c[i];
    return sum;
}

constexpr std::array<double, 8> kCentreTop{3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                           1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                           3.3430575583588128105e4, 2.5090809287301226727e3};
constexpr std::array<double, 8> kCentreBottom{1.0,
                                              4.2313330701600911252e1,
                                              6.8718700749205790830e2,
                                              5.3941960214247511077e3,
                                              2.1213794301586595867e4,
                                              3.9307895800092710610e4,
                                              2.8729085735721942674e4,
                                              5.2264952788528545610e3};
constexpr std::array<double, 8> kNearTailTop{
    1.42343711074968357734e0, 4.63033784615654529590e0,  5.76949722146069140550e0,  3.64784832476320460504e0,
    1.27045825245236838258e0, 2.41780725177450611770e-1, 2.27238449892691845833e-2, 7.74545014278341407640e-4};
constexpr std::array<double, 8> kNearTailBottom{1.0,
                                                2.05319162663775882187e0,
                                                1.67638483018380384940e0,
                                                6.89767334985100004550e-1,
                                                1.48103976427480074590e-1,
                                                1.51986665636164571966e-2,
                                                5.47593808499534494600e-4,
                                                1.05075007164441684324e-9};
constexpr std::array<double, 8> kFarTailTop{
    6.65790464350110377720e0,  5.46378491116411436990e0,  1.78482653991729133580e0,  2.96560571828504891230e-1,
    2.65321895265761230930e-2, 1.24266094738807843860e-3, 2.71155556874348757815e-5, 2.01033439929228813265e-7};
constexpr std::array<double, 8> kFarTailBottom{1.0,
                                               5.99832206555887937690e-1,
                                               1.36929880922735805310e-1,
                                               1.48753612908506148525e-2,
                                               7.86869131145613259100e-4,
                                               1.84631831751005468180e-5,
                                               1.42151175831644588870e-7,
                                               2.04426310338993978564e-15};

}  // namespace

RandomSource::RandomSource(uint64_t seed, uint64_t stream) : state_{} {
    uint64_t mixing = seed;
    mixing = splitmix64(mixing) ^ (stream * 0xd1342543de82ef95ULL);
    for (uint64_t& word : state_) word = splitmix64(mixing);
}

uint64_t RandomSource::bits() {
    const uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const uint64_t shifted = state_[1] << 17U;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= shifted;
    state_[3] = std::rotl(state_[3], 45);
    return result;
}

double RandomSource::uniform() { return (static_cast<double>(bits() >> 11U) + 0.5) * 0x1.0p-53; }

double RandomSource::normal() { return normal_quantile(uniform()); }

double normal_quantile(double p) {
    const double centred = p - 0.5;
    if (std::fabs(centred) <= 0.425) {
        const double r = 0.180625 - centred * centred;
        return centred * polynomial(kCentreTop, r) / polynomial(kCentreBottom, r);
    }
    double r = std::sqrt(-std::log(centred < 0 ? p : 1.0 - p));
    double size = 0;
    if (r <= 5.0) {
        r -= 1.6;
        size = polynomial(kNearTailTop, r) / polynomial(kNearTailBottom, r);
    } else {
        r -= 5.0;
        size = polynomial(kFarTailTop, r) / polynomial(kFarTailBottom, r);
    }
    return centred < 0 ? -size : size;
}

}  // namespace tide
