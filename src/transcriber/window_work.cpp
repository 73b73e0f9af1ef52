#include "transcriber/window_work.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "transcriber/coverage.h"

namespace ft {

namespace {

/// A shorter rest of a window is the padding around its speech.
constexpr double least_tail_s = 1.5;
constexpr size_t most_repairs = 8;
// Stretches that were read wrongly are read in pieces: a third of them, within limits.
constexpr double shortest_cut_s = 5.0, longest_cut_s = 12.0;
constexpr double longest_pause_s = 1.0;  // in such a piece

/// The decoder broke off at a timestamp: what follows is decoded as a part of its own. Each is shorter than the one
/// before.
bool has_tail(const Window& part, const WindowText& text) {
    return text.covered_s >= 1.0 && part.duration_s() - text.covered_s >= least_tail_s;
}

bool lies_in(const Segment& segment, const TimeSpan& stretch) {
    const double middle_s = (segment.start_s + segment.end_s) / 2;
    return stretch.begin_s <= middle_s && middle_s < stretch.end_s;
}

void sort_by_time(std::vector<Segment>& segments) {
    std::stable_sort(segments.begin(), segments.end(),
                     [](const Segment& a, const Segment& b) { return a.start_s < b.start_s; });
}

}  // namespace

WindowWork::WindowWork(Window window, const WindowRules& rules) : rules_(rules), window_(std::move(window)) {
    waiting_.push_back(window_);
    result_.index = window_.index;
    result_.begin_s = window_.file_begin_s();
    result_.end_s = window_.file_end_s();
    result_.rejected = window_.rejected;
}

ReadingContext WindowWork::context() const {
    ReadingContext context;
    if (rules_.speech_is_known && !window_.rejected) context.speech = speech_of(window_);
    context.language = language_;
    context.prompt = first_prompt_;
    context.no_speech_threshold = rules_.fallback.no_speech_threshold;
    return context;
}

void WindowWork::take(const Hypothesis& hypothesis, WindowText text, const std::string& language) {
    const Window part = std::move(waiting_.front());
    waiting_.pop_front();
    ++parts_;
    language_ = language;
    result_.fallback |= hypothesis.attempts > 1;
    Reading reading;
    reading.part = {part.file_begin_s(), part.file_end_s()};
    // Text that passed its checks at no temperature, where the model hears no speech: music, beeps.
    reading.silent = is_silent(hypothesis, rules_.fallback) || (needs_fallback(hypothesis, rules_.fallback) &&
                                                                sounds_like_no_speech(hypothesis, rules_.fallback));
    reading.looped = hypothesis.looped || hypothesis.compression_ratio > rules_.fallback.compression_ratio_threshold;
    reading.failed = needs_fallback(hypothesis, rules_.fallback);
    reading.prompted = !prompt_.empty();
    if (!repairing_ && prompt_.size() > first_prompt_.size()) first_prompt_ = prompt_;
    prompt_.clear();
    reading.segments = std::move(text.segments);
    const bool first = !repairing_;
    if (!reading.silent && has_tail(part, text) && parts_ + 1 < (first ? most_first_parts : most_parts - 1)) {
        waiting_.push_front(window_tail(part, text.covered_s));
        reading.part.end_s = waiting_.front().file_begin_s();
    }
    (first ? first_ : second_).push_back(std::move(reading));
    if (!waiting_.empty()) return;
    first ? end_first_reading() : settle_repair();
}

void WindowWork::end_first_reading() {
    for (const Reading& reading : first_) {
        if (!reading.silent) segments_.insert(segments_.end(), reading.segments.begin(), reading.segments.end());
    }
    if (!rules_.repair || window_.rejected) return;
    doubts_ = find_doubts(first_, context());
    if (doubts_.size() > most_repairs) doubts_.resize(most_repairs);
    begin_next_repair();
}

/// None when they would be what was read before.
std::vector<Window> WindowWork::cuts_for(const Doubt& doubt) const {
    const Window stretch = part_of_file(window_, doubt.stretch);
    const double longest_s =
        doubt.fault == Fault::hole ? 30.0 : std::clamp(stretch.duration_s() / 3, shortest_cut_s, longest_cut_s);
    std::vector<Window> cuts = cut_again(stretch, longest_s, longest_pause_s);
    const bool unchanged = cuts.size() == 1 && cuts[0].pcm.size() == window_.pcm.size();
    if (unchanged && doubt.fault != Fault::prompt) cuts.clear();
    return cuts;
}

void WindowWork::begin_next_repair() {
    repairing_ = true;
    for (; doubt_ < doubts_.size() && parts_ + 32 < most_parts; ++doubt_) {
        std::vector<Window> cuts = cuts_for(doubts_[doubt_]);
        if (cuts.empty()) continue;
        std::move(cuts.begin(), cuts.end(), std::back_inserter(waiting_));
        return;
    }
}

void WindowWork::settle_repair() {
    const ReadingContext known = context();
    const Doubt& doubt = doubts_[doubt_];
    std::vector<Segment> before, after;
    std::copy_if(segments_.begin(), segments_.end(), std::back_inserter(before),
                 [&](const Segment& segment) { return lies_in(segment, doubt.stretch); });
    for (const Reading& reading : second_) {
        for (Segment& segment : credible(reading, known)) after.push_back(std::move(segment));
    }
    second_.clear();
    const bool better = is_better(believed_words(after, known), believed_words(before, known));
    if (better) {
        std::erase_if(segments_, [&](const Segment& segment) { return lies_in(segment, doubt.stretch); });
        std::move(after.begin(), after.end(), std::back_inserter(segments_));
        sort_by_time(segments_);
        // Silence that turned out to be none.
        for (Reading& reading : first_) {
            if (reading.part == doubt.stretch) reading.segments.clear();
        }
    }
    result_.repaired.push_back({doubt.stretch.begin_s, doubt.stretch.end_s, to_string(doubt.fault), better});
    ++doubt_;
    begin_next_repair();
}

FinishedWindow WindowWork::finish() {
    if (!repairing_ && first_.size() > 0 && segments_.empty() && !waiting_.empty()) {
        // Interrupted within the first reading: what was read of it stays.
        for (const Reading& reading : first_) {
            if (!reading.silent) segments_.insert(segments_.end(), reading.segments.begin(), reading.segments.end());
        }
    }
    const ReadingContext known = context();
    for (const Reading& reading : first_) {
        for (const Segment& segment : reading.segments) {
            if (reading.silent) result_.dropped.push_back({segment.start_s, segment.end_s, segment.text, "no speech"});
        }
    }
    for (Segment& segment : segments_) {
        std::string reason = rules_.drop_inventions ? reason_to_drop(segment, known) : "";
        if (window_.rejected && !is_credible_outside_speech(segment, known))
            reason = "doubtful, outside detected speech";
        // Only now: what is doubted and left out must not depend on whether anybody asked for words.
        if (!segment.words.empty()) {
            segment.start_s = segment.words.front().start_s;
            segment.end_s = segment.words.back().end_s;
        }
        segment.channel = window_.channel;
        if (reason.empty()) {
            result_.segments.push_back(std::move(segment));
        } else {
            result_.dropped.push_back({segment.start_s, segment.end_s, segment.text, reason});
        }
    }
    if (!window_.rejected) result_.transcribed_s = transcribed_s(speech_of(window_), result_.segments);
    result_.silent = result_.segments.empty();
    return std::move(result_);
}

}  // namespace ft
