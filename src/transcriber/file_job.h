#pragma once
// One file on its way: its windows in, hypotheses back, segments out in the order of time.
#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "decoding/batch_decoder.h"
#include "model/encoder.h"
#include "transcriber/transcriber.h"
#include "transcriber/window_feeder.h"
#include "transcriber/window_work.h"

namespace ft {

/// Belongs to the engine's thread, but for construction and finish().
class FileJob {
  public:
    /// Begins to read the file. The hooks are called by the engine's thread. `bell` is called, from a thread of the
    /// feeder's, whenever there is something new to take. Throws as AudioReader::open, and Error{invalid_argument} for
    /// options that the model cannot meet.
    FileJob(const WhisperModel& model, const Tokenizer& tokenizer, const LogMel& log_mel, const std::string& path,
            const TranscribeOptions& options, TranscribeHooks hooks, std::function<void()> bell);

    /// A window's place in the file, and what the encoder is to hear.
    struct Ready {
        int64_t id = 0, stream = 0;  ///< stream: of random numbers
        WindowSound sound;
        double duration_s = 0;  ///< of its sound
        bool once = false;      ///< at the first temperature only
    };
    /// The next window, if there is one now. Rethrows what went wrong while reading.
    std::optional<Ready> next();
    /// It could not be decoded now: next() gives it again, before all that comes later in the file.
    void put_back(int64_t id);
    /// Into the transcript, once.
    void warn(const std::string& warning);
    /// Of the window that the prompt is wanted for; see BatchDecoder.
    using LanguageProbabilities = std::function<std::vector<float>(const GenerationConfig&)>;
    /// Asks for the probabilities at most once, when the file's language is to be found out.
    std::vector<int32_t> prompt(int64_t id, const LanguageProbabilities& language_probabilities);
    const DecodePlan& plan() const { return plan_; }
    void take(int64_t id, const Hypothesis& hypothesis);

    bool stopped() const { return abandoned_.load() || (hooks_.stop != nullptr && hooks_.stop->load()); }
    /// Nothing is left to be read or decoded.
    bool done() { return open_.empty() && held_.empty() && feeder_.exhausted(); }
    /// Nobody wants the result any more. From any thread.
    void abandon() { abandoned_.store(true); }
    Timings& timings() { return transcript_.timings; }

    /// Once, at the end (or early, when stopped).
    Transcript finish();

  private:
    std::optional<PreparedWindow> next_prepared();
    WindowSound sound_of(const Window& window, std::vector<float> log_mel) const;
    std::vector<std::string> context_of(const WindowWork& work) const;
    std::string previous_text() const;
    std::vector<int32_t> context_tokens(const std::vector<std::string>& context) const;
    void detect_language(const LanguageProbabilities& language_probabilities);
    void close(int64_t index);
    void emit(double done_s);
    void absorb(FinishedWindow window, std::vector<Segment>& fresh);
    void report(const std::vector<Segment>& fresh);

    const WhisperModel& model_;
    const Tokenizer& tokenizer_;
    const LogMel& log_mel_;
    const TranscribeOptions options_;
    const TranscribeHooks hooks_;
    const DecodePlan plan_;
    const WindowRules rules_;
    Transcript transcript_;
    std::map<int64_t, FinishedWindow> known_;  // of an earlier run, not yet come to
    // By index, as are the next two: waiting, or being decoded.
    std::map<int64_t, WindowWork> open_;
    std::vector<int64_t> again_;                  // of them, those with a further part that waits for its turn
    std::map<int64_t, FinishedWindow> finished_;  // not yet emitted
    std::deque<PreparedWindow> held_;             // rejected sound, until the language is known
    std::optional<int64_t> first_speech_;         // index of the first window of speech
    std::vector<std::string> warnings_;
    std::map<int, double> latest_start_s_;  // of the segments emitted of windows of speech, by channel
    std::atomic<bool> abandoned_{false};
    double done_s_ = 0;
    bool all_read_ = false;
    WindowFeeder feeder_;  // last: its thread uses options_ and log_mel_
};

}  // namespace ft
