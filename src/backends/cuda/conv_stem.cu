#include "backends/cuda/device.h"
#include "backends/cuda/operations.h"

namespace ft::FT_GPU {

namespace {

constexpr int mel_threads = 256;

/// With frames as rows and a row of zeros at both ends, three neighbours lie side by side: a convolution is a product
/// over overlapping rows.
template <typename T>
FT_KERNEL(mel_threads)
mel_rows_kernel(const float* mel, T* rows, int mels, int frames) {
    const int64_t i = static_cast<int64_t>(block_x()) * mel_threads + thread();
    if (i >= static_cast<int64_t>(frames + 2) * mels) return;
    const auto frame = static_cast<int>(i / mels) - 1;
    const int band = static_cast<int>(i % mels);
    const bool inside = frame >= 0 && frame < frames;
    rows[i] = from_float<T>(inside ? mel[static_cast<int64_t>(band) * frames + frame] : 0.0F);
}

}  // namespace

template <typename T>
void mel_rows(Device& device, const float* mel, T* rows, int mels, int frames) {
    const int64_t count = static_cast<int64_t>(frames + 2) * mels;
    device.launch("mel_rows", mel_rows_kernel<T>, {static_cast<int>((count + mel_threads - 1) / mel_threads)},
                  mel_threads, 0,
                  {0, sizeof(float) * static_cast<double>(frames) * mels + sizeof(T) * static_cast<double>(count)}, mel,
                  rows, mels, frames);
}

template void mel_rows<float>(Device&, const float*, float*, int, int);
template void mel_rows<f16>(Device&, const float*, f16*, int, int);

}  // namespace ft::FT_GPU
