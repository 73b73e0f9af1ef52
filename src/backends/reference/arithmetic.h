#pragma once
// The few formulas that several operations share. Sums are in double: no tolerance is spent on the reference.
#include <cstdint>
#include <span>
#include <vector>

namespace ft::reference {

/// Σ a[i]·b[i]; both of one size.
double dot(std::span<const float> a, std::span<const float> b);

/// x·Φ(x) with the exact normal distribution function.
float gelu(float x);

/// One row: (x − mean) / √(variance + 1e-5) · gain + bias. `out` may be `x`.
void layer_norm_row(std::span<const float> x, std::span<const float> gain, std::span<const float> bias,
                    std::span<float> out);

/// One query of one head over `count` positions: row t of keys and values starts at t·stride. out = Σ p[t]·values[t]
/// with p = softmax(query·keys[t] / √head_size). Returns p.
std::vector<double> attend(std::span<const float> query, const float* keys, const float* values, int64_t count,
                           int64_t stride, std::span<float> out);

}  // namespace ft::reference
