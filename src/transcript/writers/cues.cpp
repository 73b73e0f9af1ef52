#include "transcript/writers/cues.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include "transcript/writers/formats.h"
#include "transcript/writers/lines.h"
#include "transcript/writers/subtitle_layout.h"
#include "transcript/writers/timed_pieces.h"

namespace ft {
namespace {

using Escape = std::string (*)(const std::string&);

std::vector<Line> wrap(const std::vector<Piece>& pieces, int max_width) {
    std::vector<Line> lines;
    size_t width = 0;
    for (const Piece& piece : pieces) {
        const size_t more = character_count(piece.text) + (piece.spaced ? 1 : 0);
        if (lines.empty() || (max_width > 0 && width + more > static_cast<size_t>(max_width))) {
            lines.emplace_back();
            width = character_count(piece.text);
        } else {
            width += more;
        }
        lines.back().push_back(piece);
    }
    return lines;
}

/// `highlighted`: the piece to underline, counted over all lines; -1: none.
std::string join(const Line* first, const Line* last, Escape escape, int highlighted = -1) {
    std::string text;
    for (const Line* line = first; line != last; ++line) {
        if (line != first) text += '\n';
        bool at_start = true;
        for (const Piece& piece : *line) {
            if (piece.spaced && !at_start) text += ' ';
            const std::string escaped = escape(piece.text);
            text += highlighted-- == 0 ? "<u>" + escaped + "</u>" : escaped;
            at_start = false;
        }
    }
    return text;
}

/// The same lines again for every word, that word underlined while it is spoken.
void append_highlighted(const Line* first, const Line* last, const Cue& whole, Escape escape, std::vector<Cue>& cues) {
    double clock_s = whole.start_s;
    int index = 0;
    for (const Line* line = first; line != last; ++line) {
        for (const Piece& piece : *line) {
            if (piece.start_s > clock_s) cues.push_back({clock_s, piece.start_s, whole.text});
            const double start_s = std::max(clock_s, piece.start_s);
            clock_s = std::max(start_s, piece.end_s);
            cues.push_back({start_s, clock_s, join(first, last, escape, index++)});
        }
    }
    if (whole.end_s > clock_s) cues.push_back({clock_s, whole.end_s, whole.text});
}

void append_cue(const Line* first, const Line* last, double start_s, double end_s, bool highlight, Escape escape,
                std::vector<Cue>& cues) {
    const Cue cue{start_s, end_s, join(first, last, escape)};
    highlight ? append_highlighted(first, last, cue, escape, cues) : cues.push_back(cue);
}

/// max_words_per_line, as in OpenAI's writers: so many words are a cue of their own.
void append_groups(const Segment& segment, const std::vector<Piece>& pieces, const WriterOptions& options,
                   Escape escape, std::vector<Cue>& cues) {
    const auto count = static_cast<size_t>(options.max_words_per_line);
    for (size_t i = 0; i < pieces.size(); i += count) {
        const size_t end = std::min(i + count, pieces.size());
        const Line line(pieces.begin() + static_cast<ptrdiff_t>(i), pieces.begin() + static_cast<ptrdiff_t>(end));
        append_cue(&line, &line + 1, i == 0 ? segment.start_s : line.front().start_s,
                   end == pieces.size() ? segment.end_s : line.back().end_s, options.highlight_words, escape, cues);
    }
}

void append_segment(const Segment& segment, const WriterOptions& options, Escape escape, std::vector<Cue>& cues) {
    const std::string text = one_line(segment.text);
    std::vector<Piece> pieces = pieces_of_words(segment);
    const bool has_words = !pieces.empty();
    if (!has_words) pieces = pieces_of_text(segment, text);
    if (pieces.empty()) return;
    const bool highlight = options.highlight_words && has_words;
    if (has_words && options.max_words_per_line > 0 && options.max_line_width <= 0) {
        append_groups(segment, pieces, options, escape, cues);
        return;
    }
    if (options.max_line_width <= 0 && !highlight && !text.empty()) {
        cues.push_back({segment.start_s, segment.end_s, escape(text)});
        return;
    }
    const std::vector<Line> lines = wrap(pieces, options.max_line_width);
    const size_t count = options.max_line_count > 0 ? static_cast<size_t>(options.max_line_count) : lines.size();
    for (size_t i = 0; i < lines.size(); i += count) {
        const size_t end = std::min(i + count, lines.size());
        const Line *first = lines.data() + i, *last = lines.data() + end;
        // The first and the last cue of a segment keep its times.
        append_cue(first, last, i == 0 ? segment.start_s : first->front().start_s,
                   end == lines.size() ? segment.end_s : (last - 1)->back().end_s, highlight, escape, cues);
    }
}

/// With both limits on lines and with word times, text flows over the borders of segments, as in OpenAI's writers.
bool flows(const Transcript& transcript, const WriterOptions& options) {
    return options.max_line_width > 0 && options.max_line_count > 0 &&
           std::all_of(transcript.segments.begin(), transcript.segments.end(),
                       [](const Segment& segment) { return one_line(segment.text).empty() || !segment.words.empty(); });
}

std::vector<Cue> flowing_cues(const Transcript& transcript, const WriterOptions& options, Escape escape) {
    std::vector<Piece> pieces;
    for (const Segment& segment : transcript.segments) {
        const size_t first = pieces.size();
        for (Piece& piece : pieces_of_words(segment)) pieces.push_back(std::move(piece));
        if (pieces.size() > first) pieces[first].spaced = true;  // a segment's text is trimmed
    }
    std::vector<Cue> cues;
    for (const Block& block : lay_out(pieces, {options.max_line_width, options.max_line_count})) {
        append_cue(block.lines.data(), block.lines.data() + block.lines.size(), block.start_s, block.end_s,
                   options.highlight_words, escape, cues);
    }
    return cues;
}

}  // namespace

/// Channels are laid out each by itself, and shown side by side.
static std::vector<Cue> cues_of_channels(const Transcript& transcript, const WriterOptions& options, Escape escape) {
    std::map<int, Transcript> channels;
    for (const Segment& segment : transcript.segments) {
        Segment alone = segment;
        alone.channel = 0;
        channels[segment.channel].segments.push_back(std::move(alone));
    }
    std::vector<Cue> all;
    for (const auto& [channel, part] : channels) {
        for (Cue& cue : make_cues(part, options, escape)) {
            cue.channel = channel;
            all.push_back(std::move(cue));
        }
    }
    std::stable_sort(all.begin(), all.end(), [](const Cue& a, const Cue& b) { return a.start_s < b.start_s; });
    return all;
}

std::vector<Cue> make_cues(const Transcript& transcript, const WriterOptions& options, Escape escape) {
    if (has_channels(transcript)) return cues_of_channels(transcript, options, escape);
    std::vector<Cue> cues;
    if (flows(transcript, options)) {
        cues = flowing_cues(transcript, options, escape);
    } else {
        for (const Segment& segment : transcript.segments) append_segment(segment, options, escape, cues);
    }
    for (Cue& cue : cues) cue.end_s = std::max(cue.start_s, cue.end_s);
    return cues;
}

}  // namespace ft
