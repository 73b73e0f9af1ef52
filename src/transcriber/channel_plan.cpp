#include "transcriber/channel_plan.h"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <utility>

#include "audio/audio_reader.h"
#include "audio/channel_survey.h"

namespace ft {

namespace {

constexpr size_t survey_samples = size_t{1} << 16;

/// -> what was found, and how many channels there are
std::pair<ChannelSurvey::Finding, size_t> listen(const std::string& audio_path, const std::atomic<bool>& stop) {
    const std::unique_ptr<AudioReader> reader = AudioReader::open(audio_path, {ChannelReading::split});
    std::optional<ChannelSurvey> survey;
    std::vector<std::vector<float>> channels;
    size_t count = 0;
    while (!stop.load() && reader->read_channels(channels, survey_samples)) {
        if (!survey) survey.emplace(count = channels.size());
        // Nothing to compare it with.
        if (count == 1) return {{{0}, {}, false}, 1};
        survey->push(channels);
    }
    return {survey ? survey->finding() : ChannelSurvey::Finding{}, count};
}

}  // namespace

ChannelPlan plan_channels(const std::string& audio_path, ChannelChoice choice, const std::atomic<bool>& stop) {
    ChannelPlan plan;
    if (choice == ChannelChoice::mix) return plan;
    if (audio_path == "-") {
        if (choice == ChannelChoice::automatic)
            plan.warnings.push_back(
                "standard input cannot be heard twice, so its channels are mixed: give a file, or --channels split");
        plan.labelled = choice == ChannelChoice::split;
        return plan;
    }
    const auto [found, count] = listen(audio_path, stop);
    if (count < 2 || found.distinct.empty()) return plan;
    const bool split = choice == ChannelChoice::split || found.separate;
    if (!split && found.distinct.size() > 1) return plan;
    plan.channels = found.distinct;
    plan.labelled = split;
    for (const auto& [channel, earlier] : found.repeats) {
        plan.warnings.push_back(fmt::format("channel {} says the same as channel {} and was transcribed once with it",
                                            channel + 1, earlier + 1));
    }
    return plan;
}

}  // namespace ft
