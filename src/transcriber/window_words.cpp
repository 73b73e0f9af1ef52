#include "transcriber/window_words.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>
#include <tuple>
#include <utility>

#include "audio/audio_reader.h"
#include "base/sample_time.h"
#include "decoding/word_tokens.h"
#include "transcript/word_times.h"

namespace ft {

namespace {

constexpr double frame_s = 0.02;
constexpr double border_tolerance_s = 1e-3;

std::vector<int32_t> text_of(const std::vector<int32_t>& tokens, const Tokenizer& tokenizer) {
    std::vector<int32_t> text;
    std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(text),
                 [&](int32_t token) { return !tokenizer.is_special(token); });
    return text;
}

/// Log-probabilities of the text tokens only, in order.
std::vector<float> text_logprobs(const Hypothesis& hypothesis, const Tokenizer& tokenizer) {
    std::vector<float> logprobs;
    for (size_t i = 0; i < hypothesis.tokens.size() && i < hypothesis.logprobs.size(); ++i) {
        if (!tokenizer.is_special(hypothesis.tokens[i])) logprobs.push_back(hypothesis.logprobs[i]);
    }
    return logprobs;
}

/// On the window's clock, as attention has it. `first`: of the segment's tokens among all text tokens.
void append_words(const std::vector<int32_t>& tokens, size_t first, const Hypothesis& hypothesis,
                  const std::vector<float>& logprobs, const Tokenizer& tokenizer, std::vector<Word>& words) {
    for (WordTokens& group : split_words(tokens, tokenizer)) {
        double sum = 0;
        for (size_t i = group.spoken_begin; i < group.spoken_end; ++i) sum += std::exp(logprobs[first + i]);
        Word word;
        word.text = std::move(group.text);
        std::replace(word.text.begin(), word.text.end(), '\n', ' ');
        word.probability =
            static_cast<float>(std::min(1.0, sum / static_cast<double>(group.spoken_end - group.spoken_begin)));
        word.start_s = frame_s * static_cast<double>(hypothesis.times[first + group.spoken_begin].begin);
        word.end_s = frame_s * static_cast<double>(hypothesis.times[first + group.spoken_end - 1].end);
        words.push_back(std::move(word));
    }
}

/// Segments were divided where something was cut out of the file (split_at_gaps): a word belongs to the side that its
/// segment is on, though attention may begin with the sound that is left before the cut.
void keep_to_side(const Window& window, const TokenSegment& segment, std::span<Word> words) {
    double from_s = 0, to_s = window.duration_s();
    for (const WindowPiece& piece : window.pieces) {
        const double border_s = seconds_of(piece.window_begin);
        if (border_s <= segment.start_s + border_tolerance_s) from_s = std::max(from_s, border_s);
        if (border_s >= segment.end_s - border_tolerance_s) to_s = std::min(to_s, border_s);
    }
    for (Word& word : words) {
        word.start_s = std::clamp(word.start_s, from_s, std::max(from_s, to_s - least_word_s));
        word.end_s = std::clamp(word.end_s, word.start_s, std::max(word.start_s, to_s));
    }
}

int64_t sounding_steps(std::span<const uint8_t> sound, double from_s, double to_s) {
    const auto begin = static_cast<int64_t>(std::max(0.0, std::ceil(from_s / sound_step_s)));
    const auto end = std::min(static_cast<int64_t>(std::max(0.0, to_s / sound_step_s)), std::ssize(sound));
    return begin < end ? std::count(sound.begin() + begin, sound.begin() + end, uint8_t{1}) : 0;
}

}  // namespace

std::pair<double, double> file_times(const Window& window, std::span<const uint8_t> sound, const Word& word) {
    double start_s = word.start_s, end_s = word.end_s;
    std::pair<int64_t, double> most = {-1, -1};
    for (const WindowPiece& piece : window.pieces) {
        const double piece_begin_s = seconds_of(piece.window_begin);
        const double piece_end_s = seconds_of(piece.window_begin + piece.size);
        const double from_s = std::max(word.start_s, piece_begin_s), to_s = std::min(word.end_s, piece_end_s);
        const std::pair<int64_t, double> has = {sounding_steps(sound, from_s, to_s), to_s - from_s};
        if (has.second > 0 && has > most) {
            most = has;
            start_s = from_s;
            end_s = to_s;
        }
    }
    const double file_start_s = window.to_file_time(start_s, false);
    return {file_start_s, std::max(file_start_s, window.to_file_time(end_s, true))};
}

std::vector<std::vector<Word>> make_window_words(const Window& window, const Hypothesis& hypothesis,
                                                 const std::vector<TokenSegment>& segments,
                                                 const Tokenizer& tokenizer) {
    std::vector<std::vector<Word>> by_segment(segments.size());
    const std::vector<float> logprobs = text_logprobs(hypothesis, tokenizer);
    std::vector<Word> words;
    std::vector<size_t> counts;
    size_t first = 0;
    for (const TokenSegment& segment : segments) {
        const std::vector<int32_t> tokens = text_of(segment.tokens, tokenizer);
        if (first + tokens.size() > std::min(hypothesis.times.size(), logprobs.size())) return by_segment;
        append_words(tokens, first, hypothesis, logprobs, tokenizer, words);
        keep_to_side(window, segment, std::span(words).subspan(counts.empty() ? 0 : counts.back()));
        counts.push_back(words.size());
        first += tokens.size();
    }
    const std::vector<uint8_t> sound = find_sound(window.pcm);
    refine_word_times(words, {sound, window.duration_s()});
    for (size_t segment = 0, word = 0; segment < segments.size(); ++segment) {
        for (; word < counts[segment]; ++word) {
            std::tie(words[word].start_s, words[word].end_s) = file_times(window, sound, words[word]);
            by_segment[segment].push_back(std::move(words[word]));
        }
    }
    return by_segment;
}

std::vector<float> segment_probabilities(const Hypothesis& hypothesis, const std::vector<TokenSegment>& segments,
                                         const Tokenizer& tokenizer) {
    const std::vector<float> logprobs = text_logprobs(hypothesis, tokenizer);
    std::vector<float> probabilities;
    size_t next = 0;
    for (const TokenSegment& segment : segments) {
        const size_t count = text_of(segment.tokens, tokenizer).size();
        double sum = 0;
        const size_t end = std::min(next + count, logprobs.size());
        for (size_t i = next; i < end; ++i) sum += logprobs[i];
        const bool known = count > 0 && end == next + count;
        probabilities.push_back(known ? static_cast<float>(std::min(1.0, std::exp(sum / static_cast<double>(count))))
                                      : 0.0F);
        next = end;
    }
    return probabilities;
}

}  // namespace ft
