#include "transcriber/file_job.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <iterator>
#include <tuple>

#include "base/error.h"
#include "base/start_timeline.h"
#include "decoding/language.h"
#include "transcriber/channel_merge.h"
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
/// Windows that the feeder prepares in advance; more of them for a device that takes many at once.
constexpr size_t windows_ahead = 2, windows_ahead_of_device = 8;

/// What is there before and after each comma.
std::vector<std::string> codes_in(const std::string& list) {
    std::vector<std::string> codes;
    for (size_t at = 0; at <= list.size();) {
        const size_t end = std::min(list.find(',', at), list.size());
        codes.push_back(list.substr(at, end - at));
        at = end + 1;
    }
    return codes;
}

/// The code that the model has a token for, or "auto".
std::string language_of_model(const std::string& wanted, const GenerationConfig& generation) {
    if (wanted.find(',') != std::string::npos) {
        for (const std::string& code : codes_in(wanted)) language_of_model(code, generation);
        return generation.languages.empty() ? "en" : "auto";
    }
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
    return rules;
}

/// Random numbers are a window's own, whatever is read again of others or heard between them, so that no guard changes
/// what the first reading of a window says.
int64_t stream_of(const WindowWork& work) {
    constexpr int64_t of_rejected = int64_t{1} << 40, of_repairs = int64_t{1} << 41;
    const Window& window = work.window();
    int64_t stream = window.ordinal * WindowWork::most_first_parts + work.part_number();
    if (work.repairing()) stream = of_repairs + window.ordinal * WindowWork::most_parts + work.part_number();
    return stream + (window.rejected ? of_rejected : 0) + (static_cast<int64_t>(window.channel) << 42);
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
      feeder_(path, options_, model.takes_samples() ? nullptr : &log_mel, indexes_of(known_),
              model.takes_samples() ? windows_ahead_of_device : windows_ahead, std::move(bell)) {
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

/// `log_mel`: the window's, if it was made ahead.
WindowSound FileJob::sound_of(const Window& window, std::vector<float> log_mel) const {
    if (model_.takes_samples()) return {window.pcm, true};
    return {log_mel.empty() ? log_mel_.compute(window.pcm) : std::move(log_mel), false};
}

std::optional<FileJob::Ready> FileJob::next() {
    // Rests of windows go before new ones, so that text leaves in the order of time.
    if (!again_.empty()) {
        const int64_t index = again_.back();
        again_.pop_back();
        const WindowWork& work = open_.at(index);
        const Window& part = *work.part();
        return Ready{index * parts_per_window + work.part_number(), stream_of(work), sound_of(part, {}),
                     part.duration_s(), work.once()};
    }
    for (;;) {
        if (options_.decode.condition_on_previous_text && !open_.empty()) return std::nullopt;
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
        const auto work = open_.emplace(std::piecewise_construct, std::forward_as_tuple(index),
                                        std::forward_as_tuple(std::move(prepared->window), rules_));
        const WindowWork& begun = work.first->second;
        return Ready{index * parts_per_window, stream_of(begun), sound_of(begun.window(), std::move(prepared->log_mel)),
                     duration_s, begun.once()};
    }
}

void FileJob::put_back(int64_t id) {
    again_.push_back(id / parts_per_window);
    std::sort(again_.begin(), again_.end(), std::greater<>());  // the earliest is taken first
}

void FileJob::warn(const std::string& warning) {
    if (std::find(warnings_.begin(), warnings_.end(), warning) == warnings_.end()) warnings_.push_back(warning);
}

std::vector<int32_t> FileJob::prompt(int64_t id, const LanguageProbabilities& language_probabilities) {
    const GenerationConfig& special = model_.packed().generation();
    WindowWork& work = open_.at(id / parts_per_window);
    const std::vector<std::string> context = context_of(work);
    std::vector<int32_t> tokens = context_tokens(context);
    std::vector<std::string> words;
    for (const std::string& text : context) {
        for (std::string& word : plain_words(text)) words.push_back(std::move(word));
    }
    work.set_prompt(std::move(words));
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
    const std::vector<std::string> among = codes_in(options_.decode.language);
    const bool any = among.size() < 2;
    float best = -1.0F, sum = 0.0F;
    size_t i = 0;
    for (const auto& [code, token] : special.languages) {
        const float probability = probabilities[i++];
        if (!any && std::find(among.begin(), among.end(), code) == among.end()) continue;
        sum += probability;
        if (probability <= best) continue;
        best = probability;
        transcript_.language = code;
    }
    transcript_.language_probability = sum > 0.0F ? best / sum : 0.0F;
}

/// What the part is read after. Second readings are read after nothing: what went wrong may be the prompt's doing.
std::vector<std::string> FileJob::context_of(const WindowWork& work) const {
    const DecodeOptions& decode = options_.decode;
    std::vector<std::string> context;
    if (work.repairing()) return context;
    if (!decode.hotwords.empty()) context.push_back(decode.hotwords);
    const bool opens = first_speech_ && work.window().index == *first_speech_ && work.part_number() == 0;
    if (!decode.initial_prompt.empty() && (opens || decode.carry_initial_prompt))
        context.push_back(decode.initial_prompt);
    if (decode.condition_on_previous_text && work.part_number() == 0) {
        if (std::string text = previous_text(); !text.empty()) context.push_back(std::move(text));
    }
    return context;
}

/// The last text before the windows that are open; none after a guess at a high temperature, as in OpenAI's program.
std::string FileJob::previous_text() const {
    constexpr float warmest = 0.5F;
    constexpr size_t longest = 1000;  // bytes: about what a prompt has room for
    std::string text;
    for (size_t i = transcript_.segments.size(); i-- > 0 && text.size() < longest;) {
        if (transcript_.segments[i].temperature > warmest) break;
        text = transcript_.segments[i].text + (text.empty() ? "" : " ") + text;
    }
    return text;
}

/// Hotwords are never cut off: of all else, the last that there is room for.
std::vector<int32_t> FileJob::context_tokens(const std::vector<std::string>& context) const {
    if (context.empty()) return {};
    const auto most = static_cast<ptrdiff_t>(model_.config().text_positions) / 2 - 1;
    std::vector<int32_t> kept, rest;
    for (const std::string& text : context) {
        std::vector<int32_t> tokens = tokenizer_.encode(" " + text);
        const bool hot = kept.empty() && rest.empty() && text == options_.decode.hotwords;
        std::vector<int32_t>& place = hot ? kept : rest;
        place.insert(place.end(), tokens.begin(), tokens.end());
    }
    if (std::ssize(kept) > most) kept.resize(static_cast<size_t>(most));
    const ptrdiff_t room = most - std::ssize(kept);
    if (std::ssize(rest) > room) rest.erase(rest.begin(), rest.end() - room);
    std::vector<int32_t> all = {model_.packed().generation().start_of_previous};
    all.insert(all.end(), kept.begin(), kept.end());
    all.insert(all.end(), rest.begin(), rest.end());
    return all;
}

void FileJob::take(int64_t id, const Hypothesis& hypothesis) {
    const int64_t index = id / parts_per_window;
    WindowWork& work = open_.at(index);
    work.take(hypothesis,
              make_window_text(*work.part(), hypothesis, tokenizer_, model_.packed().generation().timestamp_begin),
              options_.decode.task == "translate" ? "en" : transcript_.language);
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
            double& latest_s = latest_start_s_[segment.channel];
            segment.start_s = std::max(segment.start_s, latest_s);
            segment.end_s = std::max(segment.end_s, segment.start_s);
            latest_s = segment.start_s;
        }
        if (const auto other = same_on_another_channel(all, segment)) {
            // The microphone that is nearer is understood better.
            const bool is_better = all[*other].probability < segment.probability;
            const Segment& kept = is_better ? segment : all[*other];
            const Segment& left = is_better ? all[*other] : segment;
            coverage.dropped.push_back(
                {left.start_s, left.end_s, left.text, fmt::format("said on channel {}", kept.channel)});
            if (!is_better) continue;
            all.erase(all.begin() + static_cast<ptrdiff_t>(*other));
        }
        segment.id = static_cast<int>(all.size());
        fresh.push_back(segment);
        const auto place = std::upper_bound(all.begin(), all.end(), segment,
                                            [](const Segment& a, const Segment& b) { return a.start_s < b.start_s; });
        all.insert(place, std::move(segment));
    }
}

void FileJob::report(const std::vector<Segment>& fresh) {
    if (!fresh.empty() && start_timeline().reached("first_segment"))
        spdlog::info("since the start: {}", start_timeline().text());
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
    transcript_.warnings.insert(transcript_.warnings.end(), warnings_.begin(), warnings_.end());
    if (stopped()) {
        transcript_.warnings.push_back("interrupted: the transcript ends with the last window that was finished");
    }
    transcript_.metadata.emplace_back("vad", summary.detector);
    return std::move(transcript_);
}

}  // namespace ft
