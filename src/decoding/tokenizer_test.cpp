#include "decoding/tokenizer.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

#include "base/error.h"
#include "decoding/pre_tokenizer.h"

namespace ft {
namespace {

/// All single bytes, then a few merges, then two special tokens.
Vocabulary tiny_vocabulary() {
    Vocabulary v;
    for (int byte = 0; byte < 256; ++byte) v.tokens.emplace_back(1, static_cast<char>(byte));
    for (const char* token : {" t", "tt", "ab", "att", " att", "aa", "bab", "aaaa", "abab", "\xC3\xA5", "ig", " ta"}) {
        v.tokens.emplace_back(token);
    }
    v.first_special = static_cast<int32_t>(v.tokens.size());
    v.tokens.emplace_back("<|endoftext|>");
    v.tokens.emplace_back("<|sv|>");
    return v;
}

std::vector<std::string> pieces(std::string_view text) {
    std::vector<std::string> all;
    for (size_t at = 0; at < text.size();) {
        const size_t end = piece_end(text, at);
        all.emplace_back(text.substr(at, end - at));
        at = end;
    }
    return all;
}

using Pieces = std::vector<std::string>;

TEST(PreTokenizer, SplitsAsGpt2Does) {
    EXPECT_EQ(pieces("Hej på dig!"), (Pieces{"Hej", " på", " dig", "!"}));
    EXPECT_EQ(pieces("it's we're I'll 'tis IT'S"),
              (Pieces{"it", "'s", " we", "'re", " I", "'ll", " '", "tis", " IT", "'", "S"}));
    EXPECT_EQ(pieces("år 2024, 3½ kr"), (Pieces{"år", " 2024", ",", " 3½", " kr"}));
    EXPECT_EQ(pieces("a  b   "), (Pieces{"a", " ", " b", "   "}));
    EXPECT_EQ(pieces("a\n\nb\n"), (Pieces{"a", "\n", "\n", "b", "\n"}));
    EXPECT_EQ(pieces(" \xC2\xA0x"), (Pieces{" ", "\xC2\xA0", "x"}));
    EXPECT_EQ(pieces(" "), (Pieces{" "}));
    EXPECT_EQ(pieces("日本語。Ω²"), (Pieces{"日本語", "。", "Ω", "²"}));
    EXPECT_EQ(pieces("a\xFF\xC3 b"), (Pieces{"a", "\xFF\xC3", " b"}));
}

TEST(Tokenizer, MergesTheLowestTokenFirst) {
    const Tokenizer t(tiny_vocabulary());
    const int32_t att = 256 + 3, space_att = 256 + 4;
    EXPECT_EQ(t.encode("att att"), (std::vector<int32_t>{att, space_att}));
    EXPECT_EQ(t.encode("å"), std::vector<int32_t>{256 + 9});
    // " t" comes before "tt" and " ta": what it takes is gone.
    EXPECT_EQ(t.encode(" tt"), (std::vector<int32_t>{256, 't'}));
    EXPECT_EQ(t.encode(" ta"), std::vector<int32_t>{256 + 11});
    EXPECT_TRUE(t.encode("").empty());
}

/// Merges by looking up the joined bytes, one merge at a time: slow and plain.
std::vector<int32_t> oracle(const Vocabulary& v, const std::string& piece) {
    std::map<std::string, int32_t> rank;
    for (int32_t id = 0; id < v.first_special; ++id) rank.emplace(v.tokens[static_cast<size_t>(id)], id);
    Pieces parts;
    for (const char byte : piece) parts.emplace_back(1, byte);
    for (;;) {
        auto best = rank.end();
        size_t where = 0;
        for (size_t i = 0; i + 1 < parts.size(); ++i) {
            const auto found = rank.find(parts[i] + parts[i + 1]);
            if (found != rank.end() && (best == rank.end() || found->second < best->second)) {
                best = found;
                where = i;
            }
        }
        if (best == rank.end()) break;
        parts[where] += parts[where + 1];
        parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(where) + 1);
    }
    std::vector<int32_t> tokens;
    for (const std::string& part : parts) tokens.push_back(rank.at(part));
    return tokens;
}

TEST(Tokenizer, EqualsThePlainAlgorithmOnShortAndLongPieces) {
    const Vocabulary v = tiny_vocabulary();
    const Tokenizer t(v);
    std::mt19937 random(1);
    for (int round = 0; round < 400; ++round) {
        std::string piece;
        const size_t length = 1 + random() % (round % 4 == 0 ? 300 : 20);
        while (piece.size() < length) piece += "aabttig"[random() % 7];
        ASSERT_EQ(t.encode(piece), oracle(v, piece)) << piece;
    }
}

TEST(Tokenizer, AMegabyteOfOneLetterIsNoTrouble) {
    const Tokenizer t(tiny_vocabulary());
    EXPECT_EQ(t.encode(std::string(1 << 20, 'a')).size(), size_t{1} << 18);
}

TEST(Tokenizer, DecodingGivesBackTheBytes) {
    const Tokenizer t(tiny_vocabulary());
    const std::string text = "Hallå, att ta\tdet 😀!";
    EXPECT_EQ(t.decode(t.encode(text)), text);
    EXPECT_EQ(t.decode(t.encode("a\xFFz")), "a\xEF\xBF\xBDz");
}

TEST(Tokenizer, LeavesOutSpecialAndUnknownTokens) {
    const Tokenizer t(tiny_vocabulary());
    const int32_t special = 256 + 12;
    EXPECT_TRUE(t.is_special(special));
    EXPECT_TRUE(t.is_special(special + 1));
    EXPECT_TRUE(t.is_special(-1));
    EXPECT_TRUE(t.is_special(1 << 30));
    EXPECT_FALSE(t.is_special(special - 1));
    EXPECT_EQ(t.bytes(special), "");
    EXPECT_EQ(t.bytes(256), " t");
    EXPECT_EQ(t.size(), special + 2);
    EXPECT_EQ(t.decode(std::vector<int32_t>{'a', special, -5, special + 1, 1 << 30, 'b'}), "ab");
    EXPECT_EQ(t.encode("<|sv|>").size(), 6u) << "special names in a text are plain text";
}

TEST(Tokenizer, ACharacterMayBeSplitBetweenTokens) {
    const Tokenizer t(tiny_vocabulary());
    EXPECT_EQ(t.decode(std::vector<int32_t>{0xF0, 0x9F, 0x98, 0x80}), "😀");
    EXPECT_EQ(t.decode(std::vector<int32_t>{0xF0, 0x9F}), "\xEF\xBF\xBD");
}

TEST(Tokenizer, RefusesAVocabularyWithoutAllBytes) {
    Vocabulary v = tiny_vocabulary();
    v.tokens['x'] = "xx";
    try {
        Tokenizer t(v);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find("lacks 1 of the 256"), std::string::npos) << error.what();
    }
    EXPECT_THROW(Tokenizer(Vocabulary{}), Error);
    v = tiny_vocabulary();
    v.first_special = 1 << 30;  // beyond the end: no special tokens at all
    EXPECT_EQ(Tokenizer(v).decode(std::vector<int32_t>{'a', 1 << 29}), "a");
}

}  // namespace
}  // namespace ft
