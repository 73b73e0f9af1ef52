#include "transcript/writers/subtitle_layout.h"

#include <algorithm>
#include <cstddef>
#include <cmath>
#include <limits>
#include <optional>
#include <span>

#include "transcript/writers/clause_breaks.h"
#include "transcript/writers/lines.h"

namespace ft {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();
/// A block costs something, so that text is not cut up; the other weights are in its terms.
constexpr double block_cost = 1.0;
constexpr double break_weight = 1.5, line_break_weight = 0.4, uneven_weight = 0.3;
constexpr double inner_sentence_cost = 0.6, short_weight = 3.0, dense_weight = 3.0;
/// More words are never looked at together: a block of 7 s has fewer, whatever the limits on lines.
constexpr size_t most_pieces = 60;

/// A stretch without long pauses, and what is asked about its pieces again and again.
class Flow {
  public:
    /// `next_start_s`: when the next flow begins.
    Flow(std::span<const Piece> pieces, const LayoutLimits& limits, double next_start_s)
        : pieces_(pieces), limits_(limits), next_start_s_(next_start_s), end_{0} {
        for (size_t i = 0; i < pieces.size(); ++i) {
            widths_.push_back(character_count(pieces[i].text));
            end_.push_back(end_.back() + widths_.back() + (pieces[i].spaced ? 1 : 0));
            costs_.push_back(i + 1 < pieces.size() && pieces[i + 1].spaced
                                 ? break_cost(pieces[i].text, pieces[i + 1].text)
                                 : (i + 1 < pieces.size() ? 2.0 : 0.0));
            sentence_ends_.push_back(ends_sentence(pieces[i].text));
        }
    }

    std::vector<Block> blocks() const {
        const size_t n = pieces_.size();
        std::vector<double> least(n + 1, infinite);
        std::vector<size_t> from(n + 1, 0);
        least[0] = 0;
        for (size_t begin = 0; begin < n; ++begin) {
            for (size_t end = begin + 1; end <= std::min(n, begin + most_pieces); ++end) {
                const std::optional<double> cost = cost_of(begin, end);
                if (!cost) break;
                if (least[begin] + *cost < least[end]) {
                    least[end] = least[begin] + *cost;
                    from[end] = begin;
                }
            }
        }
        std::vector<Block> blocks;
        for (size_t end = n; end > 0; end = from[end]) blocks.push_back(block(from[end], end));
        std::reverse(blocks.begin(), blocks.end());
        return blocks;
    }

  private:
    size_t width(size_t begin, size_t end) const {
        return end_[end] - end_[begin] - (pieces_[begin].spaced ? 1 : 0);
    }
    double free_until_s(size_t end) const { return end < pieces_.size() ? pieces_[end].start_s : next_start_s_; }
    /// How long it can stand.
    double shown_s(size_t begin, size_t end) const {
        const double spoken_s = pieces_[end - 1].end_s - pieces_[begin].start_s;
        return std::max(spoken_s, std::min(free_until_s(end) - pieces_[begin].start_s, longest_block_s));
    }

    /// Lines of pieces [begin, end): the cost of the best division, and where its lines end.
    struct Lines {
        double cost = infinite;
        std::vector<size_t> ends;
    };
    /// Two lines are divided at the best place; more, which few ask for, as they fill.
    Lines best_lines(size_t begin, size_t end) const {
        const auto limit = static_cast<size_t>(limits_.line_width);
        if (width(begin, end) <= limit || end == begin + 1) return {0.0, {end}};
        Lines best;
        if (limits_.line_count == 1) return best;
        const auto half = static_cast<double>(width(begin, end)) / 2;
        for (size_t middle = begin + 1; middle < end; ++middle) {
            if (width(begin, middle) > limit && middle > begin + 1) break;
            if (width(middle, end) > limit && end > middle + 1) continue;
            const double uneven = std::fabs(static_cast<double>(width(begin, middle)) / half - 1.0);
            const double cost = line_break_weight * costs_[middle - 1] + uneven_weight * uneven;
            if (cost < best.cost) best = {cost, {middle, end}};
        }
        return best.cost < infinite || limits_.line_count == 2 ? best : filled_lines(begin, end);
    }

    Lines filled_lines(size_t begin, size_t end) const {
        Lines lines{0.0, {}};
        for (size_t from = begin, at = begin + 1; from < end; ++at) {
            if (at < end && width(from, at + 1) <= static_cast<size_t>(limits_.line_width)) continue;
            lines.ends.push_back(at);
            from = at;
        }
        if (lines.ends.size() > static_cast<size_t>(limits_.line_count)) return {};
        return lines;
    }

    /// Nothing when the pieces cannot stand together, nor with more after them.
    std::optional<double> cost_of(size_t begin, size_t end) const {
        const bool alone = end == begin + 1;
        const double spoken_s = pieces_[end - 1].end_s - pieces_[begin].start_s;
        if (!alone && spoken_s > longest_block_s) return std::nullopt;
        const auto room = static_cast<size_t>(limits_.line_width) * static_cast<size_t>(limits_.line_count);
        if (!alone && width(begin, end) > room + static_cast<size_t>(limits_.line_count)) return std::nullopt;
        const Lines lines = best_lines(begin, end);
        if (lines.cost == infinite) return infinite;
        double cost = block_cost + lines.cost + break_weight * costs_[end - 1];
        // A pause is a good place to break, and a bad one to go on.
        if (end < pieces_.size()) cost -= std::clamp(pieces_[end].start_s - pieces_[end - 1].end_s, 0.0, 1.0);
        for (size_t i = begin; i + 1 < end; ++i) {
            if (!sentence_ends_[i]) continue;
            cost += inner_sentence_cost + std::clamp(pieces_[i + 1].start_s - pieces_[i].end_s, 0.0, 1.0);
        }
        const double time_s = std::max(shown_s(begin, end), 0.01);
        cost += short_weight * std::max(0.0, least_block_s - time_s);
        const double density = static_cast<double>(width(begin, end)) / time_s / characters_per_second;
        return cost + dense_weight * std::clamp(density - 1.0, 0.0, 2.0);
    }

    Block block(size_t begin, size_t end) const {
        Block block;
        block.start_s = pieces_[begin].start_s;
        const double readable_s = std::clamp(static_cast<double>(width(begin, end)) / characters_per_second,
                                             least_block_s, longest_block_s);
        block.end_s = std::max(pieces_[end - 1].end_s, std::min(block.start_s + readable_s, free_until_s(end)));
        size_t from = begin;
        for (const size_t to : best_lines(begin, end).ends) {
            block.lines.emplace_back(pieces_.begin() + static_cast<ptrdiff_t>(from),
                                     pieces_.begin() + static_cast<ptrdiff_t>(to));
            from = to;
        }
        return block;
    }

    std::span<const Piece> pieces_;
    LayoutLimits limits_;
    double next_start_s_;
    std::vector<size_t> widths_, end_;  // end_: characters before each piece, spaces included
    std::vector<double> costs_;         // of a break after each piece
    std::vector<bool> sentence_ends_;
};

}  // namespace

std::vector<Block> lay_out(const std::vector<Piece>& pieces, const LayoutLimits& limits) {
    std::vector<Block> all;
    for (size_t begin = 0; begin < pieces.size();) {
        size_t end = begin + 1;
        while (end < pieces.size() && pieces[end].start_s - pieces[end - 1].start_s <= block_pause_s) ++end;
        const double next_start_s = end < pieces.size() ? pieces[end].start_s : infinite;
        for (Block& block : Flow(std::span(pieces).subspan(begin, end - begin), limits, next_start_s).blocks())
            all.push_back(std::move(block));
        begin = end;
    }
    return all;
}

}  // namespace ft
