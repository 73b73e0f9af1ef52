#include "transcript/doubtful_text.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

using Words = std::vector<std::string>;

TEST(DoubtfulText, PlainWordsAreLowerCaseLettersAndDigits) {
    EXPECT_EQ(plain_words("  Åh, NEJ! Kl. 10:30…"), (Words{"åh", "nej", "kl", "10", "30"}));
    EXPECT_EQ(plain_words("\xFF\xFE♪♪ ..."), Words{});
}

TEST(DoubtfulText, InventionsAreWholeTexts) {
    for (const char* text : {"Svensktextning.nu", "Undertexter från Amara.org-gemenskapen", "Tack för att du tittade!",
                             "Textning Stina Hedin www.btistudios.com", "Ja, ja, ja, ja, ja.", "♪♪", "",
                             "Tack till elever och personal vid Bäckaskolan i Malmö."}) {
        EXPECT_TRUE(is_known_invention(text)) << text;
    }
    for (const char* text : {"Tack för att du tittade efter min häst.", "Vi pratade om svensktextning.nu i går.", "Ja.",
                             "Ja, ja, det är bra.", "Tack för hjälpen i dag."}) {
        EXPECT_FALSE(is_known_invention(text)) << text;
    }
}

TEST(DoubtfulText, LoopsCountTwice) {
    EXPECT_EQ(words_without_loops(Words{"nej", "nej", "det", "är", "inte", "sant"}), 6U);
    EXPECT_EQ(words_without_loops(Words{"ja", "ja", "ja", "ja", "ja", "ja"}), 2U);
    const Words loop = plain_words("vi ses där vi ses där vi ses där vi ses där hej");
    EXPECT_EQ(words_without_loops(loop), 7U);
    EXPECT_EQ(words_without_loops({}), 0U);
}

TEST(DoubtfulText, AnotherLanguageIsSeen) {
    EXPECT_TRUE(is_foreign(plain_words("And this is what they have to say about it."), "sv"));
    EXPECT_TRUE(is_foreign(plain_words("Jeg har ikke hørt noget om det, og jeg kan ikke."), "sv"));
    EXPECT_TRUE(is_foreign(plain_words("Это было очень давно."), "sv"));
    EXPECT_TRUE(is_foreign(plain_words("Jag vet inte vad det är för något."), "en"));
    EXPECT_FALSE(is_foreign(plain_words("Jag vet inte vad det är för något."), "sv"));
    EXPECT_FALSE(is_foreign(plain_words("Han sa the show must go on och jag vet inte vad det är."), "sv"));
    EXPECT_FALSE(is_foreign(plain_words("The end"), "sv")) << "too short to tell";
    EXPECT_FALSE(is_foreign(plain_words("Jeg har ikke hørt noe om det, og jeg kan ikke."), "da"));
    EXPECT_FALSE(is_foreign(plain_words("Это было очень давно."), "ru"));
    EXPECT_FALSE(is_foreign({}, "sv"));
}

TEST(DoubtfulText, APromptSaidAgain) {
    const Words prompt = plain_words("Intervju med Åsa Öberg om Kiruna och gruvan");
    EXPECT_TRUE(echoes_prompt(plain_words("Intervju med Åsa Öberg om Kiruna."), prompt));
    EXPECT_TRUE(echoes_prompt(plain_words("med Åsa Öberg om Kiruna och gruvan"), prompt));
    EXPECT_FALSE(echoes_prompt(plain_words("Jag heter Åsa Öberg och bor här i Kiruna."), prompt));
    EXPECT_FALSE(echoes_prompt(plain_words("Åsa Öberg"), prompt));
    EXPECT_FALSE(echoes_prompt({}, prompt));
    EXPECT_FALSE(echoes_prompt(plain_words("Hej på dig du"), {}));
}

}  // namespace
}  // namespace ft
