#include "transcriber/confidence.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/character_kind.h"
#include "base/utf8.h"
#include "transcript/doubtful_text.h"

namespace ft {

namespace {

// Printed by bench/confidence/fit.py; docs/trust.md has the command, the data and how far they can be relied on.
constexpr std::array<double, 8> word_constants = {0.587, 0.934, 0.337, 0.648, -0.005, -0.292, -2.203, 0.605};
constexpr std::array<double, 7> segment_constants = {0.765, 1.094, 0.434, 0.025, -0.224, -0.076, -0.123};

double logit(double p) {
    const double inside = std::isfinite(p) ? std::clamp(p, 1e-4, 1 - 1e-4) : 1e-4;
    return std::log(inside / (1 - inside));
}

double letters_of(const std::string& word) {
    double letters = 0;
    for (size_t at = 0; at < word.size();) {
        const Utf8Char c = decode_utf8(word, at);
        at += c.length;
        const CharacterKind kind = c.valid ? character_kind(c.code) : CharacterKind::other;
        letters += kind == CharacterKind::letter || kind == CharacterKind::number ? 1 : 0;
    }
    return letters;
}

template <size_t n>
float logistic(const std::array<double, n>& constants, const std::array<double, n>& features) {
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += constants[i] * features[i];
    return static_cast<float>(1.0 / (1.0 + std::exp(-sum)));
}

double finite(double value) {
    return std::isfinite(value) ? std::clamp(value, -10.0, 10.0) : -10.0;
}

}  // namespace

void set_confidence(Segment& segment) {
    const auto spoken = static_cast<double>(plain_words(segment.text).size());
    const double duration_s = std::max(0.1, segment.end_s - segment.start_s);
    const double warmth = std::min(1.0, static_cast<double>(segment.temperature));
    const std::array<double, 7> features = {1.0,
                                            logit(segment.probability),
                                            finite(segment.avg_logprob),
                                            logit(segment.no_speech_prob),
                                            warmth,
                                            std::min(spoken, 20.0) / 10,
                                            std::abs(std::log(std::max(1.0, spoken) / duration_s / 2.5))};
    segment.confidence = spoken == 0 ? 0.0F : logistic(segment_constants, features);
    for (Word& word : segment.words) {
        const double letters = letters_of(word.text);
        const double word_s = std::max(0.02, word.end_s - word.start_s);
        word.confidence = logistic<8>(
            word_constants, {1.0, logit(word.probability), logit(segment.probability), finite(segment.avg_logprob),
                             logit(segment.no_speech_prob), warmth, std::min(letters, 12.0) / 10,
                             std::abs(std::log(std::max(1.0, letters) / word_s / 14))});
    }
}

}  // namespace ft
