#include "transcriber/transcriber.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/stopwatch.h"
#include "decoding/batch_decoder.h"
#include "decoding/language.h"
#include "model/encoder.h"
#include "transcriber/window_feeder.h"
#include "transcriber/window_text.h"

namespace ft {

struct Transcriber::Impl {
    Impl(const std::filesystem::path& packed_model, std::unique_ptr<Backend> owned)
        : backend(std::move(owned)),
          model(PackedModel::open(packed_model, backend->info().packing), *backend),
          tokenizer(model.packed().vocabulary()),
          encoder(model, *backend),
          log_mel(model.config().n_mels) {}

    Stopwatch load_watch;
    std::unique_ptr<Backend> backend;
    WhisperModel model;
    Tokenizer tokenizer;
    Encoder encoder;
    LogMel log_mel;
    double load_s = 0;
};

namespace {

/// Parts of one window that are decoded after each other get neighbouring ids, so that ids sort by time.
constexpr int64_t parts_per_window = 64;
/// A shorter rest of a window is the padding around its speech.
constexpr double least_tail_s = 1.5;

/// The state of one file's run; transcribe() reads as the data flows.
class Run {
  public:
    Run(const WhisperModel& model, Backend& backend, Encoder& encoder, const Tokenizer& tokenizer,
        const LogMel& log_mel, const std::string& path, const TranscribeOptions& options,
        const ProgressFunction& progress)
        : model_(model),
          encoder_(encoder),
          tokenizer_(tokenizer),
          log_mel_(log_mel),
          options_(options.decode),
          progress_(progress),
          feeder_(path, options, log_mel, static_cast<size_t>(2)),
          decoder_(model, backend, tokenizer,
                   LogitsRules(model.packed().generation(), model.config().vocabulary, rule_options(options.decode)),
                   fallback_options(options.decode), std::max(1, options.decode.batch_size), options.decode.seed) {
        transcript_.file = path;
        transcript_.task = options.decode.task;
        transcript_.language = options.decode.language;
    }

    Transcript transcribe(const std::atomic<bool>* stop) {
        while (!(stop != nullptr && stop->load())) {
            fill_batch();
            if (decoder_.idle()) break;
            std::vector<DecodeResult> results;
            {
                const ScopedTimer timer(transcript_.timings.decoder);
                decoder_.step(results);
            }
            for (DecodeResult& result : results) take(std::move(result));
        }
        if (stop != nullptr && stop->load()) {
            transcript_.warnings.push_back("interrupted: the transcript ends with the last window that was finished");
        }
        return finish();
    }

  private:
    static RuleOptions rule_options(const DecodeOptions& options) {
        RuleOptions rules;
        rules.timestamps = options.timestamps;
        rules.suppress = options.suppress_tokens;
        return rules;
    }
    static FallbackOptions fallback_options(const DecodeOptions& options) {
        return {options.temperatures, options.compression_ratio_threshold, options.logprob_threshold,
                options.no_speech_threshold};
    }

    /// Windows that wait again (rests of windows) go before new ones; an idle decoder waits for the feeder.
    void fill_batch() {
        while (decoder_.has_free_slot()) {
            if (!again_.empty()) {
                const int64_t id = again_.back();
                again_.pop_back();
                start(id, log_mel_.compute(windows_.at(id).pcm));
                continue;
            }
            std::optional<PreparedWindow> next = feeder_.next(decoder_.idle());
            if (!next) return;
            const int64_t id = next->window.index * parts_per_window;
            windows_.emplace(id, std::move(next->window));
            ++transcript_.coverage.windows;
            start(id, next->log_mel);
        }
    }

    void start(int64_t id, std::span<const float> mel) {
        DecodeRequest request;
        request.id = id;
        {
            const ScopedTimer timer(transcript_.timings.encoder);
            request.window = encoder_.encode_for_decoder(mel);
        }
        request.prompt = prompt(*request.window, id);
        const ScopedTimer timer(transcript_.timings.decoder);
        decoder_.add(std::move(request));
    }

    std::vector<int32_t> prompt(const CrossCache& window, int64_t id) {
        const GenerationConfig& special = model_.packed().generation();
        std::vector<int32_t> tokens;
        if (!options_.initial_prompt.empty() && id == 0) {
            std::vector<int32_t> text = tokenizer_.encode(" " + options_.initial_prompt);
            const size_t longest = static_cast<size_t>(model_.config().text_positions) / 2 - 1;
            if (text.size() > longest) text.erase(text.begin(), text.end() - static_cast<long>(longest));
            tokens.push_back(special.start_of_previous);
            tokens.insert(tokens.end(), text.begin(), text.end());
        }
        tokens.push_back(special.start_of_transcript);
        if (!special.languages.empty()) {
            if (transcript_.language == "auto") detect_language(window);
            tokens.push_back(special.languages.at(transcript_.language));
            tokens.push_back(options_.task == "translate" ? special.translate : special.transcribe);
        }
        if (!options_.timestamps) tokens.push_back(special.no_timestamps);
        return tokens;
    }

    /// On the file's first window of speech, as the other engines do.
    void detect_language(const CrossCache& window) {
        const std::vector<float> probabilities = decoder_.language_probabilities(window);
        const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
        transcript_.language = std::next(model_.packed().generation().languages.begin(), best)->first;
        transcript_.language_probability = probabilities[static_cast<size_t>(best)];
    }

    void take(DecodeResult result) {
        const Hypothesis& hypothesis = result.hypothesis;
        const auto node = windows_.extract(result.id);
        const Window& window = node.mapped();
        if (hypothesis.attempts > 1) ++transcript_.coverage.fallback_windows;
        WindowText text =
            make_window_text(window, hypothesis, tokenizer_, model_.packed().generation().timestamp_begin);
        if (is_silent(hypothesis, fallback_options(options_))) {
            ++transcript_.coverage.silent_windows;
            for (const Segment& segment : text.segments) {
                transcript_.coverage.dropped.push_back({segment.start_s, segment.end_s, segment.text, "no speech"});
            }
            text.segments.clear();
        } else if (has_tail(window, text, result.id)) {
            windows_.emplace(result.id + 1, window_tail(window, text.covered_s));
            again_.push_back(result.id + 1);
        }
        if (!text.segments.empty()) transcript_.coverage.transcribed_s += std::min(text.covered_s, window.duration_s());
        finished_.emplace(result.id, std::move(text.segments));
        emit(window.file_end_s());
    }

    /// The decoder broke off at a timestamp: what follows is decoded as a window of its own. Each part is shorter than
    /// the one before, and there are at most parts_per_window of them.
    static bool has_tail(const Window& window, const WindowText& text, int64_t id) {
        return text.covered_s >= 1.0 && window.duration_s() - text.covered_s >= least_tail_s &&
               id % parts_per_window + 1 < parts_per_window;
    }

    /// Segments leave in the order of time: those before every window that is still being worked on.
    void emit(double done_s) {
        std::vector<Segment> fresh;
        while (!finished_.empty() && (windows_.empty() || finished_.begin()->first < windows_.begin()->first)) {
            for (Segment& segment : finished_.begin()->second) {
                segment.id = static_cast<int>(transcript_.segments.size() + fresh.size());
                const double latest_s = !fresh.empty()                 ? fresh.back().start_s
                                        : transcript_.segments.empty() ? 0.0
                                                                       : transcript_.segments.back().start_s;
                segment.start_s = std::max(segment.start_s, latest_s);
                segment.end_s = std::max(segment.end_s, segment.start_s);
                fresh.push_back(std::move(segment));
            }
            finished_.erase(finished_.begin());
        }
        done_s_ =
            std::max(done_s_, windows_.empty() ? done_s : std::min(done_s, windows_.begin()->second.file_begin_s()));
        transcript_.segments.insert(transcript_.segments.end(), fresh.begin(), fresh.end());
        if (progress_) progress_({done_s_, feeder_.declared_duration_s(), &fresh});
    }

    Transcript finish() {
        const FeedSummary& summary = feeder_.finish();
        transcript_.duration_s = summary.duration_s;
        transcript_.timings.audio = summary.audio_s;
        transcript_.timings.vad = summary.vad_s;
        transcript_.timings.mel = summary.mel_s;
        transcript_.coverage.speech_s = summary.speech_s;
        transcript_.coverage.transcribed_s = std::min(transcript_.coverage.transcribed_s, summary.speech_s);
        transcript_.warnings.insert(transcript_.warnings.begin(), summary.warnings.begin(), summary.warnings.end());
        transcript_.metadata.emplace_back("vad", summary.detector);
        return std::move(transcript_);
    }

    const WhisperModel& model_;
    Encoder& encoder_;
    const Tokenizer& tokenizer_;
    const LogMel& log_mel_;
    const DecodeOptions& options_;
    const ProgressFunction& progress_;
    WindowFeeder feeder_;
    BatchDecoder decoder_;
    std::map<int64_t, Window> windows_;                 // waiting or being decoded
    std::vector<int64_t> again_;                        // of them, rests that wait for a slot
    std::map<int64_t, std::vector<Segment>> finished_;  // not yet emitted
    double done_s_ = 0;
    Transcript transcript_;
};

/// The code that the model has a token for, or "auto".
std::string language_of_model(const std::string& wanted, const GenerationConfig& generation) {
    const std::string code = parse_language(wanted);
    if (generation.languages.empty()) {
        if (code == "en" || code == "auto") return "en";
        throw Error(ErrorCode::invalid_argument, "this model only understands English: use another model for '{}'",
                    wanted);
    }
    if (code != "auto" && generation.languages.count(code) == 0) {
        throw Error(ErrorCode::invalid_argument, "this model has no language '{}'", wanted);
    }
    return code;
}

}  // namespace

Transcriber::Transcriber(const std::filesystem::path& packed_model, std::unique_ptr<Backend> backend)
    : impl_(std::make_unique<Impl>(packed_model, std::move(backend))) {
    impl_->load_s = impl_->load_watch.seconds();
}
Transcriber::~Transcriber() = default;

const BackendInfo& Transcriber::backend() const {
    return impl_->backend->info();
}

Transcript Transcriber::transcribe(const std::string& audio_path, const TranscribeOptions& options,
                                   const ProgressFunction& progress, const std::atomic<bool>* stop) {
    const Stopwatch watch;
    TranscribeOptions checked = options;
    checked.decode.language = language_of_model(options.decode.language, impl_->model.packed().generation());
    Run run(impl_->model, *impl_->backend, impl_->encoder, impl_->tokenizer, impl_->log_mel, audio_path, checked,
            progress);
    Transcript transcript = run.transcribe(stop);
    transcript.timings.model_load = impl_->load_s;
    transcript.timings.total = watch.seconds();
    const BackendInfo& info = impl_->backend->info();
    transcript.metadata.emplace_back("backend", info.name);
    transcript.metadata.emplace_back("device", info.device);
    transcript.metadata.emplace_back("precision", to_string(info.precision));
    transcript.metadata.emplace_back("model_fingerprint", impl_->model.packed().source_fingerprint());
    return transcript;
}

}  // namespace ft
