#pragma once
// GPT-2's split of a text into pieces, inside which byte pairs are merged.
#include <cstddef>
#include <string_view>

namespace ft {

/// End of the piece that starts at `at` (< text.size()), as the regular expression
///     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
/// splits, with Unicode's categories. Invalid UTF-8 counts as a sign that is no letter, number or space.
size_t piece_end(std::string_view text, size_t at);

}  // namespace ft
