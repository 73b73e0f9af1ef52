#include "transcriber/repair.h"

#include <gtest/gtest.h>

#include "transcriber/testing/segments.h"
#include "transcript/doubtful_text.h"

namespace ft {
namespace {

using test::segment;
using test::ten_words;

Reading reading(std::vector<Segment> segments, double begin_s = 0, double end_s = 20) {
    Reading made;
    made.part = {begin_s, end_s};
    made.segments = std::move(segments);
    return made;
}

ReadingContext context(std::vector<TimeSpan> speech) {
    ReadingContext made;
    made.speech = std::move(speech);
    made.language = "sv";
    return made;
}

std::vector<Fault> faults(const Reading& one, const ReadingContext& known) {
    std::vector<Fault> all;
    for (const Doubt& doubt : find_doubts({&one, 1}, known)) all.push_back(doubt.fault);
    return all;
}

TEST(FindDoubts, SoundReadingsHaveNone) {
    const Reading sound = reading({segment(0, 9, ten_words), segment(10, 20, ten_words)});
    EXPECT_TRUE(faults(sound, context({{0, 20}})).empty());
    EXPECT_TRUE(faults(reading({}), context({{3, 6}})).empty()) << "three seconds of speech are too few to tell";
    EXPECT_TRUE(faults(reading({}), context({})).empty()) << "without a detector nothing is known";
}

TEST(FindDoubts, FewWordsForMuchSpeech) {
    const Reading sparse = reading({segment(0, 20, "Svensktextning.nu")});
    EXPECT_EQ(faults(sparse, context({{0, 20}})), (std::vector<Fault>{Fault::sparse}));
    EXPECT_TRUE(faults(sparse, context({{0, 4}})).empty()) << "the rest is no speech";
    EXPECT_EQ(faults(reading({}), context({{0, 20}})), (std::vector<Fault>{Fault::sparse}));
    Reading silent = reading({});
    silent.silent = true;
    EXPECT_EQ(faults(silent, context({{0, 20}})), (std::vector<Fault>{Fault::silent}));
    EXPECT_TRUE(faults(silent, context({{0, 3}})).empty());
}

TEST(FindDoubts, OneSegmentThatSwallowsSpeech) {
    const Reading one = reading({segment(0, 8, "Tack"), segment(8, 14, ten_words), segment(14, 20, ten_words)});
    const auto doubts = find_doubts({&one, 1}, context({{0, 20}}));
    ASSERT_EQ(doubts.size(), 1U);
    EXPECT_EQ(doubts[0].fault, Fault::sparse);
    EXPECT_EQ(doubts[0].stretch, (TimeSpan{0, 8}));
}

TEST(FindDoubts, HolesBetweenSegmentsWithSpeechInThem) {
    const Reading one = reading({segment(1, 6, ten_words), segment(15, 20, ten_words)});
    const auto doubts = find_doubts({&one, 1}, context({{1, 6}, {8, 13}, {15, 20}}));
    ASSERT_EQ(doubts.size(), 1U);
    EXPECT_EQ(doubts[0].fault, Fault::hole);
    EXPECT_EQ(doubts[0].stretch, (TimeSpan{8, 13})) << "cut at the speech's onset";
    EXPECT_TRUE(faults(one, context({{1, 6}, {8, 9}, {15, 20}})).empty()) << "a second of speech is a rough time";
    EXPECT_EQ(faults(reading({segment(9, 14, ten_words)}), context({{0, 20}})),
              (std::vector<Fault>{Fault::hole, Fault::hole}))
        << "before the first and after the last segment";
}

TEST(FindDoubts, LoopsLanguagesAndPrompts) {
    const ReadingContext known = context({{0, 20}});
    Reading loop = reading({segment(0, 20, ten_words)});
    loop.looped = true;
    EXPECT_EQ(faults(loop, known), (std::vector<Fault>{Fault::loop}));
    const Reading english = reading({segment(0, 20, "And this is what they have to say about it to you.")});
    EXPECT_EQ(faults(english, known), (std::vector<Fault>{Fault::language}));
    ReadingContext prompted = known;
    prompted.prompt = plain_words("Intervju med Åsa Öberg om gruvan i Kiruna");
    Reading echo = reading({segment(0, 20, "Intervju med Åsa Öberg om gruvan i Kiruna.")});
    EXPECT_NE(faults(echo, prompted), (std::vector<Fault>{Fault::prompt})) << "read without the prompt";
    echo.prompted = true;
    EXPECT_EQ(faults(echo, prompted), (std::vector<Fault>{Fault::prompt}));
}

TEST(BelievedWords, CountsWhatCanBeBelieved) {
    const ReadingContext known = context({{0, 20}});
    EXPECT_NEAR(believed_words({{segment(0, 5, ten_words, 0.8F)}}, known), 8.0, 1e-5);
    EXPECT_LT(believed_words({{segment(0, 20, "ja ja ja ja ja ja ja ja ja ja ja ja")}}, known), 2.0);
    EXPECT_LT(believed_words({{segment(0, 0.5, ten_words)}}, known), 4.0) << "nobody speaks as fast";
    EXPECT_DOUBLE_EQ(believed_words({{segment(0, 20, "Svensktextning.nu")}}, known), 0.0);
    EXPECT_LT(believed_words({{segment(0, 5, "And this is what they have to say about it.")}}, known), 5.0);
    EXPECT_TRUE(is_better(9.0, 5.0));
    EXPECT_FALSE(is_better(5.3, 5.0)) << "as good: the first stays";
    EXPECT_FALSE(is_better(0.0, 0.0));
}

TEST(Credible, TakesNothingOfAFailedReading) {
    Reading second = reading({segment(0, 5, ten_words), segment(5, 6, "Tack till elever och personal")});
    EXPECT_EQ(credible(second, context({})).size(), 1U);
    second.failed = true;
    EXPECT_TRUE(credible(second, context({})).empty());
}

TEST(ReasonToDrop, NeedsAPhraseAndEvidence) {
    const ReadingContext known = context({{0, 20}});
    Segment phrase = segment(0, 2, "Tack för att du tittade!");
    EXPECT_EQ(reason_to_drop(phrase, known), "") << "somebody says so, and is believed";
    phrase.no_speech_prob = 0.5F;
    EXPECT_NE(reason_to_drop(phrase, known), "");
    phrase.no_speech_prob = 0.05F;
    EXPECT_NE(reason_to_drop(phrase, context({{10, 20}})), "") << "no speech there";
    Segment spoken = segment(0, 2, "Tack för att du tittade efter min häst.");
    spoken.no_speech_prob = 0.9F;
    EXPECT_EQ(reason_to_drop(spoken, context({{10, 20}})), "");
    EXPECT_NE(reason_to_drop(segment(0, 20, "Svensktextning.nu"), known), "") << "for twenty seconds";
}

TEST(OutsideSpeech, TheTextHasToProveItself) {
    const ReadingContext known = context({});
    const Segment good = segment(0, 5, ten_words);
    EXPECT_TRUE(is_credible_outside_speech(good, known));
    const auto changed = [&](const auto& change) {
        Segment other = good;
        change(other);
        return is_credible_outside_speech(other, known);
    };
    EXPECT_FALSE(changed([](Segment& s) { s.no_speech_prob = 0.4F; }));
    EXPECT_FALSE(changed([](Segment& s) { s.avg_logprob = -0.8F; }));
    EXPECT_FALSE(changed([](Segment& s) { s.probability = 0.4F; }));
    EXPECT_FALSE(changed([](Segment& s) { s.text = "Ja visst"; }));
    EXPECT_FALSE(changed([](Segment& s) { s.text = "Tack för att du tittade"; }));
    EXPECT_FALSE(changed([](Segment& s) { s.end_s = 0.5; }));
    EXPECT_FALSE(changed([](Segment& s) { s.end_s = 29.0; }));
    EXPECT_FALSE(changed([](Segment& s) { s.text = "hej hej hej hej hej hej hej hej"; }));
}

}  // namespace
}  // namespace ft
