#include "transcriber/file_job.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/error.h"
#include "decoding/language.h"
#include "transcriber/coverage.h"
#include "transcript/doubtful_text.h"

namespace ft {

namespace {

/// Parts of one window get neighbouring ids.
constexpr int64_t parts_per_window = WindowWork::most_parts;
/// Windows of rejected sound that wait for speech to tell the language, at most.
constexpr size_t most_held = 4;
/// Segments that are less sure than this are reported as doubtful.
constexpr float low_confidence = 0.5F;
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

WindowRules make_rules(const TranscribeOptions& options, const DecodePlan& plan) {
    WindowRules rules;
    rules.fallback = plan.fallback;
    rules.repair = options.repair;
    rules.drop_inventions = options.drop_inventions;
    rules.speech_is_known = options.vad_filter;
    rules.prompt = plain_words(options.decode.initial_prompt);
    return rules;
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
      rules_(make_rules(options_, plan_)),
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

/// What was rejected as speech is a poor witness of the language: it waits for speech, as long as memory allows.
std::optional<PreparedWindow> FileJob::next_prepared() {
    const auto take_held = [this] {
        PreparedWindow window = std::move(held_.front());
        held_.pop_front();
        return window;
    };
    for (;;) {
        const bool waits = transcript_.language == "auto" && !first_speech_ && held_.size() < most_held;
        if (!held_.empty() && !waits) return take_held();
        std::optional<PreparedWindow> prepared = feeder_.next();
        if (!all_read_ && feeder_.exhausted()) {
            all_read_ = true;
            report({});
        }
        if (!prepared) return !held_.empty() && all_read_ ? std::optional(take_held()) : std::nullopt;
        if (!prepared->window.rejected) {
            if (!first_speech_) first_speech_ = prepared->window.index;
            return prepared;
        }
        if (!waits) return prepared;
        held_.push_back(std::move(*prepared));
    }
}

std::optional<FileJob::Ready> FileJob::next() {
    // Rests of windows go before new ones, so that text leaves in the order of time.
    if (!again_.empty()) {
        const int64_t index = again_.back();
        again_.pop_back();
        const WindowWork& work = open_.at(index);
        const Window& part = *work.part();
        return Ready{index * parts_per_window + work.part_number(), log_mel_.compute(part.pcm), part.duration_s()};
    }
    for (;;) {
        std::optional<PreparedWindow> prepared = next_prepared();
        if (!prepared) return std::nullopt;
        const int64_t index = prepared->window.index;
        if (const auto known = known_.extract(index)) {
            const double end_s = prepared->window.file_end_s();
            finished_.emplace(index, known.mapped());
            emit(end_s);
            continue;
        }
        const double duration_s = prepared->window.duration_s();
        const bool once = prepared->window.rejected;
        open_.emplace(std::piecewise_construct, std::forward_as_tuple(index),
                      std::forward_as_tuple(std::move(prepared->window), rules_));
        return Ready{index * parts_per_window, std::move(prepared->log_mel), duration_s, once};
    }
}

std::vector<int32_t> FileJob::prompt(int64_t id, const LanguageProbabilities& language_probabilities) {
    const GenerationConfig& special = model_.packed().generation();
    std::vector<int32_t> tokens;
    if (!options_.decode.initial_prompt.empty() && is_prompted(id)) {
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

/// Only the file's first speech.
bool FileJob::is_prompted(int64_t id) const {
    return first_speech_ && id == *first_speech_ * parts_per_window;
}

void FileJob::take(int64_t id, const Hypothesis& hypothesis) {
    const int64_t index = id / parts_per_window;
    WindowWork& work = open_.at(index);
    work.take(hypothesis,
              make_window_text(*work.part(), hypothesis, tokenizer_, model_.packed().generation().timestamp_begin),
              options_.decode.task == "translate" ? "en" : transcript_.language,
              is_prompted(id) && !options_.decode.initial_prompt.empty());
    if (work.part() != nullptr) {
        again_.push_back(index);
    } else {
        close(index);
    }
}

void FileJob::close(int64_t index) {
    auto window = open_.extract(index);
    FinishedWindow result = window.mapped().finish();
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
    done_s_ =
        std::max(done_s_, open_.empty() ? done_s : std::min(done_s, open_.begin()->second.window().file_begin_s()));
    report(fresh);
}

/// Segments of rejected sound go where their time is, between those that are there already.
void FileJob::absorb(FinishedWindow window, std::vector<Segment>& fresh) {
    Coverage& coverage = transcript_.coverage;
    if (window.rejected) {
        ++coverage.rejected_windows;
    } else {
        ++coverage.windows;
        coverage.fallback_windows += window.fallback;
        coverage.silent_windows += window.silent;
    }
    coverage.transcribed_s += window.transcribed_s;
    std::move(window.dropped.begin(), window.dropped.end(), std::back_inserter(coverage.dropped));
    std::move(window.repaired.begin(), window.repaired.end(), std::back_inserter(coverage.repaired));
    std::vector<Segment>& all = transcript_.segments;
    for (Segment& segment : window.segments) {
        if (!window.rejected) {
            segment.start_s = std::max(segment.start_s, latest_start_s_);
            segment.end_s = std::max(segment.end_s, segment.start_s);
            latest_start_s_ = segment.start_s;
        }
        segment.id = static_cast<int>(all.size());
        fresh.push_back(segment);
        const auto place = std::upper_bound(all.begin(), all.end(), segment,
                                            [](const Segment& a, const Segment& b) { return a.start_s < b.start_s; });
        all.insert(place, std::move(segment));
    }
}

void FileJob::report(const std::vector<Segment>& fresh) {
    if (hooks_.progress) hooks_.progress({done_s_, feeder_.declared_duration_s(), &fresh, all_read_});
}

Transcript FileJob::finish() {
    // Interrupted within a window: the text of what was decoded of it stays.
    if (!open_.empty()) {
        FinishedWindow last = open_.begin()->second.finish();
        std::vector<Segment> fresh;
        if (!last.segments.empty()) absorb(std::move(last), fresh);
    }
    for (size_t i = 0; i < transcript_.segments.size(); ++i) transcript_.segments[i].id = static_cast<int>(i);
    const FeedSummary& summary = feeder_.finish();
    transcript_.duration_s = summary.duration_s;
    transcript_.timings.audio = summary.audio_s;
    transcript_.timings.vad = summary.vad_s;
    transcript_.timings.mel = summary.mel_s;
    transcript_.coverage.speech_s = summary.speech_s;
    transcript_.coverage.transcribed_s = std::min(transcript_.coverage.transcribed_s, summary.speech_s);
    transcript_.coverage.rejected_s = summary.rejected_s;
    transcript_.coverage.low_confidence = low_confidence_spans(transcript_.segments, low_confidence);
    transcript_.warnings = summary.warnings;
    if (stopped()) {
        transcript_.warnings.push_back("interrupted: the transcript ends with the last window that was finished");
    }
    transcript_.metadata.emplace_back("vad", summary.detector);
    return std::move(transcript_);
}

}  // namespace ft
