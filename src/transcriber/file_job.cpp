#include "transcriber/file_job.h"

#include <algorithm>

#include "base/error.h"
#include "decoding/language.h"

namespace ft {

namespace {

/// Parts of one window that are decoded after each other get neighbouring ids, so that ids sort by time.
constexpr int64_t parts_per_window = 64;
/// A shorter rest of a window is the padding around its speech.
constexpr double least_tail_s = 1.5;
/// Windows that the feeder prepares in advance.
constexpr size_t windows_ahead = 2;

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

DecodePlan make_plan(const WhisperModel& model, const DecodeOptions& options) {
    RuleOptions rules;
    rules.timestamps = options.timestamps;
    rules.suppress = options.suppress_tokens;
    if (options.temperatures.empty()) throw Error(ErrorCode::invalid_argument, "at least one temperature is needed");
    return {LogitsRules(model.packed().generation(), model.config().vocabulary, rules),
            {options.temperatures, options.compression_ratio_threshold, options.logprob_threshold,
             options.no_speech_threshold},
            options.seed};
}

}  // namespace

FileJob::FileJob(const WhisperModel& model, const Tokenizer& tokenizer, const LogMel& log_mel, const std::string& path,
                 const TranscribeOptions& options, ProgressFunction progress, const std::atomic<bool>* stop,
                 std::function<void()> bell)
    : model_(model),
      tokenizer_(tokenizer),
      log_mel_(log_mel),
      options_(options),
      progress_(std::move(progress)),
      stop_(stop),
      plan_(make_plan(model, options.decode)),
      feeder_(path, options_, log_mel, windows_ahead, std::move(bell)) {
    transcript_.file = path;
    transcript_.task = options.decode.task;
    transcript_.language = language_of_model(options.decode.language, model.packed().generation());
}

std::optional<FileJob::Ready> FileJob::next() {
    // Rests of windows go before new ones, so that text leaves in the order of time.
    if (!again_.empty()) {
        const int64_t id = again_.back();
        again_.pop_back();
        return Ready{id, log_mel_.compute(windows_.at(id).pcm)};
    }
    std::optional<PreparedWindow> prepared = feeder_.next();
    if (!all_read_ && feeder_.exhausted()) {
        all_read_ = true;
        report({});
    }
    if (!prepared) return std::nullopt;
    const int64_t id = prepared->window.index * parts_per_window;
    windows_.emplace(id, std::move(prepared->window));
    ++transcript_.coverage.windows;
    return Ready{id, std::move(prepared->log_mel)};
}

std::vector<int32_t> FileJob::prompt(int64_t id, const LanguageProbabilities& language_probabilities) {
    const GenerationConfig& special = model_.packed().generation();
    std::vector<int32_t> tokens;
    if (!options_.decode.initial_prompt.empty() && id == 0) {
        std::vector<int32_t> text = tokenizer_.encode(" " + options_.decode.initial_prompt);
        const size_t longest = static_cast<size_t>(model_.config().text_positions) / 2 - 1;
        if (text.size() > longest) text.erase(text.begin(), text.end() - static_cast<long>(longest));
        tokens.push_back(special.start_of_previous);
        tokens.insert(tokens.end(), text.begin(), text.end());
    }
    tokens.push_back(special.start_of_transcript);
    if (!special.languages.empty()) {
        if (transcript_.language == "auto") detect_language(language_probabilities);
        tokens.push_back(special.languages.at(transcript_.language));
        tokens.push_back(options_.decode.task == "translate" ? special.translate : special.transcribe);
    }
    if (!options_.decode.timestamps) tokens.push_back(special.no_timestamps);
    return tokens;
}

/// On the file's first window of speech, as the other engines do.
void FileJob::detect_language(const LanguageProbabilities& language_probabilities) {
    const GenerationConfig& special = model_.packed().generation();
    const std::vector<float> probabilities = language_probabilities(special);
    const auto best = std::max_element(probabilities.begin(), probabilities.end()) - probabilities.begin();
    transcript_.language = std::next(special.languages.begin(), best)->first;
    transcript_.language_probability = probabilities[static_cast<size_t>(best)];
}

void FileJob::take(int64_t id, const Hypothesis& hypothesis) {
    const auto node = windows_.extract(id);
    const Window& window = node.mapped();
    if (hypothesis.attempts > 1) ++transcript_.coverage.fallback_windows;
    WindowText text = make_window_text(window, hypothesis, tokenizer_, model_.packed().generation().timestamp_begin);
    if (is_silent(hypothesis, plan_.fallback)) {
        ++transcript_.coverage.silent_windows;
        for (const Segment& segment : text.segments) {
            transcript_.coverage.dropped.push_back({segment.start_s, segment.end_s, segment.text, "no speech"});
        }
        text.segments.clear();
    } else if (has_tail(window, text, id)) {
        windows_.emplace(id + 1, window_tail(window, text.covered_s));
        again_.push_back(id + 1);
    }
    if (!text.segments.empty()) transcript_.coverage.transcribed_s += std::min(text.covered_s, window.duration_s());
    finished_.emplace(id, std::move(text.segments));
    emit(window.file_end_s());
}

/// The decoder broke off at a timestamp: what follows is decoded as a window of its own. Each part is shorter than the
/// one before, and there are at most parts_per_window of them.
bool FileJob::has_tail(const Window& window, const WindowText& text, int64_t id) {
    return text.covered_s >= 1.0 && window.duration_s() - text.covered_s >= least_tail_s &&
           id % parts_per_window + 1 < parts_per_window;
}

/// Segments leave in the order of time: those before every window that is still being worked on.
void FileJob::emit(double done_s) {
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
    done_s_ = std::max(done_s_, windows_.empty() ? done_s : std::min(done_s, windows_.begin()->second.file_begin_s()));
    transcript_.segments.insert(transcript_.segments.end(), fresh.begin(), fresh.end());
    report(fresh);
}

void FileJob::report(const std::vector<Segment>& fresh) {
    if (progress_) progress_({done_s_, feeder_.declared_duration_s(), &fresh, all_read_});
}

Transcript FileJob::finish() {
    const FeedSummary& summary = feeder_.finish();
    transcript_.duration_s = summary.duration_s;
    transcript_.timings.audio = summary.audio_s;
    transcript_.timings.vad = summary.vad_s;
    transcript_.timings.mel = summary.mel_s;
    transcript_.coverage.speech_s = summary.speech_s;
    transcript_.coverage.transcribed_s = std::min(transcript_.coverage.transcribed_s, summary.speech_s);
    transcript_.warnings = summary.warnings;
    if (stopped()) {
        transcript_.warnings.push_back("interrupted: the transcript ends with the last window that was finished");
    }
    transcript_.metadata.emplace_back("vad", summary.detector);
    return std::move(transcript_);
}

}  // namespace ft
