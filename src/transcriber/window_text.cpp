#include "transcriber/window_text.h"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "base/sample_time.h"
#include "base/text.h"
#include "decoding/token_segments.h"
#include "transcriber/confidence.h"
#include "transcriber/window_words.h"

namespace ft {

namespace {

constexpr double least_side_s = 0.3;  // less of a segment beyond a gap is a rough time

bool ends_clause(const std::string& text) {
    const std::string word = trimmed(text);
    return !word.empty() && std::string_view(".,!?;:").find(word.back()) != std::string_view::npos;
}

/// Which of the segment's text tokens is the first beyond `gap_s`: by its share of the segment's time, where a clause
/// or at least a word begins; 0 when there is none. Word times are not asked: the text is the same without them.
size_t token_at_gap(const TokenSegment& segment, const std::vector<size_t>& text, double gap_s,
                    const Tokenizer& tokenizer) {
    const auto begins_word = [&](size_t i) { return tokenizer.bytes(segment.tokens[text[i]]).substr(0, 1) == " "; };
    const double share = (gap_s - segment.start_s) / (segment.end_s - segment.start_s);
    size_t best = 0;
    double best_cost = 1.0;
    for (size_t i = 1; i < text.size(); ++i) {
        if (!begins_word(i)) continue;
        const double off = std::abs(static_cast<double>(i) / static_cast<double>(text.size()) - share);
        const double cost = off + (ends_clause(tokenizer.decode({&segment.tokens[text[i - 1]], 1})) ? 0.0 : 0.2);
        if (cost < best_cost) {
            best = i;
            best_cost = cost;
        }
    }
    return best;
}

/// A segment that goes on after something was cut out of the file would last through all that was cut out: it becomes
/// two. Where that cannot be, as the times beyond are a hair or there is but one word, it keeps to the side that has
/// more of it.
void split_at_gaps(std::vector<TokenSegment>& segments, const Window& window, const Tokenizer& tokenizer) {
    for (size_t s = 0; s < segments.size(); ++s) {
        std::vector<size_t> text;
        for (size_t i = 0; i < segments[s].tokens.size(); ++i) {
            if (!tokenizer.is_special(segments[s].tokens[i])) text.push_back(i);
        }
        for (size_t p = 1; p < window.pieces.size(); ++p) {
            const double gap_s = seconds_of(window.pieces[p].window_begin);
            TokenSegment& segment = segments[s];
            const double before_s = gap_s - segment.start_s, after_s = segment.end_s - gap_s;
            if (before_s <= 0 || after_s <= 0) continue;
            const size_t at =
                std::min(before_s, after_s) < least_side_s ? 0 : token_at_gap(segment, text, gap_s, tokenizer);
            if (at == 0) {
                (before_s < after_s ? segment.start_s : segment.end_s) = gap_s;
                continue;
            }
            TokenSegment rest;
            rest.start_s = gap_s;
            rest.end_s = segment.end_s;
            const auto from = segment.tokens.begin() + static_cast<ptrdiff_t>(text[at]);
            rest.tokens.assign(from, segment.tokens.end());
            segment.tokens.erase(from, segment.tokens.end());
            segment.end_s = gap_s;
            segments.insert(segments.begin() + static_cast<ptrdiff_t>(s) + 1, std::move(rest));
            break;  // the rest is the next segment
        }
    }
}

}  // namespace

WindowText make_window_text(const Window& window, const Hypothesis& hypothesis, const Tokenizer& tokenizer,
                            int32_t timestamp_begin) {
    WindowText result;
    SegmentedTokens split = split_segments(hypothesis.tokens, timestamp_begin, window.duration_s());
    result.covered_s = split.covered_s;
    split_at_gaps(split.segments, window, tokenizer);
    std::vector<std::vector<Word>> words = make_window_words(window, hypothesis, split.segments, tokenizer);
    const std::vector<float> probabilities = segment_probabilities(hypothesis, split.segments, tokenizer);
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
        latest_s = segment.start_s;
        segment.tokens = std::move(piece.tokens);
        segment.temperature = hypothesis.temperature;
        segment.avg_logprob = hypothesis.avg_logprob;
        segment.compression_ratio = hypothesis.compression_ratio;
        segment.no_speech_prob = hypothesis.no_speech_prob;
        segment.probability = probabilities[i];
        set_confidence(segment);
        result.segments.push_back(std::move(segment));
    }
    return result;
}

}  // namespace ft
