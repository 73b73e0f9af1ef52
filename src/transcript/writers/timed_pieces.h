#pragma once
// A segment as words, or what stands between two spaces, each with its time.
#include <string>
#include <vector>

#include "transcript/transcript.h"
#include "transcript/writers/subtitle_layout.h"

namespace ft {

/// The segment's words; empty when it has none.
std::vector<Piece> pieces_of_words(const Segment& segment);
/// Without word times: the segment's time is shared out by characters. `text`: one line.
std::vector<Piece> pieces_of_text(const Segment& segment, const std::string& text);
/// The first where there are words, else the second.
std::vector<Piece> timed_pieces(const Segment& segment);

}  // namespace ft
