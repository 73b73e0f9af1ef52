#include "transcript/writers/subtitle_layout.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <sstream>

#include "transcript/writers/clause_breaks.h"
#include "transcript/writers/lines.h"

namespace ft {
namespace {

/// Words one after the other at `rate_s` a character, from `from_s` on; "|" is a pause of a second.
std::vector<Piece> spoken(const std::string& text, double rate_s = 0.08, double from_s = 0.0) {
    std::vector<Piece> pieces;
    std::stringstream stream(text);
    for (std::string word; stream >> word;) {
        if (word == "|") {
            from_s += 1.0;
            continue;
        }
        const double end_s = from_s + rate_s * static_cast<double>(character_count(word));
        pieces.push_back({word, true, from_s, end_s});
        from_s = end_s;
    }
    return pieces;
}

std::string text_of(const Line& line) {
    std::string text;
    for (const Piece& piece : line) text += (text.empty() ? "" : " ") + piece.text;
    return text;
}

std::vector<std::vector<std::string>> texts_of(const std::vector<Block>& blocks) {
    std::vector<std::vector<std::string>> all;
    for (const Block& block : blocks) {
        all.emplace_back();
        for (const Line& line : block.lines) all.back().push_back(text_of(line));
    }
    return all;
}

using Texts = std::vector<std::vector<std::string>>;

TEST(BreakCost, KnowsSentencesClausesAndWhatBelongsTogether) {
    EXPECT_EQ(break_cost("slut.", "Och"), 0);
    EXPECT_EQ(break_cost("\"Ja!\"", "sa"), 0);
    EXPECT_EQ(break_cost("hem,", "men"), 0.3);
    EXPECT_EQ(break_cost("sade", "att"), 0.5);
    EXPECT_EQ(break_cost("bilen", "som"), 0.5);
    EXPECT_EQ(break_cost("gamla", "bilen"), 1);
    EXPECT_EQ(break_cost("en", "bil"), 2);
    EXPECT_EQ(break_cost("På", "bordet"), 2);
    EXPECT_EQ(break_cost("ÅT", "oss"), 2);
    EXPECT_EQ(break_cost("3", "kronor"), 2);
    EXPECT_EQ(break_cost("att", "springa"), 2);
    EXPECT_FALSE(ends_sentence("t.ex."));
    EXPECT_FALSE(ends_sentence("kl."));
    EXPECT_FALSE(ends_sentence("A."));
    EXPECT_FALSE(ends_sentence("hej,"));
    EXPECT_FALSE(ends_sentence(""));
    EXPECT_TRUE(ends_sentence("klart.”"));
    EXPECT_TRUE(ends_sentence("då…"));
    EXPECT_TRUE(ends_sentence("1997."));
}

TEST(LayOut, BreaksWhereClausesBegin) {
    EXPECT_EQ(texts_of(lay_out(spoken("Vi ska ordna ett kalas, men vi behöver någon som hjälper oss."), {42, 2})),
              (Texts{{"Vi ska ordna ett kalas,", "men vi behöver någon som hjälper oss."}}));
    EXPECT_EQ(texts_of(lay_out(spoken("Det är den gamla bilen som de ville köpa."), {24, 2})),
              (Texts{{"Det är den gamla bilen", "som de ville köpa."}}));
}

TEST(LayOut, SentencesAfterPausesAreBlocksOfTheirOwn) {
    EXPECT_EQ(texts_of(lay_out(spoken("Hej på dig. | Vad roligt att du kom hit. | Nu är det dags."), {42, 2})),
              (Texts{{"Hej på dig."}, {"Vad roligt att du kom hit."}, {"Nu är det dags."}}));
}

TEST(LayOut, ShortBlocksStayUntilTheyCanBeRead) {
    const std::vector<Block> blocks = lay_out(spoken("Ja. | | Nej."), {42, 2});
    ASSERT_EQ(blocks.size(), 2U);
    EXPECT_NEAR(blocks[0].start_s, 0.0, 1e-9);
    EXPECT_NEAR(blocks[0].end_s, 1.0, 1e-9) << "it is said in 0.24 s";
    EXPECT_NEAR(blocks[1].end_s, blocks[1].start_s + 1.0, 1e-9);
}

TEST(LayOut, LimitsHoldForAnySpeech) {
    std::mt19937 random(4);
    const char* words[] = {"ja",  "och", "att",   "en", "Örebro,", "kommer.", "realisationsvinstbeskattningen",
                           "det", "som", "t.ex.", "3",  "bilen",   "springer", "är"};
    for (int round = 0; round < 60; ++round) {
        std::vector<Piece> pieces;
        double clock_s = 0;
        for (size_t i = random() % 120; i > 0; --i) {
            if (random() % 6 == 0) clock_s += static_cast<double>(random() % 50) / 10;
            const double start_s = clock_s;
            clock_s += static_cast<double>(random() % 80) / 100;
            pieces.push_back({words[random() % 14], random() % 30 != 0, start_s, clock_s});
        }
        const LayoutLimits limits{static_cast<int>(1 + random() % 45), static_cast<int>(1 + random() % 4)};
        const std::vector<Block> blocks = lay_out(pieces, limits);
        std::string all, expected;
        for (const Piece& piece : pieces) expected += piece.text;
        double latest_s = 0;
        for (const Block& block : blocks) {
            EXPECT_GE(block.start_s, latest_s - 1e-9) << "blocks do not overlap";
            EXPECT_GE(block.end_s, block.start_s);
            latest_s = block.end_s;
            ASSERT_FALSE(block.lines.empty());
            EXPECT_LE(block.lines.size(), static_cast<size_t>(limits.line_count));
            size_t count = 0;
            for (const Line& line : block.lines) {
                ASSERT_FALSE(line.empty());
                size_t width = 0;
                for (size_t i = 0; i < line.size(); ++i)
                    width += character_count(line[i].text) + (i > 0 && line[i].spaced ? 1 : 0);
                EXPECT_TRUE(width <= static_cast<size_t>(limits.line_width) || line.size() == 1) << text_of(line);
                for (const Piece& piece : line) all += piece.text;
                count += line.size();
            }
            if (count > 1) {
                EXPECT_LE(block.lines.back().back().end_s - block.start_s, longest_block_s + 1e-9);
            }
        }
        EXPECT_EQ(all, expected) << "every word once, in order";
    }
    EXPECT_TRUE(lay_out({}, {42, 2}).empty());
}

TEST(LayOut, AnHourOfSpeechIsQuick) {
    std::string text;
    for (int i = 0; i < 1000; ++i) text += "Vi ska ordna ett kalas, men vi behöver någon som hjälper oss ";
    const std::vector<Block> blocks = lay_out(spoken(text, 0.06), {42, 2});
    EXPECT_GT(blocks.size(), 500U);
    EXPECT_LT(blocks.size(), 3000U);
}

}  // namespace
}  // namespace ft
