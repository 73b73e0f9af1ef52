#include "backends/reference/reference_types.h"

namespace ft::reference {

void ReferenceBackend::embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
                             std::span<const int32_t> position, Tensor& out) {
    const FloatWeight& words = as_float(table, WeightKind::embedding);
    const FloatWeight& places = as_float(positions, WeightKind::positions);
    const int64_t d = words.shape[1];
    check(places.shape[1] == d, "embed: the tables do not fit each other");
    check(tokens.size() == position.size(), "embed: one position a token");
    const std::span<float> result = values_to_write(out, {static_cast<int64_t>(tokens.size()), d});
    for (size_t i = 0; i < tokens.size(); ++i) {
        check(tokens[i] >= 0 && tokens[i] < words.shape[0], "embed: no such token");
        check(position[i] >= 0 && position[i] < places.shape[0], "embed: no such position");
        for (int64_t c = 0; c < d; ++c) {
            result[i * static_cast<size_t>(d) + c] = words.row(tokens[i])[c] + places.row(position[i])[c];
        }
    }
}

}  // namespace ft::reference
