#include <algorithm>

#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

void ReferenceBackend::encoder_attention(const Tensor& qkv, int heads, Tensor& out) {
    check(qkv.shape.size() == 2 && heads > 0 && qkv.cols() % (3 * heads) == 0,
          "encoder_attention: qkv does not fit the heads");
    const int64_t steps = qkv.rows(), width = qkv.cols(), d = width / 3, head_size = d / heads;
    const std::span<float> result = values_to_write(out, {steps, d});
    const float* input = values_of(qkv).data();
    for (int head = 0; head < heads; ++head) {
        const float* queries = input + head * head_size;
        for (int64_t t = 0; t < steps; ++t) {
            attend({queries + t * width, static_cast<size_t>(head_size)}, queries + d, queries + 2 * d, steps, width,
                   result.subspan(static_cast<size_t>(t * d + head * head_size), static_cast<size_t>(head_size)));
        }
    }
}

}  // namespace ft::reference
