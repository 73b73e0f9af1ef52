#include "backends/reference/arithmetic.h"

#include <algorithm>
#include <cmath>

// Nearly all the time of the conformance tests under a sanitizer was its looking at every number of every row. The two
// loops that are left out are given rows that have just been looked at from end to end: by their ends.
#define FT_UNSANITIZED __attribute__((no_sanitize("address", "undefined", "thread")))

namespace ft::reference {

namespace {

void look_at_ends(std::span<const float> row) {
    if (row.empty()) return;
    const volatile float* const data = row.data();
    static_cast<void>(data[0]);
    static_cast<void>(data[row.size() - 1]);
}

FT_UNSANITIZED double sum_of_products(const float* a, const float* b, size_t size) {
    // Eight sums that do not wait for each other: a whole Whisper must run once in a test.
    constexpr size_t lanes = 8;
    double sums[lanes] = {};
    size_t i = 0;
    for (; i + lanes <= size; i += lanes) {
        for (size_t lane = 0; lane < lanes; ++lane) sums[lane] += static_cast<double>(a[i + lane]) * b[i + lane];
    }
    double sum = 0;
    for (const double part : sums) sum += part;
    for (; i < size; ++i) sum += static_cast<double>(a[i]) * b[i];
    return sum;
}

FT_UNSANITIZED void add_scaled(double* sum, double factor, const float* values, size_t size) {
    for (size_t i = 0; i < size; ++i) sum[i] += factor * values[i];
}

}  // namespace

double dot(std::span<const float> a, std::span<const float> b) {
    look_at_ends(a);
    look_at_ends({b.data(), a.size()});
    return sum_of_products(a.data(), b.data(), a.size());
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
        const float* row = values + t * stride;
        look_at_ends({row, head_size});
        add_scaled(sum.data(), p[t], row, head_size);
    }
    for (size_t c = 0; c < head_size; ++c) out[c] = static_cast<float>(sum[c]);
    return p;
}

}  // namespace ft::reference
