#pragma once

#include <cmath>
#include <cstdint>

namespace ft {

constexpr int sample_rate = 16000;  ///< Hz, of all PCM inside the program.

/// When sample `samples` of a file begins, in seconds.
inline double seconds_of(int64_t samples) {
    return static_cast<double>(samples) / sample_rate;
}

/// The sample nearest to a time. `seconds` may be infinite: past every file (30,000 years) is past every file.
inline int64_t samples_of(double seconds) {
    constexpr double longest_s = 1e12;
    return static_cast<int64_t>(std::llround(seconds < longest_s ? seconds * sample_rate : longest_s * sample_rate));
}

}  // namespace ft
