// The tokenizer with Whisper's own vocabulary against what `tokenizers` makes of the same 10,000 strings
// (tests/golden/make_tokenizer_golden.py).
#include <gtest/gtest.h>

#include <cinttypes>
#include <fstream>

#include "decoding/language.h"
#include "decoding/pre_tokenizer.h"
#include "decoding/test_vocabulary.h"
#include "decoding/tokenizer.h"

namespace ft {
namespace {

constexpr int string_count = 10'000, group_size = 100;
const std::filesystem::path golden_folder = std::filesystem::path(FT_SOURCE_DIR) / "tests/golden";
const std::filesystem::path tokenizer_json =
    std::filesystem::path(FT_SOURCE_DIR) / "build/models/whisper-base/tokenizer.json";

/// The same generators as in the script.
class Random {
  public:
    explicit Random(uint64_t seed) : state_(seed) {}
    uint32_t below(uint32_t n) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<uint32_t>(state_ >> 33) % n;
    }

  private:
    uint64_t state_;
};

struct Parts {
    std::vector<std::string> words, signs, spaces;
    std::vector<std::pair<uint32_t, uint32_t>> ranges;
};

template <typename T>
const T& pick(Random& random, const std::vector<T>& from) {
    return from[random.below(static_cast<uint32_t>(from.size()))];
}

void append_part(Random& random, const Parts& parts, std::string& text) {
    const uint32_t kind = random.below(16);
    if (kind < 8) {
        if (kind < 7) text += ' ';
        text += pick(random, parts.words);
    } else if (kind < 10) {
        text += pick(random, parts.signs);
    } else if (kind < 12) {
        text += pick(random, parts.spaces);
    } else if (kind < 13) {
        for (uint32_t n = 1 + random.below(6); n > 0; --n) text += static_cast<char>('0' + random.below(10));
    } else if (kind < 15) {
        const auto [first, last] = pick(random, parts.ranges);
        for (uint32_t n = 1 + random.below(8); n > 0; --n) append_utf8(text, first + random.below(last - first + 1));
    } else {
        const std::string& word = pick(random, parts.words);
        const std::string letter = word.substr(0, decode_utf8(word, 0).length);
        for (uint32_t n = 1 + random.below(120); n > 0; --n) text += letter;
    }
}

std::string make_string(Random& random, const Parts& parts) {
    std::string text;
    for (uint32_t n = 1 + random.below(16); n > 0; --n) append_part(random, parts, text);
    return text;
}

class Hash {
  public:
    void add(uint8_t byte) { value_ = (value_ ^ byte) * 0x100000001B3U; }
    void add_token(uint32_t token) {
        for (int shift = 0; shift < 32; shift += 8) add(static_cast<uint8_t>(token >> shift));
    }
    std::string hex() const {
        char text[17];
        std::snprintf(text, sizeof text, "%016" PRIx64, value_);
        return text;
    }

  private:
    uint64_t value_ = 0xCBF29CE484222325U;
};

nlohmann::json read_json(const std::filesystem::path& path) {
    std::ifstream file(path);
    return nlohmann::json::parse(file);
}

class TokenizerGolden : public testing::Test {
  protected:
    void SetUp() override {
        if (!std::filesystem::exists(tokenizer_json)) GTEST_SKIP() << tokenizer_json << " is missing: run ./test.sh";
        vocabulary_ = read_test_vocabulary(tokenizer_json);
        golden_ = read_json(golden_folder / "tokenizer.json");
    }
    Vocabulary vocabulary_;
    nlohmann::json golden_;
};

TEST_F(TokenizerGolden, EncodesTenThousandStringsAsTheReference) {
    const Tokenizer tokenizer(vocabulary_);
    for (const auto& sample : golden_.at("samples")) {
        EXPECT_EQ(tokenizer.encode(sample.at("text").get<std::string>()),
                  sample.at("tokens").get<std::vector<int32_t>>());
    }
    const auto json = read_json(golden_folder / "tokenizer_parts.json");
    const Parts parts{json.at("words"), json.at("signs"), json.at("spaces"), json.at("ranges")};
    Random random(1);
    for (int group = 0; group < string_count / group_size; ++group) {
        Hash hash;
        for (int i = 0; i < group_size; ++i) {
            const std::string text = make_string(random, parts);
            const auto tokens = tokenizer.encode(text);
            ASSERT_EQ(tokenizer.decode(tokens), text);
            for (const int32_t token : tokens) hash.add_token(static_cast<uint32_t>(token));
            hash.add_token(0xFFFFFFFF);
        }
        EXPECT_EQ(hash.hex(), golden_.at("encode").at(static_cast<size_t>(group))) << "group " << group;
    }
}

TEST_F(TokenizerGolden, DecodesTenThousandTokenSequencesAsTheReference) {
    const Tokenizer tokenizer(vocabulary_);
    const auto text_tokens = static_cast<uint32_t>(vocabulary_.first_special);
    Random random(2);
    for (int group = 0; group < string_count / group_size; ++group) {
        Hash hash;
        for (int i = 0; i < group_size; ++i) {
            std::vector<int32_t> tokens(1 + random.below(30));
            for (int32_t& token : tokens) token = static_cast<int32_t>(random.below(text_tokens));
            for (const char byte : tokenizer.decode(tokens)) hash.add(static_cast<uint8_t>(byte));
            hash.add(0xFF);
        }
        EXPECT_EQ(hash.hex(), golden_.at("decode").at(static_cast<size_t>(group))) << "group " << group;
    }
}

TEST_F(TokenizerGolden, EveryTokenThatIsOnePieceEncodesToItself) {
    const Tokenizer tokenizer(vocabulary_);
    int checked = 0;
    for (int32_t token = 0; token < vocabulary_.first_special; ++token) {
        const std::string_view bytes = tokenizer.bytes(token);
        if (bytes.empty() || piece_end(bytes, 0) != bytes.size()) continue;
        ++checked;
        ASSERT_EQ(tokenizer.encode(bytes), std::vector<int32_t>{token});
    }
    EXPECT_GT(checked, 49'000);
}

TEST_F(TokenizerGolden, TheVocabularyHasTheLanguagesInTheOrderOfOurTable) {
    const size_t first = static_cast<size_t>(vocabulary_.first_special) + 2;  // end of text, start of transcript
    for (size_t i = 0; i < 99; ++i) {
        EXPECT_EQ(vocabulary_.tokens.at(first + i), "<|" + std::string(languages()[i].code) + "|>");
    }
}

TEST_F(TokenizerGolden, OlderExportsLackAMergeThatTheVocabularyStillHas) {
    EXPECT_EQ(Tokenizer(vocabulary_).encode(" tack att det").front(), 9426 /* " tack", not " " and "t" */);
}

}  // namespace
}  // namespace ft
