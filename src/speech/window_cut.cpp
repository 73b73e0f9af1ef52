#include "speech/window_cut.h"

#include <algorithm>
#include <cmath>

#include "base/sample_time.h"

namespace ft {

namespace {

/// Pieces of the file for the stretch [begin, begin + size) of the window, which is to lie at `place`.
void append_pieces(const Window& window, int64_t begin, int64_t size, int64_t place, std::vector<WindowPiece>& pieces) {
    for (const WindowPiece& piece : window.pieces) {
        const int64_t from = std::max(begin, piece.window_begin);
        const int64_t to = std::min(begin + size, piece.window_begin + piece.size);
        if (from < to)
            pieces.push_back({piece.file_begin + from - piece.window_begin, place + from - begin, to - from});
    }
}

}  // namespace

std::vector<TimeSpan> speech_of(const Window& window) {
    std::vector<TimeSpan> spans;
    for (const Span& span : window.speech) {
        std::vector<WindowPiece> pieces;
        append_pieces(window, span.begin, span.size(), 0, pieces);
        for (const WindowPiece& piece : pieces)
            spans.push_back({seconds_of(piece.file_begin), seconds_of(piece.file_begin + piece.size)});
    }
    return spans;
}

Window part_of_window(const Window& window, int64_t from, int64_t to) {
    const auto size = static_cast<int64_t>(window.pcm.size());
    from = std::clamp<int64_t>(from, 0, size);
    to = std::clamp<int64_t>(to, from, size);
    Window part;
    part.index = window.index;
    part.ordinal = window.ordinal;
    part.channel = window.channel;
    part.rejected = window.rejected;
    part.pcm.assign(window.pcm.begin() + from, window.pcm.begin() + to);
    append_pieces(window, from, to - from, 0, part.pieces);
    for (const Span& span : window.speech) {
        const Span inside{std::max(span.begin, from) - from, std::min(span.end, to) - from};
        if (inside.size() > 0) part.speech.push_back(inside);
    }
    return part;
}

Window window_tail(const Window& window, double from_s) {
    return part_of_window(window, samples_of(from_s), static_cast<int64_t>(window.pcm.size()));
}

Window part_of_file(const Window& window, const TimeSpan& stretch) {
    const int64_t begin = samples_of(stretch.begin_s), end = samples_of(stretch.end_s);
    int64_t from = static_cast<int64_t>(window.pcm.size()), to = 0;
    for (const WindowPiece& piece : window.pieces) {
        const int64_t first = std::max(begin, piece.file_begin), last = std::min(end, piece.file_begin + piece.size);
        if (first >= last) continue;
        from = std::min(from, piece.window_begin + first - piece.file_begin);
        to = std::max(to, piece.window_begin + last - piece.file_begin);
    }
    return part_of_window(window, from, to);
}

std::vector<Window> cut_again(const Window& window, double longest_s, double max_pause_s) {
    PackOptions options;
    options.max_window_s = std::clamp(longest_s, 1.0, 30.0);
    options.max_pause_s = max_pause_s;
    WindowPacker packer(options);
    packer.push_pcm(window.pcm);
    std::vector<Window> cuts;
    for (const Span& span : window.speech) packer.push_span(span, cuts);
    packer.finish(cuts);
    for (Window& cut : cuts) {
        std::vector<WindowPiece> pieces;
        // So far the cut's file is the window.
        for (const WindowPiece& piece : cut.pieces)
            append_pieces(window, piece.file_begin, piece.size, piece.window_begin, pieces);
        cut.pieces = std::move(pieces);
        cut.index = window.index;
        cut.ordinal = window.ordinal;
        cut.channel = window.channel;
        cut.rejected = window.rejected;
    }
    return cuts;
}

}  // namespace ft
