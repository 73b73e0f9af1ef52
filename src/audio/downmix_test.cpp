#include "audio/downmix.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "audio/testing/test_audio.h"

namespace ft {
namespace {

using Channels = std::vector<std::vector<float>>;

std::vector<float> mix(const Channels& channels, const std::vector<ChannelRole>& roles, size_t packet = 1000) {
    Downmixer downmixer(downmix_weights(roles), sample_rate);
    std::vector<float> mono;
    std::vector<const float*> starts(channels.size());
    for (size_t at = 0; at < channels[0].size(); at += packet) {
        for (size_t c = 0; c < channels.size(); ++c) starts[c] = channels[c].data() + at;
        downmixer.push(starts, std::min(packet, channels[0].size() - at), mono);
    }
    downmixer.flush(mono);
    return mono;
}

std::vector<float> scaled(const std::vector<float>& in, float factor) {
    std::vector<float> out(in);
    for (float& sample : out) sample *= factor;
    return out;
}

float largest_step(const std::vector<float>& samples) {
    float step = 0;
    for (size_t i = 1; i < samples.size(); ++i) step = std::max(step, std::abs(samples[i] - samples[i - 1]));
    return step;
}

const std::vector<ChannelRole> stereo(2, ChannelRole::front);

TEST(Downmix, OrdinaryStereoIsTheAverage) {
    const auto left = test::reference(3);
    std::vector<float> right(left.size());
    for (size_t i = 0; i < right.size(); ++i) right[i] = static_cast<float>(test::signal(9 + i / 16000.0) * 0.4);
    const auto mono = mix({left, right}, stereo);
    ASSERT_EQ(mono.size(), left.size());
    for (size_t i = 0; i < mono.size(); ++i) ASSERT_NEAR(mono[i], (left[i] + right[i]) / 2, 1e-6) << i;
}

TEST(Downmix, AntiphaseKeepsTheVoiceFromTheFirstSample) {
    const auto left = test::reference(3);
    const auto mono = mix({left, scaled(left, -1)}, stereo);
    for (size_t i = 0; i < mono.size(); ++i) ASSERT_NEAR(mono[i], left[i], 1e-6) << i;
}

TEST(Downmix, AntiphaseOfUnequalChannelsKeepsTheVoice) {
    const auto left = test::reference(3);
    for (const float factor : {-0.9f, -0.7f, -1.3f}) {
        const auto mono = mix({left, scaled(left, factor)}, stereo);
        EXPECT_GT(test::rms(mono, 0, mono.size()), 0.7 * test::rms(left, 0, left.size())) << factor;
        EXPECT_GT(test::match(mono, left, 10).correlation, 0.999) << factor;
    }
}

TEST(Downmix, ChangesOfPolarityDoNotClick) {
    auto left = test::reference(6);
    std::vector<float> right(left);
    for (size_t i = right.size() / 3; i < right.size() * 2 / 3; ++i) right[i] = -right[i];
    const auto mono = mix({left, right}, stereo);
    EXPECT_LT(largest_step(mono), largest_step(left) * 1.2);
    for (size_t s = 0; s < 6; ++s) {  // no second lost
        EXPECT_GT(test::rms(mono, s * 16000, (s + 1) * 16000), 0.8 * test::rms(left, s * 16000, (s + 1) * 16000)) << s;
    }
}

TEST(Downmix, DependsOnSamplesNotOnPackets) {
    const auto left = test::reference(2);
    auto right = scaled(left, -1);
    std::copy(left.begin(), left.begin() + 12345, right.begin());
    const auto whole = mix({left, right}, stereo, 1 << 20);
    for (const size_t packet : {1u, 7u, 800u, 1152u}) EXPECT_EQ(mix({left, right}, stereo, packet), whole) << packet;
}

TEST(Downmix, AntiphaseAmongSixChannels) {
    const auto voice = test::reference(2);
    const std::vector<float> silence(voice.size());
    const std::vector<ChannelRole> roles = {ChannelRole::front,         ChannelRole::front,    ChannelRole::centre,
                                            ChannelRole::low_frequency, ChannelRole::surround, ChannelRole::surround};
    const auto mono = mix({voice, scaled(voice, -1), silence, silence, silence, silence}, roles);
    EXPECT_GT(test::rms(mono, 0, mono.size()), 0.3 * test::rms(voice, 0, voice.size()));
}

TEST(Downmix, EveryChannelIsHeardAndFullScaleDoesNotClip) {
    const auto voice = test::reference(1);
    const std::vector<ChannelRole> roles = {ChannelRole::front,         ChannelRole::front,    ChannelRole::centre,
                                            ChannelRole::low_frequency, ChannelRole::surround, ChannelRole::surround};
    const auto weights = downmix_weights(roles);
    EXPECT_NEAR(std::accumulate(weights.begin(), weights.end(), 0.0), 1.0, 1e-6);
    EXPECT_GT(weights[2], weights[0]) << "dialogue is in the centre";
    for (size_t c = 0; c < roles.size(); ++c) {
        Channels channels(roles.size(), std::vector<float>(voice.size()));
        channels[c] = voice;
        EXPECT_GT(test::match(mix(channels, roles), voice, 5).correlation, 0.999) << c;
    }
}

TEST(Downmix, SilenceAndDigitalZeroStaySo) {
    const std::vector<float> zero(5000);
    EXPECT_EQ(mix({zero, zero}, stereo), zero);
}

}  // namespace
}  // namespace ft
