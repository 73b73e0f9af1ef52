#include "features/log_mel.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/fft.h"
#include "base/simd.h"
#include "features/mel_filters.h"
#include "features/vector_log10.h"

namespace ft {

namespace {

constexpr int fft_size = 400;
constexpr int hop = 160;
constexpr int margin = fft_size / 2;  // frame f is centred at sample f · hop
constexpr int most_lanes = 8;
constexpr float clamp = 1e-10F;
constexpr float range = 8.0F;  // decades below the maximum that are kept

/// Frames that the padding's exact zeros do not fill entirely.
int frames_with_signal(size_t samples) {
    const size_t frames = samples == 0 ? 0 : (samples + margin - 1) / hop + 1;
    return static_cast<int>(std::min<size_t>(frames, window_frames));
}

/// The zero-padded window with its reflected edges, as far as frames read it.
std::vector<float> pad(std::span<const float> pcm, int frames) {
    const size_t used = static_cast<size_t>(frames + most_lanes - 1) * hop + fft_size;
    std::vector<float> padded(std::max<size_t>(used, window_samples + 2 * margin), 0.0F);
    std::copy(pcm.begin(), pcm.end(), padded.begin() + margin);
    const auto sample = [&](int i) { return static_cast<size_t>(i) < pcm.size() ? pcm[static_cast<size_t>(i)] : 0.0F; };
    for (int i = 1; i <= margin; ++i) {
        padded[static_cast<size_t>(margin - i)] = sample(i);
        padded[static_cast<size_t>(margin + window_samples - 1 + i)] = sample(window_samples - 1 - i);
    }
    return padded;
}

}  // namespace

struct LogMel::Tables {
    Tables(int mels, Isa best) : n_mels(mels), fft(fft_size), filters(make_mel_filters(mels, fft.bins())), isa(best) {
        for (int i = 0; i < fft_size; ++i) {
            hann.push_back(0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * i / fft_size));
        }
    }

    int n_mels;
    RealFft<double> fft;  // double: a tone must not lift what lies 80 dB below it
    std::vector<double> hann;
    std::vector<MelFilter> filters;
    Isa isa;

    /// padded: as pad() makes it. mel: [n_mels, window_frames]; the first `frames` of each row are written.
    template <int lanes>
    FT_INLINE void mel_frames(const float* padded, int frames, float* mel) const {
        using V = Vector<double, lanes>;
        alignas(64) V samples[fft_size], scratch[fft_size], power[fft_size / 2 + 1];
        for (int first = 0; first < frames; first += lanes) {
            const float* from = padded + static_cast<ptrdiff_t>(first) * hop;
            for (int i = 0; i < fft_size; ++i) {
                V value;
                for (int lane = 0; lane < lanes; ++lane) value[lane] = from[lane * hop + i];
                samples[i] = value * hann[static_cast<size_t>(i)];
            }
            fft.power<lanes>(samples, scratch, power);
            const int used = std::min(lanes, frames - first);
            for (int m = 0; m < n_mels; ++m) {
                const MelFilter& filter = filters[static_cast<size_t>(m)];
                V sum = {};
                for (size_t k = 0; k < filter.weights.size(); ++k) {
                    sum += power[static_cast<size_t>(filter.first_bin) + k] * filter.weights[k];
                }
                float* row = mel + static_cast<ptrdiff_t>(m) * window_frames + first;
                for (int lane = 0; lane < used; ++lane) row[lane] = static_cast<float>(sum[lane]);
            }
        }
    }

    /// Both passes over the result: logarithm and maximum, then floor and scale. Of the frames of padding, zero in mel,
    /// the first stands for all: by the same instructions as any frame, so that padding equals zeros to the last bit.
    template <int lanes>
    FT_INLINE void finish(float* mel, int frames) const {
        const int computed = std::min(frames + 1, window_frames);
        float highest = -100.0F;
        for (int m = 0; m < n_mels; ++m) {
            float* row = mel + static_cast<ptrdiff_t>(m) * window_frames;
            highest = std::max(highest, log10_in_place<lanes>(row, computed, clamp));
        }
        const float lowest = highest - range;
        for (int m = 0; m < n_mels; ++m) {
            float* row = mel + static_cast<ptrdiff_t>(m) * window_frames;
            for (int f = 0; f < computed; ++f) row[f] = ((row[f] < lowest ? lowest : row[f]) + 4.0F) * 0.25F;
            std::fill(row + computed, row + window_frames, row[computed - 1]);
        }
    }

    template <int lanes>
    FT_INLINE void run(const float* padded, int frames, float* mel) const {
        mel_frames<lanes>(padded, frames, mel);
        finish<2 * lanes>(mel, frames);
    }
    void run_baseline(const float* padded, int frames, float* mel) const { run<2>(padded, frames, mel); }
#if FT_HAVE_X86
    FT_TARGET_AVX2 void run_avx2(const float* padded, int frames, float* mel) const {
        run<4>(padded, frames, mel);
    }
    FT_TARGET_AVX512 void run_avx512(const float* padded, int frames, float* mel) const {
        run<8>(padded, frames, mel);
    }
#endif
};

LogMel::LogMel(int n_mels, Isa isa) {
    if (n_mels <= 0) {
        throw Error(ErrorCode::invalid_argument, "a log-mel spectrogram needs at least one band, not {}", n_mels);
    }
    tables_ = std::make_unique<const Tables>(n_mels, isa);
}
LogMel::~LogMel() = default;

int LogMel::n_mels() const {
    return tables_->n_mels;
}

std::vector<float> LogMel::compute(std::span<const float> pcm) const {
    if (pcm.size() > window_samples) {
        throw Error(ErrorCode::invalid_argument, "a window holds at most {} samples (30 s), not {}", window_samples,
                    pcm.size());
    }
    const int frames = frames_with_signal(pcm.size());
    const std::vector<float> padded = pad(pcm, frames);
    std::vector<float> mel(static_cast<size_t>(tables_->n_mels) * window_frames);
    switch (tables_->isa) {
#if FT_HAVE_X86
        case Isa::avx512:
            tables_->run_avx512(padded.data(), frames, mel.data());
            break;
        case Isa::avx2:
            tables_->run_avx2(padded.data(), frames, mel.data());
            break;
#endif
        default:
            tables_->run_baseline(padded.data(), frames, mel.data());
    }
    return mel;
}

}  // namespace ft
