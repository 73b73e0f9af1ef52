#include "speech/rejected_sound.h"

#include <gtest/gtest.h>

#include "speech/test_signal.h"

namespace ft {
namespace {

using test_signal::second;

/// Quiet noise with stretches of speech-like sound.
std::vector<float> sounds_at(const std::vector<Span>& stretches, int64_t total) {
    std::vector<float> pcm = test_signal::noise(static_cast<size_t>(total), 5, 0.0005);
    for (const Span& stretch : stretches) {
        const std::vector<float> sound = test_signal::speech_like(static_cast<size_t>(stretch.size()), 9);
        for (size_t i = 0; i < sound.size(); ++i) pcm[static_cast<size_t>(stretch.begin) + i] += sound[i];
    }
    return pcm;
}

/// In blocks, as a feeder does: speech is told when it is known.
std::vector<Span> run(const std::vector<float>& pcm, const std::vector<Span>& speech, int64_t block) {
    RejectedSound rejected(2 * second);
    std::vector<Span> spans;
    const auto total = static_cast<int64_t>(pcm.size());
    size_t told = 0;
    for (int64_t at = 0; at < total; at += block) {
        const int64_t size = std::min(block, total - at), now = at + size;
        rejected.push_pcm(std::span(pcm).subspan(static_cast<size_t>(at), static_cast<size_t>(size)));
        while (told < speech.size() && speech[told].end + second <= now) rejected.push_speech(speech[told++]);
        const int64_t open = told < speech.size() ? speech[told].begin : now - second;
        rejected.collect(std::max<int64_t>(0, std::min(open, now - second)), spans);
        EXPECT_LE(rejected.open_from(), now);
    }
    while (told < speech.size()) rejected.push_speech(speech[told++]);
    rejected.finish(spans);
    return spans;
}

TEST(RejectedSound, WhatStandsOutBesideSpeechIsGiven) {
    const std::vector<Span> sounds = {
        {5 * second, 10 * second}, {20 * second, 26 * second}, {40 * second, 44 * second}};
    const std::vector<float> pcm = sounds_at(sounds, 60 * second);
    const std::vector<Span> speech = {{19 * second, 27 * second}};
    const std::vector<Span> spans = run(pcm, speech, second);
    int64_t first = 0, last = 0;
    for (const Span& span : spans) {
        EXPECT_GE(span.size(), second);
        EXPECT_TRUE(span.end <= speech[0].begin || span.begin >= speech[0].end) << "what is heard anyway";
        first += span.end <= 11 * second ? span.size() : 0;
        last += span.begin >= 39 * second ? span.size() : 0;
    }
    EXPECT_GE(first, 3 * second);
    EXPECT_GE(last, 2 * second);
    EXPECT_LE(first + last, 11 * second);
    for (const int64_t block : {int64_t{1234}, 7 * second}) EXPECT_EQ(run(pcm, speech, block), spans) << block;
}

TEST(RejectedSound, QuietNoiseAndHumCostNothing) {
    EXPECT_TRUE(run(std::vector<float>(30 * second), {}, second).empty());
    EXPECT_TRUE(run(test_signal::noise(30 * second, 3, 0.05), {}, second).empty());
    EXPECT_TRUE(run(test_signal::tone(30 * second, 50, 0.1), {}, second).empty());
}

TEST(RejectedSound, PausesThatWindowsKeepAreNotRejected) {
    const std::vector<float> pcm = sounds_at({{5 * second, 15 * second}}, 20 * second);
    const std::vector<Span> speech = {{4 * second, 9 * second}, {10 * second + 8000, 16 * second}};
    EXPECT_TRUE(run(pcm, speech, second).empty());
    const std::vector<Span> apart = {{4 * second, 7 * second}, {13 * second, 16 * second}};
    EXPECT_FALSE(run(pcm, apart, second).empty());
}

}  // namespace
}  // namespace ft
