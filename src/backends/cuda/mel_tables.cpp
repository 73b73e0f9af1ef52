#include "backends/cuda/mel_tables.h"

#include <cmath>
#include <numbers>

#include "backends/cuda/backend_class.h"
#include "features/log_mel.h"
#include "features/mel_filters.h"

namespace ft::FT_GPU {

namespace {

constexpr int fft_size = 400;

template <typename E>
DeviceMemory to_device(Device& device, const std::vector<E>& values) {
    DeviceMemory memory(device, sizeof(E) * values.size());
    device.upload(memory.as<E>(), values.data(), sizeof(E) * values.size());
    return memory;
}

}  // namespace

void MelTables::make(Device& device, int n_mels) {
    std::vector<double> window, roots;
    for (int i = 0; i < fft_size; ++i) {
        const double angle = 2.0 * std::numbers::pi * i / fft_size;
        window.push_back(0.5 - 0.5 * std::cos(angle));
        roots.push_back(std::cos(angle));
        roots.push_back(-std::sin(angle));
    }
    std::vector<int32_t> first_bin, first_weight = {0};
    std::vector<float> weights;
    for (const MelFilter& filter : make_mel_filters(n_mels, fft_size / 2 + 1)) {
        first_bin.push_back(filter.first_bin);
        weights.insert(weights.end(), filter.weights.begin(), filter.weights.end());
        first_weight.push_back(static_cast<int32_t>(weights.size()));
    }
    n_mels_ = 0;
    window_ = to_device(device, window);
    roots_ = to_device(device, roots);
    first_bin_ = to_device(device, first_bin);
    first_weight_ = to_device(device, first_weight);
    weights_ = to_device(device, weights);
    device.synchronize();  // they are not sent again
    n_mels_ = n_mels;
}

void MelTables::fill(LogMelCall& call) const {
    call.n_mels = n_mels_;
    call.window = window_.as<double>();
    call.roots = roots_.as<double>();
    call.first_bin = first_bin_.as<int32_t>();
    call.first_weight = first_weight_.as<int32_t>();
    call.weights = weights_.as<float>();
}

template <typename T>
void GpuBackend<T>::log_mel(std::span<const float> pcm, Tensor& out) {
    if (pcm.size() > window_samples) {
        throw Error(ErrorCode::invalid_argument, "a window holds at most {} samples (30 s), not {}", window_samples,
                    pcm.size());
    }
    check(out.shape.size() == 2 && out.rows() > 0, "log_mel: the output is no spectrogram");
    const auto n_mels = static_cast<int>(out.rows());
    LogMelCall call;
    call.out = data_to_write(out, {n_mels, window_frames});
    if (mel_tables_.n_mels() != n_mels) mel_tables_.make(device_, n_mels);
    mel_tables_.fill(call);
    call.samples = static_cast<int>(pcm.size());
    call.maxima = mel_maxima_.at_least<float>(device_, static_cast<size_t>(log_mel_maxima()));
    if (!pcm.empty()) {
        float* samples = samples_.at_least<float>(device_, pcm.size());
        device_.upload(samples, pcm.data(), pcm.size_bytes());
        call.pcm = samples;
    }
    FT_GPU::log_mel(device_, call);
}

template void GpuBackend<float>::log_mel(std::span<const float>, Tensor&);
template void GpuBackend<f16>::log_mel(std::span<const float>, Tensor&);

}  // namespace ft::FT_GPU
