#include "transcriber/repair.h"

#include <algorithm>
#include <cmath>

#include "transcript/doubtful_text.h"

namespace ft {

namespace {

constexpr double least_speech_s = 5.0;      // of detected speech, before few words are too few
constexpr double least_words_per_s = 0.5;   // slow speech has 1.5
constexpr double most_words_per_s = 6.0;    // nobody says more
constexpr double least_hole_s = 2.0;        // of detected speech, padding not counted
constexpr double edge_s = 0.5;              // segments' times are rough, and speech is padded
constexpr float least_logprob = -0.6F;      // outside of detected speech
constexpr float least_probability = 0.6F;   // likewise
constexpr size_t least_believed_words = 3;  // likewise

size_t count_words(std::span<const Segment> segments) {
    size_t count = 0;
    for (const Segment& segment : segments) count += plain_words(segment.text).size();
    return count;
}

bool is_sparse(size_t words, double speech_s) {
    return speech_s >= least_speech_s && static_cast<double>(words) < least_words_per_s * speech_s;
}

std::vector<std::string> all_words(std::span<const Segment> segments) {
    std::vector<std::string> all;
    for (const Segment& segment : segments) {
        for (std::string& word : plain_words(segment.text)) all.push_back(std::move(word));
    }
    return all;
}

/// What is wrong with a reading as a whole.
std::optional<Fault> fault_of(const Reading& reading, const ReadingContext& context) {
    const double speech_s = overlap_s(context.speech, reading.part);
    if (reading.silent) return is_sparse(0, speech_s) ? std::optional(Fault::silent) : std::nullopt;
    const std::vector<std::string> words = all_words(reading.segments);
    if (reading.prompted && echoes_prompt(words, context.prompt)) return Fault::prompt;
    if (is_foreign(words, context.language)) return Fault::language;
    if (reading.looped) return Fault::loop;
    if (is_sparse(words.size(), speech_s)) return Fault::sparse;
    return std::nullopt;
}

/// From the first to the last of the speech within.
TimeSpan around_speech(std::span<const TimeSpan> speech, const TimeSpan& stretch) {
    TimeSpan around{stretch.end_s, stretch.begin_s};
    for (const TimeSpan& span : speech) {
        if (span.end_s <= stretch.begin_s || span.begin_s >= stretch.end_s) continue;
        around.begin_s = std::min(around.begin_s, std::max(span.begin_s, stretch.begin_s));
        around.end_s = std::max(around.end_s, std::min(span.end_s, stretch.end_s));
    }
    return around;
}

/// Speech between `begin_s` and `end_s`, where two segments (or the part's ends) leave a hole.
void add_hole(double begin_s, double end_s, const ReadingContext& context, std::vector<Doubt>& doubts) {
    const TimeSpan inner{begin_s + edge_s, end_s - edge_s};
    if (inner.length_s() < least_hole_s || overlap_s(context.speech, inner) < least_hole_s) return;
    doubts.push_back({Fault::hole, around_speech(context.speech, {begin_s, end_s})});
}

/// What is wrong within a reading that is sound as a whole.
void find_gaps(const Reading& reading, const ReadingContext& context, std::vector<Doubt>& doubts) {
    if (reading.silent || reading.segments.empty()) return;
    double from_s = reading.part.begin_s;
    for (const Segment& segment : reading.segments) {
        add_hole(from_s, segment.start_s, context, doubts);
        const TimeSpan own{std::max(from_s, segment.start_s), segment.end_s};
        if (is_sparse(plain_words(segment.text).size(), overlap_s(context.speech, own)))
            doubts.push_back({Fault::sparse, own});
        from_s = std::max(from_s, segment.end_s);
    }
    add_hole(from_s, reading.part.end_s, context, doubts);
}

}  // namespace

const char* to_string(Fault fault) {
    switch (fault) {
        case Fault::silent:
            return "silent";
        case Fault::sparse:
            return "few words";
        case Fault::loop:
            return "loop";
        case Fault::language:
            return "language";
        case Fault::prompt:
            return "prompt";
        case Fault::hole:
            return "hole";
    }
    return "";
}

double overlap_s(std::span<const TimeSpan> speech, const TimeSpan& stretch) {
    double sum = 0;
    for (const TimeSpan& span : speech)
        sum += std::max(0.0, std::min(span.end_s, stretch.end_s) - std::max(span.begin_s, stretch.begin_s));
    return sum;
}

std::vector<Doubt> find_doubts(std::span<const Reading> readings, const ReadingContext& context) {
    std::vector<Doubt> doubts;
    if (context.speech.empty()) return doubts;
    for (const Reading& reading : readings) {
        if (const std::optional<Fault> fault = fault_of(reading, context)) {
            doubts.push_back({*fault, reading.part});
        } else {
            find_gaps(reading, context, doubts);
        }
    }
    return doubts;
}

double believed_words(std::span<const Segment> segments, const ReadingContext& context) {
    double believed = 0;
    for (const Segment& segment : segments) {
        if (is_known_invention(segment.text)) continue;
        const double most = 1.0 + most_words_per_s * (segment.end_s - segment.start_s);
        const auto words = static_cast<double>(words_without_loops(plain_words(segment.text)));
        believed += std::min(words, most) * segment.probability;
    }
    const std::vector<std::string> words = all_words(segments);
    if (echoes_prompt(words, context.prompt)) return 0.0;
    return is_foreign(words, context.language) ? believed / 2 : believed;
}

bool is_better(double second, double first) {
    return second > first * 1.1 + 0.5;
}

std::vector<Segment> credible(const Reading& reading, const ReadingContext& context) {
    if (reading.silent || reading.failed) return {};
    std::vector<Segment> kept;
    for (const Segment& segment : reading.segments) {
        if (!is_known_invention(segment.text) && segment.no_speech_prob < context.no_speech_threshold)
            kept.push_back(segment);
    }
    return kept;
}

std::string reason_to_drop(const Segment& segment, const ReadingContext& context) {
    if (!is_known_invention(segment.text)) return "";
    if (segment.no_speech_prob >= context.no_speech_threshold / 2) return "invented phrase, probably no speech";
    if (context.speech.empty()) return "";
    const double speech_s = overlap_s(context.speech, {segment.start_s, segment.end_s});
    if (speech_s < 0.1) return "invented phrase, no speech detected";
    if (is_sparse(count_words({&segment, 1}), speech_s)) return "invented phrase, far too short for its time";
    return "";
}

bool is_credible_outside_speech(const Segment& segment, const ReadingContext& context) {
    const std::vector<std::string> words = plain_words(segment.text);
    const double length_s = segment.end_s - segment.start_s;
    const auto count = static_cast<double>(words_without_loops(words));
    return words.size() >= least_believed_words && count * 4 >= static_cast<double>(words.size()) * 3 &&
           count <= 1.0 + most_words_per_s * length_s && count >= least_words_per_s * length_s &&
           segment.no_speech_prob < context.no_speech_threshold / 3 && segment.avg_logprob >= least_logprob &&
           segment.probability >= least_probability && segment.temperature == 0.0F &&
           !is_known_invention(segment.text) && !is_foreign(words, context.language);
}

}  // namespace ft
