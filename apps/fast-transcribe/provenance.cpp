#include "provenance.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace ft {

namespace {

/// "None" for a threshold that is off.
std::string threshold(float value, bool off) {
    return off ? "None" : fmt::format("{}", value);
}

const char* truth(bool value) {
    return value ? "True" : "False";
}

}  // namespace

void add_metadata(Transcript& transcript, const std::string& key, const std::string& value) {
    if (value.empty()) return;
    const auto same_key = [&](const auto& entry) { return entry.first == key; };
    const auto found = std::find_if(transcript.metadata.begin(), transcript.metadata.end(), same_key);
    if (found == transcript.metadata.end()) {
        transcript.metadata.emplace_back(key, value);
    } else if (found->second.empty()) {
        found->second = value;
    }
}

void add_options(Transcript& transcript, const TranscribeOptions& options) {
    const auto add = [&](const char* name, const std::string& value) {
        add_metadata(transcript, std::string("options.") + name, value);
    };
    const DecodeOptions& decode = options.decode;
    add("language", decode.language);
    add("task", decode.task);
    add("temperatures", fmt::format("{}", fmt::join(decode.temperatures, ",")));
    add("compression_ratio_threshold",
        threshold(decode.compression_ratio_threshold, std::isinf(decode.compression_ratio_threshold)));
    add("logprob_threshold", threshold(decode.logprob_threshold, std::isinf(decode.logprob_threshold)));
    add("no_speech_threshold", threshold(decode.no_speech_threshold, std::isinf(decode.no_speech_threshold)));
    add("initial_prompt", decode.initial_prompt);
    add("suppress_tokens", fmt::format("{}", fmt::join(decode.suppress_tokens, ",")));
    add("without_timestamps", truth(!decode.timestamps));
    add("seed", std::to_string(decode.seed));
    add("chunk_length", fmt::format("{}", options.windows.max_window_s));
    add("vad_filter", truth(options.vad_filter));
    if (!options.vad_filter) return;
    add("vad_threshold", fmt::format("{}", options.vad.threshold));
    add("vad_min_silence_duration_ms", std::to_string(options.vad.min_silence_ms));
    add("vad_min_speech_duration_ms", std::to_string(options.vad.min_speech_ms));
    add("vad_speech_pad_ms", std::to_string(options.vad.speech_pad_ms));
}

}  // namespace ft
