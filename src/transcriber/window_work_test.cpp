#include "transcriber/window_work.h"

#include <gtest/gtest.h>

#include "transcriber/testing/segments.h"

namespace ft {
namespace {

using test::segment;
using test::ten_words;

constexpr int64_t second = 16000;

/// A minute into the file, 20 s long: speech from 2 to 9 and from 10 to 19 s.
Window window() {
    Window made;
    made.index = 3;
    made.pcm.assign(20 * second, 0.1F);
    made.pieces = {{60 * second, 0, 20 * second}};
    made.speech = {{2 * second, 9 * second}, {10 * second, 19 * second}};
    return made;
}

WindowText text(std::vector<Segment> segments, double covered_s = 30.0) {
    return {std::move(segments), covered_s};
}

Hypothesis sure() {
    Hypothesis made;
    made.avg_logprob = -0.2F;
    made.compression_ratio = 1.2F;
    return made;
}

class WindowWorkTest : public testing::Test {
  protected:
    WindowRules rules;
};

TEST_F(WindowWorkTest, AGoodReadingIsAll) {
    WindowWork work(window(), rules);
    ASSERT_NE(work.part(), nullptr);
    work.take(sure(), text({segment(62, 69, ten_words), segment(70, 79, ten_words)}), "sv");
    EXPECT_EQ(work.part(), nullptr);
    const FinishedWindow done = work.finish();
    EXPECT_EQ(done.index, 3);
    EXPECT_EQ(done.segments.size(), 2U);
    EXPECT_TRUE(done.repaired.empty());
    EXPECT_NEAR(done.transcribed_s, 16.0, 1e-6);
    EXPECT_FALSE(done.silent);
}

TEST_F(WindowWorkTest, TheRestIsReadBeforeAnythingIsDoubted) {
    WindowWork work(window(), rules);
    work.take(sure(), text({segment(62, 69, ten_words)}, 9.5), "sv");
    ASSERT_NE(work.part(), nullptr);
    EXPECT_EQ(work.part_number(), 1);
    EXPECT_NEAR(work.part()->file_begin_s(), 69.5, 1e-6);
    work.take(sure(), text({segment(70, 79, ten_words)}), "sv");
    EXPECT_EQ(work.part(), nullptr);
    EXPECT_EQ(work.finish().segments.size(), 2U);
}

TEST_F(WindowWorkTest, ACollapsedWindowIsReadAgainFromItsSpeech) {
    WindowWork work(window(), rules);
    work.take(sure(), text({segment(60, 80, "Svensktextning.nu")}), "sv");
    ASSERT_NE(work.part(), nullptr) << "read again";
    EXPECT_NEAR(work.part()->file_begin_s(), 62.0, 0.01) << "from where speech begins";
    double last_s = 62.0;
    int parts = 0;
    while (const Window* part = work.part()) {
        EXPECT_LE(part->duration_s(), 12.0);
        const double begin_s = part->file_begin_s(), end_s = part->file_end_s();
        EXPECT_GE(begin_s, last_s - 1e-6);
        last_s = end_s;
        ASSERT_LT(++parts, 10);
        work.take(sure(), text({segment(begin_s, end_s, ten_words)}), "sv");
    }
    EXPECT_GE(parts, 2);
    const FinishedWindow done = work.finish();
    EXPECT_EQ(done.segments.size(), static_cast<size_t>(parts));
    ASSERT_EQ(done.repaired.size(), 1U);
    EXPECT_EQ(done.repaired[0].reason, "few words");
    EXPECT_TRUE(done.repaired[0].replaced);
    EXPECT_NEAR(done.transcribed_s, 16.0, 0.2);
}

TEST_F(WindowWorkTest, TheFirstReadingStaysWhenTheSecondIsNoBetter) {
    WindowWork work(window(), rules);
    Hypothesis loop = sure();
    loop.looped = true;
    work.take(loop, text({segment(62, 79, ten_words)}), "sv");
    while (const Window* part = work.part())
        work.take(sure(), text({segment(part->file_begin_s(), part->file_end_s(), "nej")}), "sv");
    const FinishedWindow done = work.finish();
    ASSERT_EQ(done.segments.size(), 1U);
    EXPECT_EQ(done.segments[0].text, ten_words);
    ASSERT_EQ(done.repaired.size(), 1U);
    EXPECT_FALSE(done.repaired[0].replaced);
}

TEST_F(WindowWorkTest, AHoleIsFilled) {
    WindowWork work(window(), rules);
    work.take(sure(), text({segment(62, 69, ten_words)}), "sv");
    ASSERT_NE(work.part(), nullptr);
    EXPECT_NEAR(work.part()->file_begin_s(), 70.0, 0.01);
    EXPECT_NEAR(work.part()->file_end_s(), 79.0, 0.01);
    work.take(sure(), text({segment(70, 79, ten_words)}), "sv");
    const FinishedWindow done = work.finish();
    ASSERT_EQ(done.segments.size(), 2U);
    EXPECT_EQ(done.repaired[0].reason, "hole");
}

TEST_F(WindowWorkTest, SilenceThatIsNoneIsHeardAgain) {
    WindowWork work(window(), rules);
    Hypothesis silent = sure();
    silent.silence = true;
    work.take(silent, text({}), "sv");
    int parts = 0;
    while (const Window* part = work.part()) {
        const bool first = ++parts == 1;
        work.take(first ? silent : sure(),
                  text(first ? std::vector<Segment>()
                             : std::vector<Segment>{segment(part->file_begin_s(), part->file_end_s(), ten_words)}),
                  "sv");
    }
    const FinishedWindow done = work.finish();
    EXPECT_FALSE(done.segments.empty());
    EXPECT_FALSE(done.silent);
    EXPECT_EQ(done.repaired[0].reason, "silent");
}

TEST_F(WindowWorkTest, TheModelsSilenceIsReported) {
    Window quiet = window();
    quiet.speech = {{2 * second, 5 * second}};
    WindowWork work(quiet, rules);
    Hypothesis silent = sure();
    silent.no_speech_prob = 0.9F;
    silent.avg_logprob = -1.5F;
    work.take(silent, text({segment(62, 64, "Hej då")}), "sv");
    EXPECT_EQ(work.part(), nullptr);
    const FinishedWindow done = work.finish();
    EXPECT_TRUE(done.segments.empty());
    EXPECT_TRUE(done.silent);
    ASSERT_EQ(done.dropped.size(), 1U);
    EXPECT_EQ(done.dropped[0].text, "Hej då");
    EXPECT_EQ(done.dropped[0].reason, "no speech");
}

TEST_F(WindowWorkTest, InventionsGoAndAreReported) {
    for (const bool guarded : {true, false}) {
        rules.drop_inventions = guarded;
        WindowWork work(window(), rules);
        Segment thanks = segment(79.2, 80, "Tack för att ni tittade!");
        thanks.no_speech_prob = 0.5F;
        work.take(sure(), text({segment(62, 69, ten_words), segment(70, 79, ten_words), thanks}), "sv");
        const FinishedWindow done = work.finish();
        EXPECT_EQ(done.segments.size(), guarded ? 2U : 3U);
        EXPECT_EQ(done.dropped.size(), guarded ? 1U : 0U);
    }
}

TEST_F(WindowWorkTest, RejectedSoundIsReadOnceAndHasToProveItself) {
    Window rejected = window();
    rejected.rejected = true;
    WindowWork work(rejected, rules);
    work.take(sure(), text({segment(62, 66, ten_words), segment(66, 80, "Jaha")}), "sv");
    EXPECT_EQ(work.part(), nullptr) << "not read again";
    const FinishedWindow done = work.finish();
    EXPECT_TRUE(done.rejected);
    ASSERT_EQ(done.segments.size(), 1U);
    EXPECT_EQ(done.dropped.size(), 1U);
    EXPECT_EQ(done.transcribed_s, 0.0) << "it is no detected speech";
}

TEST_F(WindowWorkTest, GuardsCanBeTurnedOff) {
    rules.repair = false;
    WindowWork work(window(), rules);
    work.take(sure(), text({segment(60, 80, "Svensktextning.nu")}), "sv");
    EXPECT_EQ(work.part(), nullptr);
    rules.repair = true;
    rules.speech_is_known = false;
    WindowWork unknown(window(), rules);
    unknown.take(sure(), text({segment(60, 80, "Svensktextning.nu")}), "sv");
    EXPECT_EQ(unknown.part(), nullptr);
}

TEST_F(WindowWorkTest, InterruptedItGivesWhatWasRead) {
    WindowWork work(window(), rules);
    work.take(sure(), text({segment(62, 69, ten_words)}, 9.5), "sv");
    EXPECT_EQ(work.finish().segments.size(), 1U);
}

}  // namespace
}  // namespace ft
