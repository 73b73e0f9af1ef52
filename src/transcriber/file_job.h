#pragma once
// One file on its way: its windows in, hypotheses back, segments out in the order of time.
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "decoding/batch_decoder.h"
#include "transcriber/transcriber.h"
#include "transcriber/window_feeder.h"
#include "transcriber/window_text.h"

namespace ft {

/// Belongs to the engine's thread, but for construction and finish().
class FileJob {
  public:
    /// Begins to read the file. `bell` is called, from a thread of the feeder's, whenever there is something new to
    /// take. Throws as AudioReader::open, and Error{invalid_argument} for options that the model cannot meet.
    FileJob(const WhisperModel& model, const Tokenizer& tokenizer, const LogMel& log_mel, const std::string& path,
            const TranscribeOptions& options, ProgressFunction progress, const std::atomic<bool>* stop,
            std::function<void()> bell);

    /// A window's place in the file, and what the encoder is to hear.
    struct Ready {
        int64_t id = 0;
        std::vector<float> log_mel;
    };
    /// The next window, if there is one now. Rethrows what went wrong while reading.
    std::optional<Ready> next();
    /// Of the window that the prompt is wanted for; see BatchDecoder.
    using LanguageProbabilities = std::function<std::vector<float>(const GenerationConfig&)>;
    /// Asks for the probabilities at most once, when the file's language is to be found out.
    std::vector<int32_t> prompt(int64_t id, const LanguageProbabilities& language_probabilities);
    const DecodePlan& plan() const { return plan_; }
    void take(int64_t id, const Hypothesis& hypothesis);

    bool stopped() const { return stop_ != nullptr && stop_->load(); }
    /// Nothing is left to be read or decoded.
    bool done() { return windows_.empty() && feeder_.exhausted(); }
    Timings& timings() { return transcript_.timings; }

    /// Once, at the end (or early, when stopped).
    Transcript finish();

  private:
    void detect_language(const LanguageProbabilities& language_probabilities);
    static bool has_tail(const Window& window, const WindowText& text, int64_t id);
    void emit(double done_s);
    void report(const std::vector<Segment>& fresh);

    const WhisperModel& model_;
    const Tokenizer& tokenizer_;
    const LogMel& log_mel_;
    const TranscribeOptions options_;
    const ProgressFunction progress_;
    const std::atomic<bool>* stop_;
    const DecodePlan plan_;
    Transcript transcript_;
    std::map<int64_t, Window> windows_;                 // waiting or being decoded
    std::vector<int64_t> again_;                        // of them, rests that wait for their turn
    std::map<int64_t, std::vector<Segment>> finished_;  // not yet emitted
    double done_s_ = 0;
    bool all_read_ = false;
    WindowFeeder feeder_;  // last: its thread uses options_ and log_mel_
};

}  // namespace ft
