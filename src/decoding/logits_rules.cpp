#include "decoding/logits_rules.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace ft {
namespace {

constexpr int timestamp_count = 1501;  // 0.00 … 30.00 s
constexpr double timestamp_step_s = 0.02;

using BitSet = std::vector<uint64_t>;

void set(BitSet& bits, int64_t token, int vocabulary) {
    if (token >= 0 && token < vocabulary) bits[static_cast<size_t>(token) / 64] |= uint64_t{1} << (token % 64);
}

void clear(BitSet& bits, int64_t token) {
    bits[static_cast<size_t>(token) / 64] &= ~(uint64_t{1} << (token % 64));
}

void set_range(BitSet& bits, int64_t begin, int64_t end, int vocabulary) {
    for (int64_t token = begin; token < std::min<int64_t>(end, vocabulary); ++token) set(bits, token, vocabulary);
}

void forbid(TokenRule& rule, size_t& used, int32_t begin, int32_t end) {
    if (begin < end) rule.forbidden[used++] = {begin, end};
}

}  // namespace

LogitsRules::LogitsRules(const GenerationConfig& generation, int vocabulary, const RuleOptions& options)
    : generation_(generation), vocabulary_(vocabulary), options_(options) {
    check();
    const GenerationConfig& g = generation_;
    always_.assign((static_cast<size_t>(vocabulary) + 63) / 64, 0);
    bool no_speech_forbidden = !options_.allow_no_speech_token || g.no_speech < 0 || g.no_speech >= vocabulary;
    for (const int32_t token : options_.suppress) {
        if (token == -1) {
            for (const int32_t listed : g.suppress) {
                // Whatever the file lists, there is always a way on: the end of text and the timestamps stay.
                if (listed != g.end_of_text && listed < g.timestamp_begin) set(always_, listed, vocabulary);
            }
        } else {
            set(always_, token, vocabulary);
            no_speech_forbidden |= token == g.no_speech;
        }
    }
    // Everything between the end of text and the first timestamp steers the decoder and is no text: start, languages,
    // tasks, previous text, no-speech, no-timestamps. Beyond the last timestamp there is only padding.
    set_range(always_, int64_t{g.end_of_text} + 1, g.timestamp_begin, vocabulary);
    for (const int32_t token :
         {g.start_of_transcript, g.transcribe, g.translate, g.start_of_previous, g.no_speech, g.no_timestamps}) {
        set(always_, token, vocabulary);
    }
    for (const auto& [code, token] : g.languages) set(always_, token, vocabulary);
    const int64_t text_end = g.timestamp_begin + int64_t{options_.timestamps ? timestamp_count : 0};
    set_range(always_, text_end, vocabulary, vocabulary);

    first_ = first_text_ = always_;
    if (options_.suppress_blank) {
        for (const int32_t token : g.begin_suppress) set(first_, token, vocabulary);
    }
    if (!no_speech_forbidden) {
        clear(first_, g.no_speech);
        clear(first_text_, g.no_speech);
    }
}

void LogitsRules::check() const {
    const GenerationConfig& g = generation_;
    if (vocabulary_ <= 0 || g.end_of_text < 0 || g.end_of_text >= vocabulary_) {
        throw Error(ErrorCode::bad_model,
                    "the model names no end-of-text token among its {} tokens; get the model again", vocabulary_);
    }
    if (g.timestamp_begin <= g.end_of_text || g.timestamp_begin > vocabulary_ ||
        (options_.timestamps && g.timestamp_begin == vocabulary_)) {
        throw Error(
            ErrorCode::bad_model,
            "the model's first timestamp token ({}) does not lie between its end of text ({}) and the end of its "
            "vocabulary ({}); it is no Whisper model with timestamps",
            g.timestamp_begin, g.end_of_text, vocabulary_);
    }
    for (const int32_t token : options_.suppress) {
        if (token < -1 || token >= g.timestamp_begin || token == g.end_of_text) {
            throw Error(
                ErrorCode::invalid_argument,
                "suppress_tokens: {} is not a text token of this model; those are 0 to {}, and -1 stands for the "
                "model's own list",
                token, g.end_of_text - 1);
        }
    }
    if (!(options_.max_initial_timestamp_s >= 0)) {
        throw Error(ErrorCode::invalid_argument, "max_initial_timestamp must be 0 s or more, not {}",
                    options_.max_initial_timestamp_s);
    }
}

TokenRule LogitsRules::next(std::span<const int32_t> sampled) const {
    TokenRule rule;
    size_t used = 0;
    rule.suppressed = &always_;
    if (sampled.empty()) {
        rule.suppressed = &first_;
        rule.probe = generation_.no_speech;
    }
    if (is_silence(sampled)) {  // the answer is complete
        forbid(rule, used, 0, generation_.end_of_text);
        forbid(rule, used, generation_.end_of_text + 1, vocabulary_);
        return rule;
    }
    if (!options_.timestamps) return rule;
    rule.timestamp_begin = generation_.timestamp_begin;
    sampled.empty() ? restrict_first(rule, used) : restrict_later(sampled, rule, used);
    return rule;
}

void LogitsRules::restrict_first(TokenRule& rule, size_t& used) const {
    const int32_t begin = generation_.timestamp_begin;
    const double steps =
        std::min(std::round(options_.max_initial_timestamp_s / timestamp_step_s), timestamp_count - 1.0);
    forbid(rule, used, 0, begin);
    forbid(rule, used, begin + static_cast<int32_t>(steps) + 1, vocabulary_);
}

void LogitsRules::restrict_later(std::span<const int32_t> sampled, TokenRule& rule, size_t& used) const {
    const int32_t begin = generation_.timestamp_begin;
    const auto is_timestamp = [begin](int32_t token) { return token >= begin; };
    const size_t n = sampled.size();
    const bool last = is_timestamp(sampled[n - 1]);
    // The first timestamp opens a segment, as does the second of a pair: only text or the end may follow.
    const bool opens = last && (n < 2 || is_timestamp(sampled[n - 2]));
    if (n == 1 && last) rule.suppressed = &first_text_;
    if (opens) {
        forbid(rule, used, begin, vocabulary_);
        return;
    }
    // A timestamp after text closes its segment: its equal or a later one must open the next, or the text ends.
    if (last) forbid(rule, used, 0, generation_.end_of_text);
    const auto latest = std::find_if(sampled.rbegin(), sampled.rend(), is_timestamp);
    // Time does not go back; the end of a segment is later than its start, lest the decoder loop on empty ones.
    if (latest != sampled.rend()) forbid(rule, used, begin, std::min(last ? *latest : *latest + 1, vocabulary_));
}

bool LogitsRules::is_silence(std::span<const int32_t> sampled) const {
    const int32_t no_speech = generation_.no_speech;
    if (no_speech < 0 || sampled.empty()) return false;
    if (sampled[0] == no_speech) return true;
    return sampled.size() > 1 && sampled[0] >= generation_.timestamp_begin && sampled[1] == no_speech;
}

}  // namespace ft
