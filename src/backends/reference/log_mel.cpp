#include <algorithm>

#include "backends/reference/reference_types.h"

namespace ft::reference {

void ReferenceBackend::log_mel(std::span<const float> pcm, Tensor& out) {
    check(out.shape.size() == 2, "log_mel: the output is no spectrogram");
    const auto n_mels = static_cast<int>(out.rows());
    if (!log_mel_ || log_mel_->n_mels() != n_mels) log_mel_ = std::make_unique<const LogMel>(n_mels, Isa::baseline);
    const std::vector<float> values = log_mel_->compute(pcm);
    std::copy(values.begin(), values.end(), values_to_write(out, {n_mels, window_frames}).begin());
}

}  // namespace ft::reference
