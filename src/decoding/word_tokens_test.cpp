#include "decoding/word_tokens.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/utf8.h"

namespace ft {
namespace {

/// A vocabulary of the single bytes and of what the test wants.
class Words {
  public:
    explicit Words(const std::vector<std::string>& pieces) {
        Vocabulary vocabulary;
        for (int byte = 0; byte < 256; ++byte) vocabulary.tokens.emplace_back(1, static_cast<char>(byte));
        for (const std::string& piece : pieces) {
            tokens.push_back(static_cast<int32_t>(vocabulary.tokens.size()));
            vocabulary.tokens.push_back(piece);
        }
        vocabulary.first_special = static_cast<int32_t>(vocabulary.tokens.size());
        vocabulary.tokens.emplace_back("<|endoftext|>");
        tokenizer = std::make_unique<Tokenizer>(vocabulary);
    }

    std::vector<std::string> texts() const {
        std::vector<std::string> all;
        for (const WordTokens& word : split_words(tokens, *tokenizer)) all.push_back(word.text);
        return all;
    }

    std::vector<int32_t> tokens;
    std::unique_ptr<Tokenizer> tokenizer;
};

using Texts = std::vector<std::string>;

TEST(SplitWords, AtSpacesWithPunctuationBeforeAndAfter) {
    EXPECT_EQ(Words({" Hej", ",", " du", " gl", "ada", "!"}).texts(), (Texts{" Hej,", " du", " glada!"}));
    EXPECT_EQ(Words({"Han", " sa", ":", " \"", "Ja", ".\""}).texts(), (Texts{"Han", " sa:", " \"Ja.\""}));
    EXPECT_EQ(Words({" (", "kanske", ")", " så"}).texts(), (Texts{" (kanske)", " så"}));
    EXPECT_EQ(Words({" –", " Hej", "."}).texts(), (Texts{" – Hej."}));
    EXPECT_EQ(Words({" då", " –", " nej"}).texts(), (Texts{" då", " – nej"}));
    EXPECT_EQ(Words({" slut", " ."}).texts(), (Texts{" slut ."}));
    EXPECT_EQ(Words({" slut", " -"}).texts(), (Texts{" slut -"})) << "no word after it";
    EXPECT_EQ(Words({" ", "Hej"}).texts(), (Texts{" Hej"})) << "a space of its own";
    EXPECT_EQ(Words({" ..."}).texts(), (Texts{" ..."})) << "nothing but marks is still something";
    EXPECT_EQ(Words({"-", " Hej"}).texts(), (Texts{"- Hej"}));
}

TEST(SplitWords, NumbersAndAbbreviationsStayWhole) {
    EXPECT_EQ(Words({" 1", ",", "5", " liter"}).texts(), (Texts{" 1,5", " liter"}));
    EXPECT_EQ(Words({" kl", ".", " 10", ":", "30", "."}).texts(), (Texts{" kl.", " 10:30."}));
    EXPECT_EQ(Words({" t", ".", "ex", ".", " 50", "%"}).texts(), (Texts{" t.ex.", " 50%"}));
    EXPECT_EQ(Words({" 50", " %", " av"}).texts(), (Texts{" 50", " %", " av"})) << "a sign that is read aloud";
    EXPECT_EQ(Words({" S", ":", "t", " Eriks", "-", "gatan"}).texts(), (Texts{" S:t", " Eriks-gatan"}));
    EXPECT_EQ(Words({" 3", " 000", " kr"}).texts(), (Texts{" 3", " 000", " kr"}));
}

TEST(SplitWords, KnowsWhichTokensAreSpoken) {
    const Words words({" –", " Hej", "san", ",", " \"", "du", ".\""});
    const auto split = split_words(words.tokens, *words.tokenizer);
    ASSERT_EQ(split.size(), 2U);
    EXPECT_EQ(split[0].begin, 0U);
    EXPECT_EQ(split[0].spoken_begin, 1U);
    EXPECT_EQ(split[0].spoken_end, 3U);
    EXPECT_EQ(split[0].end, 4U);
    EXPECT_EQ(split[1].spoken_begin, 5U);
    EXPECT_EQ(split[1].spoken_end, 6U);
    const auto dots = split_words(Words({" ..."}).tokens, *Words({" ..."}).tokenizer);
    EXPECT_EQ(dots[0].spoken_end - dots[0].spoken_begin, 1U);
}

TEST(SplitWords, CharactersInPiecesStayTogether) {
    // å as its two bytes, in two tokens.
    EXPECT_EQ(Words({" g", "\xC3", "\xA5", "r"}).texts(), (Texts{" går"}));
    EXPECT_EQ(Words({" ", "\xC3", "\xA5", "r"}).texts(), (Texts{" år"}));
    EXPECT_EQ(Words({"今日", "は", "晴れ", "。"}).texts(), (Texts{"今日", "は", "晴れ。"}));
    EXPECT_EQ(Words({"\xE4\xBB", "\x8A", "\xE6\x97", "\xA5"}).texts(), (Texts{"今日"}))
        << "where characters are in pieces, nothing says where a word begins";
}

TEST(SplitWords, AnyTokensGiveAllOfTheText) {
    std::mt19937 random(9);
    const Words words(
        {" Hej", ",", " ", "  ", " (", "\xC3", "\xA5", "–", " –", "!", "5", "\n", "今", " .", "a", "\xFF"});
    for (int round = 0; round < 2000; ++round) {
        std::vector<int32_t> tokens;
        for (size_t i = random() % 12; i > 0; --i)
            tokens.push_back(static_cast<int32_t>(random() % 4 == 0 ? 250 + random() % 30 : 256 + random() % 17));
        std::string all;
        size_t last = 0;
        for (const WordTokens& word : split_words(tokens, *words.tokenizer)) {
            all += word.text;
            EXPECT_EQ(word.text, valid_utf8(word.text));
            EXPECT_GE(word.begin, last);
            EXPECT_LT(word.begin, word.end);
            EXPECT_LE(word.begin, word.spoken_begin);
            EXPECT_LT(word.spoken_begin, word.spoken_end);
            EXPECT_LE(word.spoken_end, word.end);
            last = word.end;
        }
        EXPECT_LE(last, tokens.size());
        std::string bytes;
        bool broken = false;
        for (const int32_t token : tokens) bytes += words.tokenizer->bytes(token);
        broken = bytes != valid_utf8(bytes);
        if (!broken) {
            EXPECT_EQ(all, bytes);
        }
    }
    EXPECT_TRUE(split_words({}, *words.tokenizer).empty());
}

}  // namespace
}  // namespace ft
