#include "transcriber/window_text.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "decoding/token_segments.h"
#include "transcriber/window_words.h"

namespace ft {

WindowText make_window_text(const Window& window, const Hypothesis& hypothesis, const Tokenizer& tokenizer,
                            int32_t timestamp_begin) {
    WindowText result;
    SegmentedTokens split = split_segments(hypothesis.tokens, timestamp_begin, window.duration_s());
    result.covered_s = split.covered_s;
    std::vector<std::vector<Word>> words = make_window_words(window, hypothesis, split.segments, tokenizer);
    const std::vector<float> confidences = segment_confidences(hypothesis, split.segments, tokenizer);
    double latest_s = window.file_begin_s();
    for (size_t i = 0; i < split.segments.size(); ++i) {
        TokenSegment& piece = split.segments[i];
        Segment segment;
        segment.text = trimmed(tokenizer.decode(piece.tokens));
        std::replace(segment.text.begin(), segment.text.end(), '\n', ' ');
        if (segment.text.empty()) continue;
        segment.start_s = std::max(latest_s, window.to_file_time(piece.start_s, false));
        segment.end_s = std::max(segment.start_s, window.to_file_time(piece.end_s, true));
        segment.words = std::move(words[i]);
        if (!segment.words.empty()) {
            segment.start_s = segment.words.front().start_s;
            segment.end_s = segment.words.back().end_s;
        }
        latest_s = segment.start_s;
        segment.tokens = std::move(piece.tokens);
        segment.temperature = hypothesis.temperature;
        segment.avg_logprob = hypothesis.avg_logprob;
        segment.compression_ratio = hypothesis.compression_ratio;
        segment.no_speech_prob = hypothesis.no_speech_prob;
        segment.confidence = confidences[i];
        result.segments.push_back(std::move(segment));
    }
    return result;
}

}  // namespace ft
