#include "backends/reference/arithmetic.h"
#include "backends/reference/reference_types.h"

namespace ft::reference {

std::unique_ptr<CrossCache> ReferenceBackend::make_cross_cache(const Tensor& encoded,
                                                               std::span<const Weight* const> kv_weights, int heads,
                                                               int) {
    check(encoded.shape.size() == 2 && encoded.rows() > 0 && heads > 0 && encoded.cols() % heads == 0,
          "make_cross_cache: the encoder's output does not fit the heads");
    auto cache = std::make_unique<FloatCrossCache>();
    cache->heads = heads;
    cache->positions = encoded.rows();
    const int64_t d = cache->d = encoded.cols();
    for (const Weight* layer : kv_weights) {
        check(layer != nullptr, "make_cross_cache: a weight is missing");
        const FloatWeight& weight = as_float(*layer, WeightKind::cross_kv);
        check(weight.shape == Shape{2 * d, d}, "make_cross_cache: a weight is not [2·d, d]");
        std::vector<float> keys, values;
        for (int64_t t = 0; t < cache->positions; ++t) {
            for (int64_t j = 0; j < 2 * d; ++j) {
                const auto product = static_cast<float>(dot(row_of(encoded, t), weight.row(j)) + weight.bias[j]);
                (j < d ? keys : values).push_back(product);
            }
        }
        cache->keys.push_back(std::move(keys));
        cache->values.push_back(std::move(values));
    }
    return cache;
}

void ReferenceBackend::cross_attention_step(const Tensor& q, int heads, int layer,
                                            std::span<const CrossCache* const> caches, Tensor& out,
                                            std::span<const int32_t> heads_wanted, std::vector<float>* weights) {
    check(q.shape.size() == 2 && heads > 0 && q.cols() % heads == 0, "cross_attention_step: q does not fit the heads");
    check(static_cast<int64_t>(caches.size()) == q.rows(), "cross_attention_step: one cache an item");
    check(heads_wanted.empty() || weights != nullptr, "cross_attention_step: nowhere to put the weights");
    const int64_t d = q.cols(), head_size = d / heads;
    const std::span<float> result = values_to_write(out, q.shape);
    for (const int32_t head : heads_wanted) check(head >= 0 && head < heads, "cross_attention_step: no such head");
    for (int64_t i = 0; i < q.rows(); ++i) {
        const auto* cache = dynamic_cast<const FloatCrossCache*>(caches[i]);
        check(cache != nullptr && cache->d == d && cache->heads == heads,
              "cross_attention_step: a cache of another model");
        check(layer >= 0 && layer < static_cast<int>(cache->keys.size()), "cross_attention_step: no such layer");
        const std::span<const float> query = row_of(q, i);
        std::vector<std::vector<double>> p;
        for (int head = 0; head < heads; ++head) {
            const auto at = static_cast<size_t>(head * head_size), size = static_cast<size_t>(head_size);
            p.push_back(attend(query.subspan(at, size), cache->keys[layer].data() + at,
                               cache->values[layer].data() + at, cache->positions, d,
                               result.subspan(static_cast<size_t>(i * d) + at, size)));
        }
        for (const int32_t head : heads_wanted) weights->insert(weights->end(), p[head].begin(), p[head].end());
    }
}

}  // namespace ft::reference
