// The JSON of Amazon Transcribe, for programs that read it: words and punctuation as items, segments as audio_segments.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string_view>

#include "base/utf8.h"
#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"
#include "transcript/writers/subtitle_layout.h"
#include "transcript/writers/timed_pieces.h"

namespace ft {
namespace {

using Json = nlohmann::ordered_json;

/// The service's codes name a country, too.
std::string language_code(const std::string& language) {
    static const std::map<std::string, std::string> codes = {
        {"sv", "sv-SE"}, {"en", "en-US"}, {"da", "da-DK"}, {"no", "no-NO"}, {"fi", "fi-FI"}, {"de", "de-DE"},
        {"fr", "fr-FR"}, {"es", "es-ES"}, {"it", "it-IT"}, {"nl", "nl-NL"}, {"pt", "pt-PT"}, {"pl", "pl-PL"},
        {"is", "is-IS"}, {"et", "et-ET"}, {"lv", "lv-LV"}, {"lt", "lt-LT"}, {"uk", "uk-UA"}, {"ru", "ru-RU"},
        {"ar", "ar-SA"}, {"zh", "zh-CN"}, {"ja", "ja-JP"}, {"ko", "ko-KR"}, {"tr", "tr-TR"}, {"cs", "cs-CZ"}};
    const auto found = codes.find(language);
    return found == codes.end() ? language : found->second;
}

std::string time(double seconds) {
    return fmt::format("{:.3f}", static_cast<double>(to_ms(seconds)) / 1000.0);
}

bool is_mark(char c) {
    return std::string_view(".,!?;:").find(c) != std::string_view::npos;
}

/// Where the marks after a word begin.
size_t marks_of(const std::string& word) {
    size_t at = word.size();
    while (at > 0 && is_mark(word[at - 1])) --at;
    return at;
}

class Items {
  public:
    /// -> the ids of the segment's items
    Json append(const Segment& segment) {
        Json ids = Json::array();
        std::vector<float> confidences;
        for (const Word& word : segment.words) {
            if (!one_line(word.text).empty()) confidences.push_back(word.confidence);
        }
        const std::vector<Piece> pieces = timed_pieces(segment);
        for (size_t i = 0; i < pieces.size(); ++i) {
            const size_t marks = marks_of(pieces[i].text);
            const float confidence = i < confidences.size() ? confidences[i] : segment.confidence;
            if (marks > 0) {
                Json spoken = item("pronunciation", pieces[i].text.substr(0, marks), fmt::format("{:.4f}", confidence));
                spoken["start_time"] = time(pieces[i].start_s);
                spoken["end_time"] = time(std::max(pieces[i].start_s, pieces[i].end_s));
                push(std::move(spoken), segment, ids);
            }
            for (size_t at = marks; at < pieces[i].text.size(); ++at)
                push(item("punctuation", std::string(1, pieces[i].text[at]), "0.0"), segment, ids);
        }
        return ids;
    }

    Json all = Json::array();
    std::map<int, Json> of_channel;

  private:
    Json item(const char* type, const std::string& content, const std::string& confidence) const {
        return {{"id", all.size()},
                {"type", type},
                {"alternatives", Json::array({{{"confidence", confidence}, {"content", content}}})}};
    }

    void push(Json item, const Segment& segment, Json& ids) {
        ids.push_back(item["id"]);
        if (segment.channel > 0) {
            item["channel_label"] = fmt::format("ch_{}", segment.channel - 1);
            of_channel[segment.channel].push_back(item);
        }
        all.push_back(std::move(item));
    }
};

Json results_of(const Transcript& transcript) {
    Items items;
    Json segments = Json::array();
    for (const Segment& segment : transcript.segments) {
        if (one_line(segment.text).empty()) continue;
        Json json = {{"id", segments.size()},
                     {"transcript", one_line(segment.text)},
                     {"start_time", time(segment.start_s)},
                     {"end_time", time(std::max(segment.start_s, segment.end_s))},
                     {"items", items.append(segment)}};
        if (segment.channel > 0) json["channel_label"] = fmt::format("ch_{}", segment.channel - 1);
        segments.push_back(std::move(json));
    }
    Json results = {{"language_code", language_code(transcript.language)},
                    {"transcripts", Json::array({{{"transcript", valid_utf8(transcript.text())}}})},
                    {"items", std::move(items.all)},
                    {"audio_segments", std::move(segments)}};
    if (!items.of_channel.empty()) {
        Json channels = Json::array();
        for (auto& [channel, spoken] : items.of_channel)
            channels.push_back({{"channel_label", fmt::format("ch_{}", channel - 1)}, {"items", std::move(spoken)}});
        results["channel_labels"] = {{"channels", std::move(channels)},
                                     {"number_of_channels", items.of_channel.rbegin()->first}};
    }
    return results;
}

}  // namespace

std::string write_aws(const Transcript& transcript, const WriterOptions&) {
    const Json json = {{"jobName", valid_utf8(std::filesystem::path(transcript.file).stem().string())},
                       {"accountId", ""},
                       {"status", "COMPLETED"},
                       {"results", results_of(transcript)}};
    return json.dump() + "\n";
}

}  // namespace ft
