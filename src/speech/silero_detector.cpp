// Silero VAD: short-time spectra → four convolutions → LSTM → probability. All but the LSTM has no memory, so it runs
// over many frames at once as matrix products; the LSTM then takes one frame after another.
#include "speech/silero_detector.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/fft.h"
#include "speech/silero_kernels.h"
#include "speech/silero_weights.h"

namespace ft {

namespace {

constexpr int context = 64;  // samples of the previous frame that a frame begins with; as many are reflected at its end
constexpr int framed = context + vad_frame_samples + context;
constexpr int column_hop = 128;
constexpr int batch_frames = 48;
constexpr int frame_granule = 12;  // every tile below divides the rows of this many frames
constexpr float loudest = 8.0F;    // far above what PCM holds; keeps the network finite

// Activations, [frame, place, channel]; places that stand for the convolutions' zero padding are never written.
constexpr int spectrum_places = silero_columns + 2;
constexpr int conv1_places = silero_columns + 1;
constexpr silero::Rows spectrum_in{4, spectrum_places* silero_bins, silero_bins};
constexpr silero::Rows conv1_out{4, conv1_places * 128, 128};
constexpr silero::Rows conv2_in{2, conv1_places * 128, 2 * 128};  // stride 2
constexpr silero::Rows conv2_out{2, 2 * 64, 64};
constexpr silero::Rows conv3_in{1, 2 * 64, 0};
constexpr silero::Rows narrow{1, 64, 0};
constexpr silero::Rows wide{1, silero_hidden, 0};
constexpr silero::Rows gate_rows{1, 4 * silero_hidden, 0};

/// What fits the registers of an instruction set.
struct Baseline {
    static constexpr int lanes = 4;
    using Product = silero::Tile<4, 2, 4>;
    using Step = silero::Tile<4, 1, 8>;
};
struct Avx2 {
    static constexpr int lanes = 8;
    using Product = silero::Tile<8, 6, 2>;
    using Step = silero::Tile<8, 1, 8>;
};
struct Avx512 {
    static constexpr int lanes = 16;
    using Product = silero::Tile<16, 6, 4>;
    using Step = silero::Tile<16, 1, 8>;
};

class SileroDetector final : public VoiceDetector {
  public:
    SileroDetector(const std::filesystem::path& path, Isa isa)
        : weights_(load_silero_weights(path)), fft_(silero_fft), isa_(isa) {
        for (const double value : weights_.window) window_.push_back(static_cast<float>(value));
    }

    std::string name() const override { return "silero"; }

    void process(std::span<const float> pcm, std::vector<float>& probabilities) override {
        if (pcm.size() % vad_frame_samples != 0) {
            throw Error(ErrorCode::internal, "the voice detector takes whole frames of {} samples, not {} samples",
                        vad_frame_samples, pcm.size());
        }
        while (!pcm.empty()) {
            const size_t frames = std::min<size_t>(pcm.size() / vad_frame_samples, batch_frames);
            take(pcm.first(frames * vad_frame_samples));
            const size_t first = probabilities.size();
            probabilities.resize(first + frames);
            run(static_cast<int>(frames), probabilities.data() + first);
            pcm = pcm.subspan(frames * vad_frame_samples);
        }
    }

    void reset() override {
        std::fill(previous_.begin(), previous_.end(), 0.0F);
        std::fill(h_.begin(), h_.end(), 0.0F);
        std::fill(c_.begin(), c_.end(), 0.0F);
    }

  private:
    /// Lays frames out with the previous frame's end before and their own end mirrored behind them.
    void take(std::span<const float> pcm) {
        for (size_t frame = 0; frame * vad_frame_samples < pcm.size(); ++frame) {
            float* to = frames_.data() + frame * framed;
            std::copy(previous_.begin(), previous_.end(), to);
            for (size_t i = 0; i < vad_frame_samples; ++i) {
                const float value = pcm[frame * vad_frame_samples + i];
                to[context + i] = std::abs(value) <= loudest ? value : 0.0F;  // false for NaN too
            }
            constexpr size_t end = context + vad_frame_samples;
            for (size_t i = 0; i < context; ++i) to[end + i] = to[end - 2 - i];
            std::copy(to + end - context, to + end, previous_.begin());
        }
    }

    void run(int frames, float* probabilities) {
        switch (isa_) {
#if FT_HAVE_X86
            case Isa::avx512:
                run_avx512(frames, probabilities);
                break;
            case Isa::avx2:
                run_avx2(frames, probabilities);
                break;
#endif
            default:
                run_baseline(frames, probabilities);
        }
    }
    void run_baseline(int frames, float* out) {
        run_as<Baseline>(frames, out);
    }
#if FT_HAVE_X86
    FT_TARGET_AVX2 void run_avx2(int frames, float* out) {
        run_as<Avx2>(frames, out);
    }
    FT_TARGET_AVX512 void run_avx512(int frames, float* out) {
        run_as<Avx512>(frames, out);
    }
#endif

    template <typename Set>
    FT_INLINE void run_as(int frames, float* probabilities) {
        const int n = (frames + frame_granule - 1) / frame_granule * frame_granule;  // the rest computes stale frames
        spectra<Set::lanes>(n);
        using Product = typename Set::Product;
        using silero::multiply;
        multiply<Product>(weights_.conv1, spectrum_.data(), spectrum_in, 4 * n, conv1_.data() + 128, conv1_out, true);
        multiply<Product>(weights_.conv2, conv1_.data(), conv2_in, 2 * n, conv2_.data(), conv2_out, true);
        multiply<Product>(weights_.conv3, conv2_.data(), conv3_in, n, conv3_.data(), narrow, true);
        multiply<Product>(weights_.conv4, conv3_.data(), narrow, n, conv4_.data(), wide, true);
        multiply<Product>(weights_.lstm_input, conv4_.data(), wide, n, gates_.data(), gate_rows, false);
        for (int frame = 0; frame < frames; ++frame) {
            silero::lstm_step<typename Set::Step>(weights_.lstm_hidden, gates_.data() + frame * 4 * silero_hidden,
                                                  h_.data(), c_.data());
            float sum = weights_.final_bias;
            for (size_t i = 0; i < silero_hidden; ++i) sum += std::max(h_[i], 0.0F) * weights_.final_weight[i];
            probabilities[frame] = 1.0F / (1.0F + std::exp(-sum));
        }
    }

    /// Magnitudes of the four spectra of each frame, after one place of padding.
    template <int lanes>
    FT_INLINE void spectra(int frames) {
        using L = Vector<float, lanes>;
        alignas(64) L samples[silero_fft], scratch[silero_fft], power[silero_bins];
        for (int first = 0; first < frames * silero_columns; first += lanes) {
            const float* from[lanes];
            float* to[lanes];
            for (int lane = 0; lane < lanes; ++lane) {
                const int frame = (first + lane) / silero_columns, column = (first + lane) % silero_columns;
                from[lane] = frames_.data() + frame * framed + column * column_hop;
                to[lane] = spectrum_.data() + (frame * spectrum_places + column + 1) * silero_bins;
            }
            for (int i = 0; i < silero_fft; ++i) {
                L value;
                for (int lane = 0; lane < lanes; ++lane) value[lane] = from[lane][i];
                samples[i] = value * window_[static_cast<size_t>(i)];
            }
            fft_.power<lanes>(samples, scratch, power);
            for (int k = 0; k < silero_bins; ++k) {
                for (int lane = 0; lane < lanes; ++lane) to[lane][k] = power[k][lane];
            }
        }
        float* const all = spectrum_.data();
        for (int i = 0; i < frames * spectrum_places * silero_bins; ++i) all[i] = std::sqrt(all[i]);
    }

    const SileroWeights weights_;
    const RealFft<float> fft_;
    const Isa isa_;
    std::vector<float> window_;

    // The stream's memory.
    std::vector<float> previous_ = std::vector<float>(context);
    std::vector<float> h_ = std::vector<float>(silero_hidden), c_ = std::vector<float>(silero_hidden);
    // Activations of one batch.
    std::vector<float> frames_ = std::vector<float>(batch_frames * framed);
    std::vector<float> spectrum_ = std::vector<float>(batch_frames * spectrum_places * silero_bins);
    std::vector<float> conv1_ = std::vector<float>(batch_frames * conv1_places * 128);
    std::vector<float> conv2_ = std::vector<float>(batch_frames * 2 * 64);
    std::vector<float> conv3_ = std::vector<float>(batch_frames * 64);
    std::vector<float> conv4_ = std::vector<float>(batch_frames * silero_hidden);
    std::vector<float> gates_ = std::vector<float>(batch_frames * 4 * silero_hidden);
};

}  // namespace

std::unique_ptr<VoiceDetector> make_silero_detector(const std::filesystem::path& weights, Isa isa) {
    return std::make_unique<SileroDetector>(weights, isa);
}

std::unique_ptr<VoiceDetector> make_silero_detector(const std::filesystem::path& weights) {
    return make_silero_detector(weights, best_isa());
}

}  // namespace ft
