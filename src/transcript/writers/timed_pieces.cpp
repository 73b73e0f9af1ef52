#include "transcript/writers/timed_pieces.h"

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "transcript/writers/lines.h"

namespace ft {

std::vector<Piece> pieces_of_words(const Segment& segment) {
    std::vector<Piece> pieces;
    for (const Word& word : segment.words) {
        Piece piece{one_line(word.text), !word.text.empty() && word.text[0] == ' ', word.start_s, word.end_s};
        if (!piece.text.empty()) pieces.push_back(std::move(piece));
    }
    return pieces;
}

std::vector<Piece> pieces_of_text(const Segment& segment, const std::string& text) {
    std::vector<Piece> pieces;
    const double per_character_s = std::max(0.0, segment.end_s - segment.start_s) /
                                   static_cast<double>(std::max<size_t>(1, character_count(text)));
    double clock_s = segment.start_s;
    for (size_t at = 0; at < text.size();) {
        const size_t end = std::min(text.find(' ', at), text.size());
        const double start_s = clock_s;
        clock_s +=
            static_cast<double>(character_count(std::string_view(text).substr(at, end - at)) + 1) * per_character_s;
        if (end > at) pieces.push_back({text.substr(at, end - at), true, start_s, std::min(clock_s, segment.end_s)});
        at = end + 1;
    }
    return pieces;
}

std::vector<Piece> timed_pieces(const Segment& segment) {
    std::vector<Piece> pieces = pieces_of_words(segment);
    return pieces.empty() ? pieces_of_text(segment, one_line(segment.text)) : pieces;
}

}  // namespace ft
