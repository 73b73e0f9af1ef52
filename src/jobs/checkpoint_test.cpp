#include "jobs/checkpoint.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_object_store.h"

namespace ft {
namespace {

class CheckpointTest : public ::testing::Test {
  protected:
    static FinishedWindow window(int64_t index, const std::string& text) {
        FinishedWindow window;
        window.index = index;
        window.begin_s = 1.0 / 3;
        window.end_s = 29.9999999;
        Segment segment;
        segment.start_s = 0.1;
        segment.end_s = 2.7;
        segment.text = text;
        segment.tokens = {50364, 1, 2};
        segment.temperature = 0.2F;
        segment.avg_logprob = -0.12345678F;
        segment.compression_ratio = 1.5F;
        segment.no_speech_prob = 1e-10F;
        segment.probability = 0.5F;
        segment.confidence = 0.625F;
        segment.words = {{" Hej", 0.1, 0.5, 0.99F, 0.875F}};
        window.segments = {segment};
        window.dropped = {{1, 2, "text", "no speech"}};
        window.repaired = {{3, 4.5, "loop", true}};
        window.rejected = true;
        window.transcribed_s = 12.5;
        window.fallback = true;
        window.language = "sv";
        window.language_probability = 0.75F;
        return window;
    }

    ManualClock clock;
    MemoryObjectStore objects{clock};
    Job job;
};

TEST_F(CheckpointTest, GivesBackEveryBit) {
    job.id = "job_1";
    save_checkpoint(objects, job, "p", window(0, "Åh \"ja\"\n\x01"));
    const auto all = load_checkpoints(objects, job, "p");
    ASSERT_EQ(all.size(), 1U);
    const FinishedWindow expected = window(0, "Åh \"ja\"\n\x01"), &got = all[0];
    EXPECT_EQ(got.begin_s, expected.begin_s);
    EXPECT_EQ(got.end_s, expected.end_s);
    EXPECT_EQ(got.transcribed_s, expected.transcribed_s);
    EXPECT_EQ(got.fallback, true);
    EXPECT_EQ(got.silent, false);
    EXPECT_EQ(got.language, "sv");
    EXPECT_EQ(got.language_probability, 0.75F);
    ASSERT_EQ(got.segments.size(), 1U);
    const Segment &a = got.segments[0], &b = expected.segments[0];
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.tokens, b.tokens);
    EXPECT_EQ(a.start_s, b.start_s);
    EXPECT_EQ(a.end_s, b.end_s);
    EXPECT_EQ(a.temperature, b.temperature);
    EXPECT_EQ(a.avg_logprob, b.avg_logprob);
    EXPECT_EQ(a.no_speech_prob, b.no_speech_prob);
    EXPECT_EQ(a.probability, b.probability);
    EXPECT_EQ(a.confidence, b.confidence);
    ASSERT_EQ(a.words.size(), 1U);
    EXPECT_EQ(a.words[0].text, " Hej");
    EXPECT_EQ(a.words[0].probability, 0.99F);
    EXPECT_EQ(a.words[0].confidence, 0.875F);
    ASSERT_EQ(got.dropped.size(), 1U);
    EXPECT_EQ(got.dropped[0].reason, "no speech");
    ASSERT_EQ(got.repaired.size(), 1U);
    EXPECT_EQ(got.repaired[0].end_s, 4.5);
    EXPECT_EQ(got.repaired[0].reason, "loop");
    EXPECT_TRUE(got.repaired[0].replaced);
    EXPECT_TRUE(got.rejected);
}

TEST_F(CheckpointTest, AscendingAndTheNewestFenceCounts) {
    job.id = "job_1";
    job.fence = 10;
    for (const int64_t index : {120, 9, 10, 0}) save_checkpoint(objects, job, "p", window(index, "new"));
    job.fence = 9;
    for (const int64_t index : {10, 11}) save_checkpoint(objects, job, "p", window(index, "old"));
    Job other = job;
    other.id = "job_10";
    save_checkpoint(objects, other, "p", window(5, "another job's"));
    const auto all = load_checkpoints(objects, job, "p");
    ASSERT_EQ(all.size(), 5U);
    const std::vector<int64_t> order = {0, 9, 10, 11, 120};
    for (size_t i = 0; i < order.size(); ++i) EXPECT_EQ(all[i].index, order[i]);
    EXPECT_EQ(all[2].segments[0].text, "new");
    EXPECT_EQ(all[3].segments[0].text, "old");
    EXPECT_TRUE(load_checkpoints(objects, job, "q").empty());
}

TEST_F(CheckpointTest, DamagedOnesArePassedOver) {
    spdlog::set_level(spdlog::level::off);
    job.id = "job_1";
    save_checkpoint(objects, job, "p", window(0, "x"));
    save_checkpoint(objects, job, "p", window(1, "y"));
    const std::string key = objects.list(checkpoint_prefix("job_1"), "", 1)[0].key, whole = objects.get(key);
    for (size_t length = 0; length < whole.size(); length += 7) {
        objects.put(key, whole.substr(0, length));
        EXPECT_EQ(load_checkpoints(objects, job, "p").size(), 1U) << length;
    }
    objects.put(key, R"({"version":99,"plan":"p"})");
    EXPECT_EQ(load_checkpoints(objects, job, "p").size(), 1U);
}

}  // namespace
}  // namespace ft
