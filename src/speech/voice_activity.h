#pragma once
// Where somebody speaks: frame probabilities from Silero VAD (or an energy detector) → spans of speech.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ft {

class ThreadPool;

/// A stretch of the file's own clock, in samples at 16 kHz, half open.
struct Span {
    int64_t begin = 0;
    int64_t end = 0;
    /// The next span goes on exactly where this one ends, in the midst of speech: a long span handed over in parts.
    bool continues = false;
    int64_t size() const { return end - begin; }
    bool operator==(const Span&) const = default;
};

constexpr int vad_frame_samples = 512;  ///< 32 ms.

/// The probability of speech for each frame of 512 samples, in order. Keeps state between calls (Silero's LSTM and
/// its 64 samples of context): one detector a stream, one thread at a time.
class VoiceDetector {
  public:
    virtual ~VoiceDetector() = default;
    /// "silero" or "energy".
    virtual std::string name() const = 0;
    /// pcm.size() must be a multiple of 512 (the caller pads the last frame with zeros). Appends one value a frame.
    virtual void process(std::span<const float> pcm, std::vector<float>& probabilities) = 0;
    virtual void reset() = 0;
};

/// Runs `silero_vad_16k.safetensors` (PyPI wheel silero-vad, MIT) natively. Throws Error{bad_model, not_found}.
/// Probabilities equal the reference implementation's within 1e-3. With a pool, which it uses only within process()
/// and which must outlive it, long calls are computed on its threads, with the same result to the last bit.
std::unique_ptr<VoiceDetector> make_silero_detector(const std::filesystem::path& weights, ThreadPool* pool = nullptr);
/// Level above an adaptive noise floor; used when Silero's file cannot be had.
std::unique_ptr<VoiceDetector> make_energy_detector();

/// Names and defaults as in faster-whisper's and Silero's get_speech_timestamps.
struct VadOptions {
    float threshold = 0.5F;           ///< speech starts at or above it.
    float negative_threshold = 0.0F;  ///< speech may end below it; 0 means max(threshold − 0.15, 0.01).
    int min_speech_ms = 100;
    int min_silence_ms = 160;  ///< a shorter pause does not end a span.
    int speech_pad_ms = 300;   ///< added at both sides; neighbours that are nearer share their pause evenly.
    int max_part_ms = 30000;   ///< a longer span is handed over in parts (Span::continues), so that memory is bounded.
};

/// Turns probabilities into spans as they arrive, so that a stream of any length needs bounded memory. Spans are those
/// of Silero's get_speech_timestamps (parts joined), however the probabilities are divided into calls; one difference:
/// more than max_part_ms between the two thresholds, after speech, counts as speech, for Silero would wait forever.
class SpanBuilder {
  public:
    /// Throws Error{invalid_argument} for thresholds outside [0, 1], negative times or a part shorter than a second.
    explicit SpanBuilder(const VadOptions& options);
    /// Feeds the next frames' probabilities; finished (padded, non-overlapping, ascending) spans are appended to
    /// `spans`.
    void push(std::span<const float> probabilities, std::vector<Span>& spans);
    /// End of the stream of total_samples samples, the last frame's zero padding not counted.
    void finish(int64_t total_samples, std::vector<Span>& spans);
    /// No span still to come begins before this sample: what WindowPacker::forget_before() wants to know.
    int64_t earliest_begin() const;

  private:
    void take_frame(float probability, std::vector<Span>& spans);
    void close(int64_t end, std::vector<Span>& spans);
    void hand_over_part(int64_t end, std::vector<Span>& spans);
    void settle_pending(int64_t next_begin, std::vector<Span>& spans);

    VadOptions options_;
    int64_t min_speech_, min_silence_, pad_, max_part_;  // samples
    int64_t now_ = 0;                                    // where the next frame begins
    int64_t speech_begin_ = -1;                          // where the open span began, or -1
    int64_t silence_begin_ = -1;                         // where the pause inside the open span began, or -1
    bool is_rest_ = false;  // the open span continues a part: it is not padded in front, nor ever too short
    Span pending_;          // a finished span, padded in front; its end waits for its neighbour
    bool has_pending_ = false;
    int64_t pad_before_ = 0;  // what the open or next span gets in front at most
};

}  // namespace ft
