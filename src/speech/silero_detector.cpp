// Silero VAD: short-time spectra → four convolutions → LSTM → probability. All but the LSTM has no memory, so it runs
// over many frames at once as matrix products, on as many threads as there are; the LSTM then takes one frame after
// another, so that probabilities are those of one pass over the stream to the last bit.
#include "speech/silero_detector.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/fft.h"
#include "base/thread_pool.h"
#include "speech/silero_kernels.h"
#include "speech/silero_weights.h"

namespace ft {

namespace {

constexpr int context = 64;  // samples of the previous frame that a frame begins with; as many are reflected at its end
constexpr int framed = context + vad_frame_samples + context;
constexpr int column_hop = 128;
constexpr int batch_frames = 48;
constexpr int batches_a_thread = 2;  // in a group: so that nobody waits long for the slowest
constexpr int64_t batch_gates = int64_t{batch_frames} * 4 * silero_hidden;
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

/// Samples as the network takes them: none that is no number, none far louder than PCM can be.
float tamed(float sample) {
    return std::abs(sample) <= loudest ? sample : 0.0F;  // false for NaN too
}

/// Activations of one batch; each thread has its own.
struct Activations {
    std::vector<float> frames = std::vector<float>(batch_frames * framed);
    std::vector<float> spectrum = std::vector<float>(batch_frames * spectrum_places * silero_bins);
    std::vector<float> conv1 = std::vector<float>(batch_frames * conv1_places * 128);
    std::vector<float> conv2 = std::vector<float>(batch_frames * 2 * 64);
    std::vector<float> conv3 = std::vector<float>(batch_frames * 64);
    std::vector<float> conv4 = std::vector<float>(batch_frames * silero_hidden);
};

class SileroDetector final : public VoiceDetector {
  public:
    SileroDetector(const std::filesystem::path& path, Isa isa, ThreadPool* pool)
        : weights_(load_silero_weights(path)),
          fft_(silero_fft),
          isa_(isa),
          pool_(pool),
          batches_(pool == nullptr ? 1 : batches_a_thread * pool->threads()),
          activations_(pool == nullptr ? 1 : static_cast<size_t>(pool->threads())) {
        for (const double value : weights_.window) window_.push_back(static_cast<float>(value));
        for (std::vector<float>& gates : gates_) gates.resize(static_cast<size_t>(batches_) * batch_gates);
    }

    std::string name() const override { return "silero"; }

    /// Batches of a group are computed beside each other, and beside the LSTM's steps through the group before: only
    /// those are one after the other. Every frame's arithmetic is the same whoever does it in which company.
    void process(std::span<const float> pcm, std::vector<float>& probabilities) override {
        if (pcm.size() % vad_frame_samples != 0) {
            throw Error(ErrorCode::internal, "the voice detector takes whole frames of {} samples, not {} samples",
                        vad_frame_samples, pcm.size());
        }
        const size_t first = probabilities.size();
        const int64_t frames = std::ssize(pcm) / vad_frame_samples;
        probabilities.resize(first + static_cast<size_t>(frames));
        float* const out = probabilities.data() + first;
        const int64_t group = int64_t{batches_} * batch_frames;
        for (int64_t from = 0, before = 0; before < frames; before = from, from = std::min(frames, from + group)) {
            const int64_t to = std::min(frames, from + group);
            const Step remember{static_cast<int>(from - before), gates_[1].data(), out + before, nullptr};
            const bool has_before = from > before;
            run_all((to - from + batch_frames - 1) / batch_frames + has_before, [&](int64_t task, int thread) {
                if (has_before && task == 0) return run(remember);
                const int64_t batch = task - has_before, begin = from + batch * batch_frames;
                const auto count = static_cast<int>(std::min<int64_t>(to - begin, batch_frames));
                Activations& own = activations_[static_cast<size_t>(thread)];
                lay_out(pcm, begin, count, own.frames.data());
                run({count, gates_[0].data() + batch * batch_gates, nullptr, &own});
            });
            std::swap(gates_[0], gates_[1]);
        }
        if (frames > 0) std::transform(pcm.end() - context, pcm.end(), previous_.begin(), tamed);
    }

    void reset() override {
        std::fill(previous_.begin(), previous_.end(), 0.0F);
        std::fill(h_.begin(), h_.end(), 0.0F);
        std::fill(c_.begin(), c_.end(), 0.0F);
    }

  private:
    /// The network up to the LSTM, of a batch, when there are activations; else the LSTM and what follows.
    struct Step {
        int frames = 0;
        float* gates = nullptr;  // [frames, 4 · 128], what the LSTM is given
        float* probabilities = nullptr;
        Activations* activations = nullptr;
    };

    template <typename Body>
    void run_all(int64_t tasks, const Body& body) {
        if (pool_ != nullptr) return pool_->run(tasks, body);
        for (int64_t task = 0; task < tasks; ++task) body(task, 0);
    }

    /// Lays frames out with the previous frame's end before and their own end mirrored behind them.
    void lay_out(std::span<const float> pcm, int64_t first, int count, float* to) const {
        constexpr int64_t end = context + vad_frame_samples;
        for (int64_t frame = first; frame < first + count; ++frame, to += framed) {
            const float* const from = pcm.data() + frame * vad_frame_samples;
            if (frame == 0) {
                std::copy(previous_.begin(), previous_.end(), to);
                std::transform(from, from + vad_frame_samples, to + context, tamed);
            } else {
                std::transform(from - context, from + vad_frame_samples, to, tamed);
            }
            for (int64_t i = 0; i < context; ++i) to[end + i] = to[end - 2 - i];
        }
    }

    void run(const Step& step) {
        switch (isa_) {
#if FT_HAVE_X86
            case Isa::avx512:
                run_avx512(step);
                break;
            case Isa::avx2:
                run_avx2(step);
                break;
#endif
            default:
                run_baseline(step);
        }
    }
    void run_baseline(const Step& step) {
        run_as<Baseline>(step);
    }
#if FT_HAVE_X86
    FT_TARGET_AVX2 void run_avx2(const Step& step) {
        run_as<Avx2>(step);
    }
    FT_TARGET_AVX512 void run_avx512(const Step& step) {
        run_as<Avx512>(step);
    }
#endif

    template <typename Set>
    FT_INLINE void run_as(const Step& step) {
        if (step.activations != nullptr) {
            listen<Set>(*step.activations, step.frames, step.gates);
        } else {
            remember<Set>(step.gates, step.frames, step.probabilities);
        }
    }

    /// All that has no memory.
    template <typename Set>
    FT_INLINE void listen(Activations& own, int frames, float* gates) const {
        const int n = (frames + frame_granule - 1) / frame_granule * frame_granule;  // the rest computes stale frames
        spectra<Set::lanes>(own, n);
        using Product = typename Set::Product;
        using silero::multiply;
        float* const conv1 = own.conv1.data();
        multiply<Product>(weights_.conv1, own.spectrum.data(), spectrum_in, 4 * n, conv1 + 128, conv1_out, true);
        multiply<Product>(weights_.conv2, conv1, conv2_in, 2 * n, own.conv2.data(), conv2_out, true);
        multiply<Product>(weights_.conv3, own.conv2.data(), conv3_in, n, own.conv3.data(), narrow, true);
        multiply<Product>(weights_.conv4, own.conv3.data(), narrow, n, own.conv4.data(), wide, true);
        multiply<Product>(weights_.lstm_input, own.conv4.data(), wide, n, gates, gate_rows, false);
    }

    template <typename Set>
    FT_INLINE void remember(float* gates, int frames, float* probabilities) {
        for (int frame = 0; frame < frames; ++frame) {
            silero::lstm_step<typename Set::Step>(weights_.lstm_hidden, gates + frame * 4 * silero_hidden, h_.data(),
                                                  c_.data());
            float sum = weights_.final_bias;
            for (size_t i = 0; i < silero_hidden; ++i) sum += std::max(h_[i], 0.0F) * weights_.final_weight[i];
            probabilities[frame] = 1.0F / (1.0F + std::exp(-sum));
        }
    }

    /// Magnitudes of the four spectra of each frame, after one place of padding.
    template <int lanes>
    FT_INLINE void spectra(Activations& own, int frames) const {
        using L = Vector<float, lanes>;
        alignas(64) L samples[silero_fft], scratch[silero_fft], power[silero_bins];
        for (int first = 0; first < frames * silero_columns; first += lanes) {
            const float* from[lanes];
            float* to[lanes];
            for (int lane = 0; lane < lanes; ++lane) {
                const int frame = (first + lane) / silero_columns, column = (first + lane) % silero_columns;
                from[lane] = own.frames.data() + frame * framed + column * column_hop;
                to[lane] = own.spectrum.data() + (frame * spectrum_places + column + 1) * silero_bins;
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
        float* const all = own.spectrum.data();
        for (int i = 0; i < frames * spectrum_places * silero_bins; ++i) all[i] = std::sqrt(all[i]);
    }

    const SileroWeights weights_;
    const RealFft<float> fft_;
    const Isa isa_;
    ThreadPool* const pool_;
    const int batches_;  // of a group
    std::vector<float> window_;

    // The stream's memory.
    std::vector<float> previous_ = std::vector<float>(context);
    std::vector<float> h_ = std::vector<float>(silero_hidden), c_ = std::vector<float>(silero_hidden);

    std::vector<Activations> activations_;     // of each thread
    std::array<std::vector<float>, 2> gates_;  // of the group under way, of the group before
};

}  // namespace

std::unique_ptr<VoiceDetector> make_silero_detector(const std::filesystem::path& weights, Isa isa, ThreadPool* pool) {
    return std::make_unique<SileroDetector>(weights, isa, pool);
}

std::unique_ptr<VoiceDetector> make_silero_detector(const std::filesystem::path& weights, ThreadPool* pool) {
    return make_silero_detector(weights, best_isa(), pool);
}

}  // namespace ft
