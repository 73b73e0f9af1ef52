// Channels of a recording: what they have to do with each other, and crosstalk.
#include <gtest/gtest.h>

#include <cmath>

#include "audio/channel_survey.h"
#include "audio/crosstalk.h"
#include "base/sample_time.h"

namespace ft {
namespace {

using Pcm = std::vector<float>;

/// Noise through a slow swell: as loud and as lively as speech. Each seed is somebody else.
Pcm voice(size_t samples, uint32_t seed, float amplitude = 0.3F) {
    Pcm pcm(samples);
    float low = 0.0F;
    for (size_t i = 0; i < samples; ++i) {
        seed = seed * 1664525U + 1013904223U;
        low += 0.3F * (static_cast<float>(seed >> 8) / 8388608.0F - 1.0F - low);
        const float swell = 0.6F + 0.4F * std::sin(0.0018F * static_cast<float>(i));
        pcm[i] = amplitude * low * swell;
    }
    return pcm;
}

/// `voice` from `begin` to `end`, faint noise elsewhere.
Pcm turns(const Pcm& voice, size_t begin, size_t end) {
    Pcm pcm(voice.size());
    for (size_t i = 0; i < pcm.size(); ++i) pcm[i] = i >= begin && i < end ? voice[i] : 1e-4F * voice[i];
    return pcm;
}

Pcm times(Pcm pcm, float gain) {
    for (float& sample : pcm) sample *= gain;
    return pcm;
}

Pcm sum(const Pcm& a, const Pcm& b) {
    Pcm both = a;
    for (size_t i = 0; i < a.size(); ++i) both[i] += b[i];
    return both;
}

Pcm delayed(const Pcm& pcm, size_t by) {
    Pcm later(pcm.size());
    std::copy(pcm.begin(), pcm.end() - static_cast<ptrdiff_t>(by), later.begin() + static_cast<ptrdiff_t>(by));
    return later;
}

double energy(const Pcm& pcm, size_t from, size_t to) {
    double all = 0.0;
    for (size_t i = from; i < to; ++i) all += static_cast<double>(pcm[i]) * pcm[i];
    return all;
}

ChannelSurvey::Finding survey(const std::vector<Pcm>& channels) {
    ChannelSurvey survey(channels.size());
    survey.push(channels);
    return survey.finding();
}

using Numbers = std::vector<size_t>;

TEST(ChannelSurvey, FindsWhatIsThereTwice) {
    const Pcm said = voice(10 * sample_rate, 1);
    const auto twice = survey({said, said});
    EXPECT_EQ(twice.distinct, Numbers{0});
    ASSERT_EQ(twice.repeats.size(), 1U);
    EXPECT_EQ(twice.repeats[0], std::make_pair(size_t{1}, size_t{0}));
    EXPECT_EQ(survey({said, times(said, -0.3F)}).distinct, Numbers{0}) << "quieter, with its poles swapped";
    const Pcm faint = voice(10 * sample_rate, 9, 0.01F);
    EXPECT_EQ(survey({said, sum(said, faint)}).distinct, Numbers{0}) << "as lossy codecs leave it";
}

TEST(ChannelSurvey, LeavesOutSilentChannels) {
    const Pcm said = voice(10 * sample_rate, 1);
    EXPECT_EQ(survey({Pcm(said.size()), said}).distinct, Numbers{1});
    EXPECT_EQ(survey({said, voice(said.size(), 3, 1e-5F)}).distinct, Numbers{0});
    EXPECT_TRUE(survey({Pcm(sample_rate), Pcm(sample_rate)}).distinct.empty());
    EXPECT_TRUE(survey({Pcm(), Pcm()}).distinct.empty());
}

TEST(ChannelSurvey, TellsTwoSpeakersFromOneRoom) {
    const size_t length = 20 * sample_rate;
    const Pcm a = turns(voice(length, 1), 0, 9 * sample_rate), b = turns(voice(length, 2), 9 * sample_rate, length);
    const auto call = survey({sum(a, times(b, 0.1F)), sum(b, times(a, 0.1F))});
    EXPECT_EQ(call.distinct, (Numbers{0, 1}));
    EXPECT_TRUE(call.separate);
    const auto room = survey({sum(a, times(b, 0.8F)), sum(b, times(delayed(a, 40), 0.8F))});
    EXPECT_EQ(room.distinct, (Numbers{0, 1}));
    EXPECT_FALSE(room.separate) << "two microphones in one room";
    const auto lecture = survey({sum(a, b), times(voice(length, 5), 0.02F)});
    EXPECT_FALSE(lecture.separate) << "the other channel is noise: nobody is ever louder there";
}

TEST(ChannelSurvey, IsTheSameInParts) {
    const size_t length = 6 * sample_rate;
    const std::vector<Pcm> whole = {voice(length, 1), voice(length, 2)};
    ChannelSurvey parts(2);
    for (size_t at = 0; at < length; at += 4096) {
        std::vector<Pcm> part;
        for (const Pcm& channel : whole)
            part.emplace_back(channel.begin() + static_cast<ptrdiff_t>(at),
                              channel.begin() + static_cast<ptrdiff_t>(std::min(length, at + 4096)));
        parts.push(part);
    }
    EXPECT_EQ(parts.finding().distinct, survey(whole).distinct);
    EXPECT_EQ(parts.finding().separate, survey(whole).separate);
}

TEST(CrosstalkGate, SilencesTheOthersSpeaker) {
    const size_t length = CrosstalkGate::block * 8;
    const Pcm loud = voice(length, 1);
    const Pcm leak = times(delayed(loud, 150), 0.15F);
    std::vector<Pcm> channels = {loud, sum(leak, voice(length, 8, 0.003F))};
    CrosstalkGate(2).process(channels);
    EXPECT_EQ(channels[0], loud) << "the speaker's own channel is not touched";
    EXPECT_LT(energy(channels[1], CrosstalkGate::block, length), 1e-3 * energy(leak, CrosstalkGate::block, length));
}

TEST(CrosstalkGate, KeepsWhoSpeaksAtTheSameTime) {
    const size_t length = CrosstalkGate::block * 8;
    const Pcm loud = voice(length, 1), quiet = voice(length, 2, 0.05F);
    std::vector<Pcm> channels = {loud, sum(quiet, times(delayed(loud, 150), 0.05F))};
    const std::vector<Pcm> before = channels;
    CrosstalkGate(2).process(channels);
    EXPECT_EQ(channels[1], before[1]);
    channels = {loud, times(loud, 0.7F)};
    CrosstalkGate(2).process(channels);
    EXPECT_EQ(channels[1], times(loud, 0.7F)) << "as loud as the other: whose it is, nobody knows";
}

TEST(CrosstalkGate, IsTheSameInPartsOfWholeBlocks) {
    const size_t length = CrosstalkGate::block * 6 + 1000;
    const Pcm loud = turns(voice(length, 1), 0, length / 2);
    std::vector<Pcm> whole = {loud, sum(times(loud, 0.1F), voice(length, 3, 0.001F))}, parts(2);
    CrosstalkGate gate(2);
    for (size_t at = 0; at < length; at += 2 * CrosstalkGate::block) {
        std::vector<Pcm> part;
        for (const Pcm& channel : whole)
            part.emplace_back(
                channel.begin() + static_cast<ptrdiff_t>(at),
                channel.begin() + static_cast<ptrdiff_t>(std::min(length, at + 2 * CrosstalkGate::block)));
        gate.process(part);
        for (size_t c = 0; c < 2; ++c) parts[c].insert(parts[c].end(), part[c].begin(), part[c].end());
    }
    CrosstalkGate(2).process(whole);
    EXPECT_EQ(parts, whole);
}

}  // namespace
}  // namespace ft
