#include <algorithm>

#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

namespace {

/// GELU(convolution of width 3, padding 1). x [channels, length] → [shape[0], length / stride].
std::vector<float> convolve(std::span<const float> x, int64_t length, const FloatWeight& weight, int64_t stride) {
    const int64_t outputs = weight.shape[0], channels = weight.shape[1], steps = length / stride;
    std::vector<float> result(static_cast<size_t>(outputs * steps));
    std::vector<float> seen(
        static_cast<size_t>(channels * 3));  // what one output position sees, as a weight's row is laid out
    for (int64_t t = 0; t < steps; ++t) {
        for (int64_t c = 0; c < channels; ++c) {
            for (int64_t k = 0; k < 3; ++k) {
                const int64_t from = t * stride + k - 1;
                seen[c * 3 + k] = from >= 0 && from < length ? x[c * length + from] : 0.0F;
            }
        }
        for (int64_t o = 0; o < outputs; ++o) {
            result[o * steps + t] = gelu(static_cast<float>(dot(seen, weight.row(o)) + weight.bias[o]));
        }
    }
    return result;
}

}  // namespace

void ReferenceBackend::conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                                 Tensor& out) {
    const FloatWeight& first = as_float(conv1, WeightKind::conv1d);
    const FloatWeight& second = as_float(conv2, WeightKind::conv1d);
    const FloatWeight& table = as_float(positions, WeightKind::positions);
    check(mel.shape.size() == 2 && mel.cols() % 2 == 0 && mel.rows() == first.shape[1], "conv_stem: mel does not fit");
    const int64_t length = mel.cols(), steps = length / 2, d = second.shape[0];
    check(second.shape[1] == first.shape[0] && table.shape[1] == d, "conv_stem: the weights do not fit each other");
    check(steps <= table.shape[0], "conv_stem: more steps than positions");
    const std::span<float> result = values_to_write(out, {steps, d});
    const std::vector<float> middle = convolve(values_of(mel), length, first, 1);
    const std::vector<float> last = convolve(middle, length, second, 2);  // [d, steps]
    for (int64_t t = 0; t < steps; ++t) {
        for (int64_t c = 0; c < d; ++c) result[t * d + c] = last[c * steps + t] + table.row(t)[c];
    }
}

}  // namespace ft::reference
