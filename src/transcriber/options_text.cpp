#include "transcriber/options_text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

namespace ft {

namespace {

/// "None" for a threshold that is off.
std::string threshold(float value) {
    return std::isinf(value) ? "None" : fmt::format("{}", value);
}

const char* truth(bool value) {
    return value ? "True" : "False";
}

}  // namespace

std::vector<std::pair<std::string, std::string>> options_text(const TranscribeOptions& options) {
    std::vector<std::pair<std::string, std::string>> all;
    const auto add = [&](const char* name, const std::string& value) {
        if (!value.empty()) all.emplace_back(name, value);
    };
    const DecodeOptions& decode = options.decode;
    add("language", decode.language);
    add("task", decode.task);
    add("temperatures", fmt::format("{}", fmt::join(decode.temperatures, ",")));
    add("compression_ratio_threshold", threshold(decode.compression_ratio_threshold));
    add("logprob_threshold", threshold(decode.logprob_threshold));
    add("no_speech_threshold", threshold(decode.no_speech_threshold));
    add("initial_prompt", decode.initial_prompt);
    add("suppress_tokens", fmt::format("{}", fmt::join(decode.suppress_tokens, ",")));
    add("beam_size", std::to_string(decode.search.beam_size));
    add("best_of", std::to_string(decode.search.best_of));
    if (decode.search.beam_size > 1) add("patience", fmt::format("{}", decode.search.patience));
    if (decode.search.length_penalty) add("length_penalty", fmt::format("{}", *decode.search.length_penalty));
    add("without_timestamps", truth(!decode.timestamps));
    if (decode.word_times) add("word_timestamps", truth(true));
    add("seed", std::to_string(decode.seed));
    add("chunk_length", fmt::format("{}", options.windows.max_window_s));
    add("vad_filter", truth(options.vad_filter));
    if (!options.vad_filter) return all;
    add("vad_threshold", fmt::format("{}", options.vad.threshold));
    add("vad_min_silence_duration_ms", std::to_string(options.vad.min_silence_ms));
    add("vad_min_speech_duration_ms", std::to_string(options.vad.min_speech_ms));
    add("vad_speech_pad_ms", std::to_string(options.vad.speech_pad_ms));
    return all;
}

}  // namespace ft
