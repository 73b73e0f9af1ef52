#pragma once
// Words with times → subtitles, within limits that readers need.
#include <string>
#include <vector>

namespace ft {

/// A word, or what stands between two spaces.
struct Piece {
    std::string text;  ///< without the space before it
    bool spaced = true;
    double start_s = 0.0, end_s = 0.0;
};
using Line = std::vector<Piece>;

/// What is shown together.
struct Block {
    double start_s = 0.0, end_s = 0.0;
    std::vector<Line> lines;
};

struct LayoutLimits {
    int line_width = 42, line_count = 2;  ///< a single longer word stands alone
};

/// The usual limits of subtitling; a block keeps to them where the words' times allow.
constexpr double least_block_s = 1.0, longest_block_s = 7.0, characters_per_second = 17.0;
/// A pause between two words' starts after which a new block begins, as in OpenAI's writers.
constexpr double block_pause_s = 3.0;

/// Pieces in order of time. Of all ways to divide them into blocks of at most line_count lines, the cheapest: breaks
/// where sentences and clauses end, blocks that can be read in their time, lines of like length. A block begins with its
/// first word and ends with its last one, or later, when the pause after it allows, so that it can be read.
std::vector<Block> lay_out(const std::vector<Piece>& pieces, const LayoutLimits& limits);

}  // namespace ft
