#include <cmath>
#include <nlohmann/json.hpp>

#include "base/utf8.h"
#include "transcript/writers/formats.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

/// Rounded, because a float printed in full is noise; null for what JSON cannot say.
Json number(double value, int decimals) {
    if (!std::isfinite(value)) return nullptr;
    const double scale = std::pow(10.0, decimals);
    if (std::fabs(value) > 1e9) return value;
    return std::round(value * scale) / scale + 0.0;  // + 0.0: no "-0.0"
}

Json time(double seconds) {
    return number(seconds, 3);
}
Json score(float value) {
    return number(value, 6);
}
Json text(const std::string& bytes) {
    return valid_utf8(bytes);
}

Json segment_json(const Segment& segment) {
    Json json = {{"id", segment.id},
                 {"start", time(segment.start_s)},
                 {"end", time(segment.end_s)},
                 {"text", text(segment.text)},
                 {"tokens", segment.tokens},
                 {"temperature", score(segment.temperature)},
                 {"avg_logprob", score(segment.avg_logprob)},
                 {"compression_ratio", score(segment.compression_ratio)},
                 {"no_speech_prob", score(segment.no_speech_prob)},
                 {"probability", score(segment.probability)},
                 {"confidence", score(segment.confidence)},
                 {"words", Json::array()}};
    if (segment.channel > 0) json["channel"] = segment.channel;
    for (const Word& word : segment.words) {
        json["words"].push_back({{"word", text(word.text)},
                                 {"start", time(word.start_s)},
                                 {"end", time(word.end_s)},
                                 {"probability", score(word.probability)},
                                 {"confidence", score(word.confidence)}});
    }
    return json;
}

Json timing_json(const Timings& t) {
    Json json = {{"total_s", time(t.total)},
                 {"ready_s", time(t.ready)},
                 {"model_load_s", time(t.model_load)},
                 {"device_start_s", time(t.device_start)},
                 {"audio_s", time(t.audio)},
                 {"vad_s", time(t.vad)},
                 {"mel_s", time(t.mel)},
                 {"encoder_s", time(t.encoder)},
                 {"decoder_s", time(t.decoder)}};
    for (const auto& [name, at_s] : t.start) json["start"][name + "_s"] = time(at_s);
    return json;
}

Json coverage_json(const Coverage& coverage) {
    Json json = {{"speech_s", time(coverage.speech_s)},
                 {"transcribed_s", time(coverage.transcribed_s)},
                 {"share", number(coverage.share(), 4)},
                 {"windows", coverage.windows},
                 {"fallback_windows", coverage.fallback_windows},
                 {"silent_windows", coverage.silent_windows},
                 {"rejected_s", time(coverage.rejected_s)},
                 {"rejected_windows", coverage.rejected_windows},
                 {"repaired", Json::array()},
                 {"dropped", Json::array()},
                 {"low_confidence", Json::array()}};
    for (const auto& repair : coverage.repaired) {
        json["repaired"].push_back({{"start", time(repair.start_s)},
                                    {"end", time(repair.end_s)},
                                    {"reason", text(repair.reason)},
                                    {"replaced", repair.replaced}});
    }
    for (const auto& doubtful : coverage.low_confidence) {
        json["low_confidence"].push_back({{"start", time(doubtful.start_s)},
                                          {"end", time(doubtful.end_s)},
                                          {"confidence", score(doubtful.confidence)}});
    }
    for (const auto& dropped : coverage.dropped) {
        json["dropped"].push_back({{"start", time(dropped.start_s)},
                                   {"end", time(dropped.end_s)},
                                   {"text", text(dropped.text)},
                                   {"reason", text(dropped.reason)}});
    }
    return json;
}

Json metadata_json(const Transcript& transcript) {
    Json json = {{"file", text(transcript.file)},
                 {"task", text(transcript.task)},
                 {"language_probability", score(transcript.language_probability)}};
    for (const auto& [key, value] : transcript.metadata) json[valid_utf8(key)] = text(value);
    json["timing"] = timing_json(transcript.timings);
    json["coverage"] = coverage_json(transcript.coverage);
    json["warnings"] = Json::array();
    for (const std::string& warning : transcript.warnings) json["warnings"].push_back(text(warning));
    return json;
}

}  // namespace

/// One segment a line, so that the file can be read, compared and searched line by line.
std::string write_json(const Transcript& transcript, const WriterOptions&) {
    std::string out = "{\n\"text\": " + text(transcript.text()).dump();
    out += ",\n\"language\": " + text(transcript.language).dump();
    out += ",\n\"duration\": " + time(transcript.duration_s).dump();
    out += ",\n\"segments\": [";
    for (size_t i = 0; i < transcript.segments.size(); ++i) {
        out += (i == 0 ? "\n" : ",\n") + segment_json(transcript.segments[i]).dump();
    }
    out += transcript.segments.empty() ? "]" : "\n]";
    return out + ",\n\"metadata\": " + metadata_json(transcript).dump(1) + "\n}\n";
}

}  // namespace ft
