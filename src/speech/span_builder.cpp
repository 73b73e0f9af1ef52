#include <algorithm>

#include "base/error.h"
#include "speech/voice_activity.h"

namespace ft {

namespace {

constexpr int64_t samples_per_ms = 16;

void check(const VadOptions& options) {
    const auto is_probability = [](float value) { return value >= 0.0F && value <= 1.0F; };
    if (!is_probability(options.threshold) || !is_probability(options.negative_threshold)) {
        throw Error(ErrorCode::invalid_argument, "voice activity: thresholds lie between 0 and 1, not {} and {}",
                    options.threshold, options.negative_threshold);
    }
    if (options.min_speech_ms < 0 || options.min_silence_ms < 0 || options.speech_pad_ms < 0) {
        throw Error(ErrorCode::invalid_argument,
                    "voice activity: shortest speech, shortest pause and padding are not negative");
    }
    if (options.max_part_ms < 1000) {
        throw Error(ErrorCode::invalid_argument, "voice activity: a part of speech is at least 1000 ms, not {} ms",
                    options.max_part_ms);
    }
}

}  // namespace

SpanBuilder::SpanBuilder(const VadOptions& options) : options_(options) {
    check(options);
    if (options_.negative_threshold == 0.0F) {
        options_.negative_threshold = std::max(options_.threshold - 0.15F, 0.01F);
    }
    min_speech_ = options.min_speech_ms * samples_per_ms;
    min_silence_ = options.min_silence_ms * samples_per_ms;
    pad_ = options.speech_pad_ms * samples_per_ms;
    max_part_ = options.max_part_ms * samples_per_ms;
    pad_before_ = pad_;
}

void SpanBuilder::push(std::span<const float> probabilities, std::vector<Span>& spans) {
    for (const float probability : probabilities) {
        take_frame(probability, spans);
        now_ += vad_frame_samples;
    }
}

void SpanBuilder::take_frame(float probability, std::vector<Span>& spans) {
    if (probability >= options_.threshold) {
        silence_begin_ = -1;
        if (speech_begin_ < 0) speech_begin_ = now_;
    } else if (probability < options_.negative_threshold && speech_begin_ >= 0) {
        if (silence_begin_ < 0) silence_begin_ = now_;
        if (now_ - silence_begin_ >= min_silence_) close(silence_begin_, spans);
    }
    if (silence_begin_ >= 0 && now_ - silence_begin_ > max_part_) silence_begin_ = -1;
    if (speech_begin_ >= 0 && silence_begin_ < 0 && now_ - speech_begin_ >= max_part_) hand_over_part(now_, spans);
    // Nothing that is still to come can take part in this pause: no need to wait for it.
    const int64_t next = speech_begin_ >= 0 ? speech_begin_ : now_;
    if (has_pending_ && next - pending_.end >= 2 * pad_) settle_pending(next, spans);
}

/// Gives the pending span its end, and says what its neighbour, whose speech begins at next_begin, gets in front.
void SpanBuilder::settle_pending(int64_t next_begin, std::vector<Span>& spans) {
    pad_before_ = pad_;
    if (!has_pending_) return;
    pad_before_ = std::min(pad_, (next_begin - pending_.end) / 2);
    pending_.end += pad_before_;
    spans.push_back(pending_);
    has_pending_ = false;
}

/// The open span ends here; it becomes the pending one unless it is too short.
void SpanBuilder::close(int64_t end, std::vector<Span>& spans) {
    const int64_t begin = speech_begin_;
    const bool is_rest = is_rest_;
    speech_begin_ = silence_begin_ = -1;
    is_rest_ = false;
    if (is_rest) {
        pending_ = {begin, end};
    } else {
        if (end - begin <= min_speech_) return;
        settle_pending(begin, spans);
        pending_ = {std::max<int64_t>(0, begin - pad_before_), end};
    }
    has_pending_ = true;
}

void SpanBuilder::hand_over_part(int64_t end, std::vector<Span>& spans) {
    if (!is_rest_) {
        settle_pending(speech_begin_, spans);
        speech_begin_ = std::max<int64_t>(0, speech_begin_ - pad_before_);
    }
    spans.push_back({speech_begin_, end, true});
    speech_begin_ = end;
    is_rest_ = true;
}

void SpanBuilder::finish(int64_t total_samples, std::vector<Span>& spans) {
    const bool fits = total_samples <= now_ && total_samples > now_ - vad_frame_samples;
    if (!fits) {
        throw Error(ErrorCode::internal, "{} samples do not end in the last of {} frames", total_samples,
                    now_ / vad_frame_samples);
    }
    if (speech_begin_ >= 0) close(total_samples, spans);
    if (!has_pending_) return;
    pending_.end = std::min(total_samples, pending_.end + pad_);
    spans.push_back(pending_);
    has_pending_ = false;
}

int64_t SpanBuilder::earliest_begin() const {
    if (has_pending_) return pending_.begin;
    if (is_rest_) return speech_begin_;
    return std::max<int64_t>(0, (speech_begin_ >= 0 ? speech_begin_ : now_) - pad_);
}

}  // namespace ft
