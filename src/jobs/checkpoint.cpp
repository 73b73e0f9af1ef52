#include "jobs/checkpoint.h"

#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/dump_json.h"
#include "base/error.h"
#include "base/log.h"

namespace ft {

namespace {

using nlohmann::json;
constexpr int format_version = 4;

json json_of(const Segment& segment) {
    json words = json::array();
    for (const Word& word : segment.words)
        words.push_back({word.text, word.start_s, word.end_s, word.probability, word.confidence});
    return {{"start_s", segment.start_s},
            {"end_s", segment.end_s},
            {"text", segment.text},
            {"tokens", segment.tokens},
            {"temperature", segment.temperature},
            {"avg_logprob", segment.avg_logprob},
            {"compression_ratio", segment.compression_ratio},
            {"no_speech_prob", segment.no_speech_prob},
            {"probability", segment.probability},
            {"confidence", segment.confidence},
            {"channel", segment.channel},
            {"words", words}};
}

Segment segment_of(const json& object) {
    Segment segment;
    segment.start_s = object.at("start_s").get<double>();
    segment.end_s = object.at("end_s").get<double>();
    segment.text = object.at("text").get<std::string>();
    segment.tokens = object.at("tokens").get<std::vector<int32_t>>();
    segment.temperature = object.at("temperature").get<float>();
    segment.avg_logprob = object.at("avg_logprob").get<float>();
    segment.compression_ratio = object.at("compression_ratio").get<float>();
    segment.no_speech_prob = object.at("no_speech_prob").get<float>();
    segment.probability = object.at("probability").get<float>();
    segment.confidence = object.at("confidence").get<float>();
    segment.channel = object.at("channel").get<int>();
    for (const json& word : object.at("words")) {
        segment.words.push_back({word.at(0).get<std::string>(), word.at(1).get<double>(), word.at(2).get<double>(),
                                 word.at(3).get<float>(), word.at(4).get<float>()});
    }
    return segment;
}

std::string text_of(const std::string& plan, const FinishedWindow& window) {
    json segments = json::array(), dropped = json::array(), repaired = json::array();
    for (const Segment& segment : window.segments) segments.push_back(json_of(segment));
    for (const Coverage::Dropped& part : window.dropped)
        dropped.push_back({part.start_s, part.end_s, part.text, part.reason});
    for (const Coverage::Repair& part : window.repaired)
        repaired.push_back({part.start_s, part.end_s, part.reason, part.replaced});
    const json all = {{"version", format_version},   {"plan", plan},
                      {"index", window.index},       {"begin_s", window.begin_s},
                      {"end_s", window.end_s},       {"segments", segments},
                      {"dropped", dropped},          {"repaired", repaired},
                      {"rejected", window.rejected}, {"transcribed_s", window.transcribed_s},
                      {"fallback", window.fallback}, {"silent", window.silent},
                      {"language", window.language}, {"language_probability", window.language_probability}};
    return dump_json(all);
}

/// Nothing when it is of another plan or version. Throws json::exception when it is damaged.
std::optional<FinishedWindow> window_of(const std::string& text, const std::string& plan) {
    const json all = json::parse(text);
    if (all.at("version").get<int>() != format_version || all.at("plan").get<std::string>() != plan)
        return std::nullopt;
    FinishedWindow window;
    window.index = all.at("index").get<int64_t>();
    window.begin_s = all.at("begin_s").get<double>();
    window.end_s = all.at("end_s").get<double>();
    for (const json& segment : all.at("segments")) window.segments.push_back(segment_of(segment));
    for (const json& part : all.at("dropped")) {
        window.dropped.push_back({part.at(0).get<double>(), part.at(1).get<double>(), part.at(2).get<std::string>(),
                                  part.at(3).get<std::string>()});
    }
    for (const json& part : all.at("repaired")) {
        window.repaired.push_back({part.at(0).get<double>(), part.at(1).get<double>(), part.at(2).get<std::string>(),
                                   part.at(3).get<bool>()});
    }
    window.rejected = all.at("rejected").get<bool>();
    window.transcribed_s = all.at("transcribed_s").get<double>();
    window.fallback = all.at("fallback").get<bool>();
    window.silent = all.at("silent").get<bool>();
    window.language = all.at("language").get<std::string>();
    window.language_probability = all.at("language_probability").get<float>();
    return window;
}

/// Nothing when it is gone, damaged or of another plan.
std::optional<FinishedWindow> read_window(ObjectStore& objects, const std::string& key, const std::string& plan) {
    try {
        return window_of(objects.get(key), plan);
    } catch (const json::exception&) {
        // Its sentence would quote what was said in the recording.
        spdlog::warn("{}: this checkpoint is damaged and passed over", key);
    } catch (const Error& error) {
        // Somebody who is done with the job deletes them.
        if (error.code() != ErrorCode::not_found) throw;
    }
    return std::nullopt;
}

/// checkpoints/<job>/00000017.0000000001.json → 17; −1 for a key that save_checkpoint did not make.
int64_t window_of_key(const std::string& key, const std::string& prefix) {
    int64_t index = -1;
    std::from_chars(key.data() + prefix.size(), key.data() + key.size(), index);
    return index;
}

}  // namespace

void save_checkpoint(ObjectStore& objects, const Job& job, const std::string& plan, const FinishedWindow& window) {
    // Leading zeros: keys are listed in the order of windows, then of fences.
    const std::string key = fmt::format("{}{:08}.{:010}.json", checkpoint_prefix(job.id), window.index, job.fence);
    objects.put(key, text_of(plan, window));
}

std::vector<FinishedWindow> load_checkpoints(ObjectStore& objects, const Job& job, const std::string& plan) {
    std::set<int64_t> none;
    return new_checkpoints(objects, job, plan, none);
}

std::vector<FinishedWindow> new_checkpoints(ObjectStore& objects, const Job& job, const std::string& plan,
                                            std::set<int64_t>& known) {
    std::map<int64_t, FinishedWindow> windows;
    const std::string prefix = checkpoint_prefix(job.id);
    std::string after;
    for (;;) {
        const std::vector<ObjectInfo> page = objects.list(prefix, after, 500);
        if (page.empty()) break;
        for (const ObjectInfo& object : page) {
            if (known.count(window_of_key(object.key, prefix)) > 0) continue;
            auto window = read_window(objects, object.key, plan);
            if (window) windows.insert_or_assign(window->index, std::move(*window));
        }
        after = page.back().key;
    }
    std::vector<FinishedWindow> ascending;
    for (auto& [index, window] : windows) {
        known.insert(index);
        ascending.push_back(std::move(window));
    }
    return ascending;
}

}  // namespace ft
