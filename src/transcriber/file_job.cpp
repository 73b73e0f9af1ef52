#include "transcriber/file_job.h"

#include <algorithm>
#include <iterator>

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
            options.seed,
            options.word_times,
            options.search};
}

std::map<int64_t, FinishedWindow> by_index(const std::vector<FinishedWindow>& windows) {
    std::map<int64_t, FinishedWindow> all;
    for (const FinishedWindow& window : windows) all.emplace(window.index, window);
    return all;
}

std::set<int64_t> indexes_of(const std::map<int64_t, FinishedWindow>& windows) {
    std::set<int64_t> indexes;
    for (const auto& [index, window] : windows) indexes.insert(index);
    return indexes;
}

}  // namespace

FileJob::FileJob(const WhisperModel& model, const Tokenizer& tokenizer, const LogMel& log_mel, const std::string& path,
                 const TranscribeOptions& options, TranscribeHooks hooks, std::function<void()> bell)
    : model_(model),
      tokenizer_(tokenizer),
      log_mel_(log_mel),
      options_(options),
      hooks_(std::move(hooks)),
      plan_(make_plan(model, options.decode)),
      known_(by_index(hooks_.finished)),
      feeder_(path, options_, log_mel, indexes_of(known_), windows_ahead, std::move(bell)) {
    transcript_.file = path;
    transcript_.task = options.decode.task;
    if (transcript_.task == "translate" && model.packed().generation().languages.empty())
        throw Error(ErrorCode::invalid_argument, "this model cannot translate: it only understands English");
    transcript_.language = language_of_model(options.decode.language, model.packed().generation());
    if (transcript_.language == "auto" && !known_.empty()) {
        transcript_.language = known_.begin()->second.language;
        transcript_.language_probability = known_.begin()->second.language_probability;
    }
}

std::optional<FileJob::Ready> FileJob::next() {
    // Rests of windows go before new ones, so that text leaves in the order of time.
    if (!again_.empty()) {
        const OpenWindow& window = open_.at(again_.back());
        again_.pop_back();
        return Ready{window.result.index * parts_per_window + window.parts, log_mel_.compute(window.part.pcm),
                     window.part.duration_s()};
    }
    for (;;) {
        std::optional<PreparedWindow> prepared = feeder_.next();
        if (!all_read_ && feeder_.exhausted()) {
            all_read_ = true;
            report({});
        }
        if (!prepared) return std::nullopt;
        const int64_t index = prepared->window.index;
        if (const auto known = known_.extract(index)) {
            const double end_s = prepared->window.file_end_s();
            finished_.emplace(index, known.mapped());
            emit(end_s);
            continue;
        }
        const double duration_s = prepared->window.duration_s();
        open(std::move(prepared->window));
        return Ready{index * parts_per_window, std::move(prepared->log_mel), duration_s};
    }
}

void FileJob::open(Window window) {
    OpenWindow fresh;
    fresh.result.index = window.index;
    fresh.result.begin_s = window.file_begin_s();
    fresh.result.end_s = window.file_end_s();
    fresh.part = std::move(window);
    open_.emplace(fresh.result.index, std::move(fresh));
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
    OpenWindow& window = open_.at(id / parts_per_window);
    FinishedWindow& result = window.result;
    result.fallback |= hypothesis.attempts > 1;
    WindowText text =
        make_window_text(window.part, hypothesis, tokenizer_, model_.packed().generation().timestamp_begin);
    if (is_silent(hypothesis, plan_.fallback)) {
        window.silent = true;
        for (const Segment& segment : text.segments)
            result.dropped.push_back({segment.start_s, segment.end_s, segment.text, "no speech"});
        close(result.index);
        return;
    }
    if (!text.segments.empty()) result.transcribed_s += std::min(text.covered_s, window.part.duration_s());
    std::move(text.segments.begin(), text.segments.end(), std::back_inserter(result.segments));
    if (has_tail(window, text)) {
        window.part = window_tail(window.part, text.covered_s);
        ++window.parts;
        again_.push_back(result.index);
    } else {
        close(result.index);
    }
}

/// The decoder broke off at a timestamp: what follows is decoded as a window of its own. Each part is shorter than the
/// one before, and there are at most parts_per_window of them.
bool FileJob::has_tail(const OpenWindow& window, const WindowText& text) {
    return text.covered_s >= 1.0 && window.part.duration_s() - text.covered_s >= least_tail_s &&
           window.parts + 1 < parts_per_window;
}

void FileJob::close(int64_t index) {
    auto window = open_.extract(index);
    FinishedWindow result = std::move(window.mapped().result);
    result.silent = window.mapped().silent && result.segments.empty();
    result.language = transcript_.language;
    result.language_probability = transcript_.language_probability;
    if (hooks_.on_window) hooks_.on_window(result, feeder_.declared_duration_s());
    const double end_s = result.end_s;
    finished_.emplace(index, std::move(result));
    emit(end_s);
}

/// Segments leave in the order of time: those before every window that is still being worked on.
void FileJob::emit(double done_s) {
    std::vector<Segment> fresh;
    while (!finished_.empty() && (open_.empty() || finished_.begin()->first < open_.begin()->first)) {
        absorb(std::move(finished_.begin()->second), fresh);
        finished_.erase(finished_.begin());
    }
    done_s_ = std::max(done_s_, open_.empty() ? done_s : std::min(done_s, open_.begin()->second.result.begin_s));
    transcript_.segments.insert(transcript_.segments.end(), fresh.begin(), fresh.end());
    report(fresh);
}

void FileJob::absorb(FinishedWindow window, std::vector<Segment>& fresh) {
    Coverage& coverage = transcript_.coverage;
    ++coverage.windows;
    coverage.fallback_windows += window.fallback;
    coverage.silent_windows += window.silent;
    coverage.transcribed_s += window.transcribed_s;
    std::move(window.dropped.begin(), window.dropped.end(), std::back_inserter(coverage.dropped));
    for (Segment& segment : window.segments) {
        segment.id = static_cast<int>(transcript_.segments.size() + fresh.size());
        const double latest_s = !fresh.empty()                 ? fresh.back().start_s
                                : transcript_.segments.empty() ? 0.0
                                                               : transcript_.segments.back().start_s;
        segment.start_s = std::max(segment.start_s, latest_s);
        segment.end_s = std::max(segment.end_s, segment.start_s);
        fresh.push_back(std::move(segment));
    }
}

void FileJob::report(const std::vector<Segment>& fresh) {
    if (hooks_.progress) hooks_.progress({done_s_, feeder_.declared_duration_s(), &fresh, all_read_});
}

Transcript FileJob::finish() {
    // Interrupted within a window: the text of what was decoded of it stays.
    if (!open_.empty() && !open_.begin()->second.result.segments.empty()) {
        std::vector<Segment> last;
        absorb(std::move(open_.begin()->second.result), last);
        transcript_.segments.insert(transcript_.segments.end(), last.begin(), last.end());
    }
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
