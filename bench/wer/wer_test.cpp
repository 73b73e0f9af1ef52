// Counts and normalization against jiwer's (tests/golden/make_wer_golden.py).
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "normalize.h"
#include "word_errors.h"

namespace ft {
namespace {

TEST(Wer, EqualsJiwerOnEveryCase) {
    const auto cases = nlohmann::json::parse(read_file(std::string(FT_SOURCE_DIR) + "/tests/golden/wer.json"));
    ASSERT_GE(cases.size(), 40u);
    for (const auto& c : cases) {
        const auto reference = comparable_words(c.at("reference").get<std::string>());
        const auto hypothesis = comparable_words(c.at("hypothesis").get<std::string>());
        std::string normalized;
        for (const std::string& word : hypothesis) normalized += (normalized.empty() ? "" : " ") + word;
        EXPECT_EQ(normalized, c.at("normalized").get<std::string>());
        const WordErrors errors = count_word_errors(reference, hypothesis);
        const WordErrors expected{c.at("substitutions"), c.at("deletions"), c.at("insertions"), c.at("words")};
        EXPECT_EQ(errors.total(), expected.total()) << c;
        if (reference.size() <= 64) {  // beyond, jiwer's library may take another of the alignments with this total
            EXPECT_EQ(errors, expected) << c;
        }
        EXPECT_EQ(errors.reference_words, expected.reference_words) << c;
    }
}

TEST(Wer, SumsOverFilesAndHasNoRateWithoutWords) {
    WordErrors sum = count_word_errors({"a", "b"}, {"a", "c"});
    sum += count_word_errors({}, {"x"});
    EXPECT_EQ(sum, (WordErrors{1, 0, 1, 2}));
    EXPECT_DOUBLE_EQ(sum.rate(), 1.0);
    EXPECT_TRUE(std::isnan(count_word_errors({}, {"x"}).rate()));
}

}  // namespace
}  // namespace ft
