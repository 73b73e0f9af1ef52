#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

void ReferenceBackend::layer_norm(const Tensor& x, const Weight& norm, Tensor& out) {
    const FloatWeight& gain = as_float(norm, WeightKind::norm);
    check(x.shape.size() == 2 && x.cols() == gain.shape[0], "layer_norm: x does not fit the weight");
    const std::span<float> result = values_to_write(out, x.shape);
    const auto d = static_cast<size_t>(x.cols());
    for (int64_t i = 0; i < x.rows(); ++i) {
        layer_norm_row(row_of(x, i), gain.values, gain.bias, result.subspan(static_cast<size_t>(i) * d, d));
    }
}

}  // namespace ft::reference
