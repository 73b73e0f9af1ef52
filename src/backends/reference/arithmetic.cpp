#include "backends/reference/arithmetic.h"

#include <algorithm>
#include <cmath>

namespace ft::reference {

double dot(std::span<const float> a, std::span<const float> b) {
    // Eight sums that do not wait for each other: a whole Whisper must run once in a test.
    constexpr size_t lanes = 8;
    double sums[lanes] = {};
    size_t i = 0;
    for (; i + lanes <= a.size(); i += lanes) {
        for (size_t lane = 0; lane < lanes; ++lane) sums[lane] += static_cast<double>(a[i + lane]) * b[i + lane];
    }
    double sum = 0;
    for (const double part : sums) sum += part;
    for (; i < a.size(); ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

float gelu(float x) {
    return static_cast<float>(0.5 * x * (1.0 + std::erf(x * std::sqrt(0.5))));
}

void layer_norm_row(std::span<const float> x, std::span<const float> gain, std::span<const float> bias,
                    std::span<float> out) {
    const auto d = static_cast<double>(x.size());
    double mean = 0;
    for (const float value : x) mean += value;
    mean /= d;
    double variance = 0;
    for (const float value : x) variance += (value - mean) * (value - mean);
    variance /= d;
    const double scale = 1.0 / std::sqrt(variance + 1e-5);
    for (size_t i = 0; i < x.size(); ++i) out[i] = static_cast<float>((x[i] - mean) * scale * gain[i] + bias[i]);
}

std::vector<double> attend(std::span<const float> query, const float* keys, const float* values, int64_t count,
                           int64_t stride, std::span<float> out) {
    const size_t head_size = query.size();
    std::vector<double> p(static_cast<size_t>(count));
    for (int64_t t = 0; t < count; ++t) {
        p[t] = dot(query, {keys + t * stride, head_size}) / std::sqrt(static_cast<double>(head_size));
    }
    const double highest = *std::max_element(p.begin(), p.end());
    double total = 0;
    for (double& score : p) total += (score = std::exp(score - highest));
    std::vector<double> sum(head_size);
    for (int64_t t = 0; t < count; ++t) {
        p[t] /= total;
        for (size_t c = 0; c < head_size; ++c) sum[c] += p[t] * values[t * stride + static_cast<int64_t>(c)];
    }
    for (size_t c = 0; c < head_size; ++c) out[c] = static_cast<float>(sum[c]);
    return p;
}

}  // namespace ft::reference
