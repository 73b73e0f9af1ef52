#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "speech/test_signal.h"
#include "speech/voice_activity.h"

namespace ft {

void PrintTo(const Span& span, std::ostream* out) {
    *out << "[" << span.begin << ", " << span.end << (span.continues ? ", …)" : ")");
}

namespace {

/// As in tests/golden/make_vad_golden.py.
std::vector<float> random_probabilities(uint32_t seed, int frames) {
    test_signal::Lcg lcg(seed);
    bool speaking = false;
    std::vector<float> out;
    for (int i = 0; i < frames; ++i) {
        if (lcg.next() < 5000) speaking = !speaking;
        const float p = static_cast<float>(lcg.next() >> 10) / 64;
        const bool doubtful = lcg.next() < 10000;
        out.push_back(doubtful ? p : speaking ? 0.5F + p / 2 : p / 4);
    }
    return out;
}

/// chunk: frames of a call.
std::vector<Span> build(const VadOptions& options, const std::vector<float>& probabilities, int64_t total,
                        size_t chunk) {
    SpanBuilder builder(options);
    std::vector<Span> spans;
    std::span<const float> left = probabilities;
    int64_t bound = 0;
    while (!left.empty()) {
        const size_t now = std::min(chunk, left.size());
        const size_t before = spans.size();
        builder.push(left.first(now), spans);
        if (spans.size() > before) {
            EXPECT_GE(spans[before].begin, bound) << "earliest_begin() promised otherwise";
        }
        EXPECT_GE(builder.earliest_begin(), bound);
        bound = builder.earliest_begin();
        left = left.subspan(now);
    }
    const size_t before = spans.size();
    builder.finish(total, spans);
    if (spans.size() > before) {
        EXPECT_GE(spans[before].begin, bound);
    }
    return spans;
}

/// Parts of one span joined again.
std::vector<Span> joined(const std::vector<Span>& spans) {
    std::vector<Span> out;
    bool goes_on = false;
    for (const Span& span : spans) {
        if (goes_on) {
            EXPECT_EQ(out.back().end, span.begin);
            out.back().end = span.end;
        } else {
            out.push_back({span.begin, span.end});
        }
        goes_on = span.continues;
    }
    EXPECT_FALSE(goes_on);
    return out;
}

constexpr int64_t frame = vad_frame_samples;

TEST(SpanBuilder, EqualsSilerosTimestamps) {
    const auto golden = nlohmann::json::parse(read_file(FT_SOURCE_DIR "/tests/golden/vad_spans.json"));
    size_t spans = 0;
    for (const auto& expected : golden) {
        const auto& chosen = expected.at("options");
        VadOptions options;
        options.threshold = chosen.at("threshold");
        options.negative_threshold = chosen.value("neg_threshold", 0.0F);
        options.min_speech_ms = chosen.at("min_speech_duration_ms");
        options.min_silence_ms = chosen.at("min_silence_duration_ms");
        options.speech_pad_ms = chosen.at("speech_pad_ms");
        std::vector<Span> wanted;
        for (const auto& span : expected.at("spans")) wanted.push_back({span[0], span[1]});
        const auto probabilities = random_probabilities(expected.at("seed"), expected.at("frames"));
        const int64_t total = expected.at("total");
        for (const size_t chunk : {size_t{1}, size_t{7}, probabilities.size()}) {
            EXPECT_EQ(build(options, probabilities, total, chunk), wanted) << expected.at("seed") << " by " << chunk;
        }
        options.max_part_ms = 1000;
        const std::vector<Span> parts = build(options, probabilities, total, 5);
        EXPECT_EQ(joined(parts), wanted);
        EXPECT_EQ(parts, build(options, probabilities, total, 100));
        for (const Span& part : parts) {
            const int64_t longest = (1000 + 2 * options.speech_pad_ms + options.min_silence_ms) * 16 + 2 * frame;
            EXPECT_LE(part.size(), longest);
            EXPECT_GT(part.size(), 0);
        }
        spans += wanted.size();
    }
    EXPECT_GT(spans, 100U);
}

TEST(SpanBuilder, NothingSaidGivesNoSpans) {
    EXPECT_TRUE(build({}, {}, 0, 1).empty());
    EXPECT_TRUE(build({}, std::vector<float>(1000, 0.1F), 1000 * frame, 64).empty());
}

TEST(SpanBuilder, SpeechFromEndToEndIsOneSpan) {
    std::vector<Span> spans = build({}, std::vector<float>(100, 0.9F), 99 * frame + 1, 10);
    EXPECT_EQ(spans, (std::vector<Span>{{0, 99 * frame + 1}}));
    spans = build({}, std::vector<float>(5000, 0.9F), 5000 * frame, 10);
    EXPECT_EQ(joined(spans), (std::vector<Span>{{0, 5000 * frame}}));
    EXPECT_GT(spans.size(), 5U);
}

TEST(SpanBuilder, DoubtAfterSpeechForLongCountsAsSpeech) {
    std::vector<float> probabilities(20, 0.9F);
    probabilities.push_back(0.1F);
    probabilities.resize(5000, 0.4F);  // between the thresholds
    SpanBuilder builder(VadOptions{});
    std::vector<Span> spans;
    builder.push(probabilities, spans);
    EXPECT_GT(builder.earliest_begin(), 4000 * frame) << "an endless wait would need endless memory";
    builder.finish(5000 * frame, spans);
    EXPECT_EQ(joined(spans), (std::vector<Span>{{0, 5000 * frame}}));
}

TEST(SpanBuilder, HandsSpansOverAsSoonAsTheirPaddingIsCertain) {
    std::vector<float> probabilities(20, 0.9F);
    probabilities.resize(50, 0.0F);
    SpanBuilder builder(VadOptions{});
    std::vector<Span> spans;
    builder.push(probabilities, spans);
    EXPECT_EQ(spans, (std::vector<Span>{{0, 20 * frame + 4800}}));
}

TEST(SpanBuilder, RefusesNonsense) {
    const auto with = [](auto change) {
        VadOptions options;
        change(options);
        return SpanBuilder(options);
    };
    EXPECT_THROW(with([](VadOptions& o) { o.threshold = 1.5F; }), Error);
    EXPECT_THROW(with([](VadOptions& o) { o.threshold = std::nanf(""); }), Error);
    EXPECT_THROW(with([](VadOptions& o) { o.negative_threshold = -0.1F; }), Error);
    EXPECT_THROW(with([](VadOptions& o) { o.min_speech_ms = -1; }), Error);
    EXPECT_THROW(with([](VadOptions& o) { o.speech_pad_ms = -1; }), Error);
    EXPECT_THROW(with([](VadOptions& o) { o.max_part_ms = 0; }), Error);
    SpanBuilder builder(VadOptions{});
    std::vector<Span> spans;
    builder.push(std::vector<float>(2, 0.9F), spans);
    EXPECT_THROW(builder.finish(2 * frame + 1, spans), Error);
    EXPECT_THROW(builder.finish(frame, spans), Error);
}

}  // namespace
}  // namespace ft
