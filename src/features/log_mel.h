#pragma once
// Log-mel spectrogram as Whisper defines it (Radford et al. 2022, "Robust Speech Recognition via Large-Scale Weak
// Supervision", §2.2; equal to transformers' WhisperFeatureExtractor within 1e-4).
#include <memory>
#include <span>
#include <vector>

#include "base/simd.h"

namespace ft {

constexpr int window_samples = 480000;  ///< 30 s at 16 kHz.
constexpr int window_frames = 3000;     ///< hop 160.

/// Immutable after construction; any number of threads may call compute().
class LogMel {
  public:
    /// n_mels: 80 or 128 (any positive number works). Slaney-scale filters, n_fft 400, hop 160, 0–8000 Hz.
    /// isa: at most what the machine has; results differ in the last digit only. Throws Error{invalid_argument}.
    explicit LogMel(int n_mels, Isa isa = best_isa());
    ~LogMel();

    int n_mels() const;

    /// pcm: at most 480000 samples at 16 kHz; zero-padded at the end to 30 s, reflected at both edges.
    /// Returns [n_mels, 3000], row-major: log10, floored at the maximum − 8, (x + 4) / 4.
    /// Throws Error{invalid_argument} on a longer input.
    std::vector<float> compute(std::span<const float> pcm) const;

  private:
    struct Tables;
    std::unique_ptr<const Tables> tables_;
};

}  // namespace ft
