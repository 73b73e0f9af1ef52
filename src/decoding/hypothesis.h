#pragma once
// What the decoder made of one window, and the checks that decide whether to believe it.
#include <cstdint>
#include <string>
#include <vector>

#include "decoding/token_alignment.h"

namespace ft {

/// Temperatures to try and the thresholds that make a hypothesis fail (openai/whisper, transcribe.py,
/// decode_with_fallback).
struct FallbackOptions {
    std::vector<float> temperatures = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F, 1.0F};
    float compression_ratio_threshold = 2.4F;  ///< above: the text repeats itself
    float logprob_threshold = -1.0F;           ///< below: the model does not believe itself
    float no_speech_threshold = 0.6F;          ///< above, with a log-probability below its threshold: silence
};

struct Hypothesis {
    std::vector<int32_t> tokens;  ///< after the prompt, without the end of text
    std::vector<float> logprobs;  ///< of each token, among those that the rules allowed
    /// Of each text token (neither timestamps nor special ones), when word times were asked for; else empty.
    std::vector<TokenFrames> times;
    float temperature = 0.0F;
    float avg_logprob = 0.0F;        ///< (sum over tokens and the end) / (tokens + 1)
    float compression_ratio = 0.0F;  ///< of the text's UTF-8, zlib
    float no_speech_prob = 0.0F;     ///< at the start-of-transcript token
    bool looped = false;             ///< stopped because it repeated itself
    bool silence = false;            ///< the model says that nobody speaks
    int attempts = 1;
};

/// True when the hypothesis must be tried again at the next temperature.
bool needs_fallback(const Hypothesis& hypothesis, const FallbackOptions& options);
/// The model's word that there is no speech: the no-speech probability, unless the text itself is believed.
bool is_silent(const Hypothesis& hypothesis, const FallbackOptions& options);
/// Evidence against speech that weighs where the text is doubted, too: a no-speech probability of a third of the
/// threshold or more. Speech has a hundredth, music and beeps have this.
bool sounds_like_no_speech(const Hypothesis& hypothesis, const FallbackOptions& options);
/// Of failed attempts, the one with the highest score is kept: its mean log-probability, less 2 for each time that its
/// text compresses further beyond the threshold by the threshold, less 1 for a loop. So text that is spoken with
/// repetitions and only just over the threshold is not lost to a guess at a high temperature.
float score(const Hypothesis& hypothesis, const FallbackOptions& options);
/// True when the tokens end in the same short phrase many times over: a loop that would run to the length limit.
bool ends_in_loop(const std::vector<int32_t>& tokens);

}  // namespace ft
