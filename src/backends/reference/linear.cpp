#include <algorithm>

#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

void ReferenceBackend::linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                              const Tensor* residual, Tensor& out) {
    const FloatWeight& w = as_float(weight, WeightKind::linear);
    const FloatWeight* gain = norm == nullptr ? nullptr : &as_float(*norm, WeightKind::norm);
    const int64_t outputs = w.shape[0], inputs = w.shape[1];
    check(x.shape.size() == 2 && x.cols() == inputs, "linear: x does not fit the weight");
    check(gain == nullptr || gain->shape[0] == inputs, "linear: the norm does not fit the weight");
    const Shape shape{x.rows(), outputs};
    check(residual == nullptr || residual->shape == shape, "linear: the residual has not the result's shape");
    const std::span<float> result = values_to_write(out, shape);
    std::vector<float> input(static_cast<size_t>(inputs)), row(static_cast<size_t>(outputs));
    for (int64_t i = 0; i < x.rows(); ++i) {
        const std::span<const float> source = row_of(x, i);
        std::copy(source.begin(), source.end(), input.begin());
        if (gain != nullptr) layer_norm_row(input, gain->values, gain->bias, input);
        for (int64_t j = 0; j < outputs; ++j) {
            row[j] = static_cast<float>(dot(input, w.row(j)) + w.bias[j]);
            if (activation == Activation::gelu) row[j] = gelu(row[j]);
            if (residual != nullptr) row[j] += row_of(*residual, i)[j];
        }
        std::copy(row.begin(), row.end(), result.begin() + i * outputs);
    }
}

}  // namespace ft::reference
