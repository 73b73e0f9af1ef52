#include "speech/window_packer.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/sample_time.h"

namespace ft {

namespace {

constexpr int64_t block = 80;          // 5 ms: the step of the search for the quietest point
constexpr int64_t smooth_blocks = 10;  // 50 ms: what must be quiet, shorter than a pause, longer than a pitch period
constexpr size_t none = static_cast<size_t>(-1);

/// Energy without DC of each block of 80 samples.
std::vector<double> block_energies(std::span<const float> pcm) {
    std::vector<double> energies;
    for (size_t at = 0; at + block <= pcm.size(); at += block) {
        double sum = 0.0, squares = 0.0;
        for (size_t i = at; i < at + block; ++i) {
            sum += pcm[i];
            squares += static_cast<double>(pcm[i]) * pcm[i];
        }
        energies.push_back(std::max(0.0, squares - sum * sum / block));
    }
    return energies;
}

}  // namespace

double Window::duration_s() const {
    return seconds_of(static_cast<int64_t>(pcm.size()));
}

double Window::to_file_time(double window_s, bool is_end) const {
    double at = window_s * sample_rate;
    // Seconds are rarely exact in binary: what is a hair beside a sample means that sample, or borders would be missed.
    if (std::abs(at - std::round(at)) < 1e-3) at = std::round(at);
    for (const WindowPiece& piece : pieces) {
        const double end = static_cast<double>(piece.window_begin + piece.size);
        if (at > end || (at == end && !is_end)) continue;
        const double inside = std::max(0.0, at - static_cast<double>(piece.window_begin));
        return (static_cast<double>(piece.file_begin) + inside) / sample_rate;
    }
    return file_end_s();
}

double Window::file_begin_s() const {
    return pieces.empty() ? 0.0 : seconds_of(pieces.front().file_begin);
}

double Window::file_end_s() const {
    return pieces.empty() ? 0.0 : seconds_of(pieces.back().file_begin + pieces.back().size);
}

WindowPacker::WindowPacker(const PackOptions& options)
    : max_window_(samples_of(std::clamp(options.max_window_s, 1.0, 30.0))),
      max_pause_(samples_of(std::clamp(options.max_pause_s, 0.0, 30.0))),
      cut_search_(samples_of(std::clamp(options.cut_search_s, 0.1, 30.0))) {
    if (!(options.max_window_s >= 1.0 && options.max_window_s <= 30.0)) {
        throw Error(ErrorCode::invalid_argument, "windows last 1 to 30 s, not {} s", options.max_window_s);
    }
    if (!(options.max_pause_s >= 0.0) || !(options.cut_search_s > 0.0)) {
        throw Error(ErrorCode::invalid_argument, "the longest pause and the part searched for a cut are not negative");
    }
    cut_search_ = std::min(cut_search_, max_window_ / 2);
}

void WindowPacker::push_pcm(std::span<const float> pcm) {
    pcm_.insert(pcm_.end(), pcm.begin(), pcm.end());
}

std::span<const float> WindowPacker::file_pcm(int64_t begin, int64_t end) const {
    return std::span(pcm_).subspan(pcm_head_ + static_cast<size_t>(begin - pcm_begin_),
                                   static_cast<size_t>(end - begin));
}

void WindowPacker::drop_pcm_before(int64_t sample) {
    const int64_t held = static_cast<int64_t>(pcm_.size() - pcm_head_);
    const int64_t drop = std::clamp<int64_t>(sample - pcm_begin_, 0, held);
    pcm_head_ += static_cast<size_t>(drop);
    pcm_begin_ += drop;
    if (pcm_head_ >= pcm_.size() / 2) {  // moving at least as much as stays: each sample is moved once on average
        pcm_.erase(pcm_.begin(), pcm_.begin() + static_cast<ptrdiff_t>(pcm_head_));
        pcm_head_ = 0;
    }
}

void WindowPacker::forget_before(int64_t sample) {
    // A short pause after the last span belongs to the window if a span follows it.
    const bool may_be_kept = !parts_.empty() && sample - last_end_ <= max_pause_;
    drop_pcm_before(may_be_kept ? std::min(sample, last_end_) : sample);
}

void WindowPacker::push_span(const Span& span, std::vector<Window>& windows) {
    const int64_t pushed = pcm_begin_ + static_cast<int64_t>(pcm_.size() - pcm_head_);
    if (span.size() <= 0 || span.begin < last_end_ || span.begin < pcm_begin_ || span.end > pushed) {
        throw Error(ErrorCode::internal, "span {}–{} does not follow {} within the samples {}–{} at hand", span.begin,
                    span.end, last_end_, pcm_begin_, pushed);
    }
    add(span);
    last_end_ = span.end;
    drop_pcm_before(span.end);
    while (static_cast<int64_t>(filled_.size()) > max_window_) close_window(windows);
}

/// Appends the span, with the pause before it if that is short, to the window being filled.
void WindowPacker::add(const Span& span) {
    Part part{span, 0, parts_.empty() ? 0 : span.begin - last_end_};
    const int64_t from = part.gap <= max_pause_ ? span.begin - part.gap : span.begin;
    const std::span<const float> pcm = file_pcm(from, span.end);
    filled_.insert(filled_.end(), pcm.begin(), pcm.end());
    part.at = static_cast<int64_t>(filled_.size()) - span.size();
    if (!parts_.empty() && part.gap == 0 && parts_.back().span.continues) {
        parts_.back().span.end = span.end;
        parts_.back().span.continues = span.continues;
    } else {
        parts_.push_back(part);
    }
}

/// The part after which the window should end, or `none`: the longest pause in the last part of the window.
size_t WindowPacker::best_border() const {
    size_t best = none;
    double best_score = 0.0;
    for (size_t i = 0; i + 1 < parts_.size() && parts_[i].end_at() <= max_window_; ++i) {
        const int64_t empty = max_window_ - parts_[i].end_at();
        // Spans begin less than max_window after the search starts, unless a kept pause is longer than the search.
        const bool next_is_out = parts_[i + 1].at >= max_window_;
        if (empty > cut_search_ && !next_is_out) continue;
        const double pause = static_cast<double>(std::min(parts_[i + 1].gap, max_pause_));
        const double score = pause - 0.1 * static_cast<double>(empty);
        if (best == none || score >= best_score) {
            best = i;
            best_score = score;
        }
    }
    return best;
}

/// The middle of the quietest 50 ms of filled_[from, to); the latest of several.
int64_t WindowPacker::quietest_point(int64_t from, int64_t to) const {
    const std::vector<double> energies =
        block_energies(std::span(filled_).subspan(static_cast<size_t>(from), static_cast<size_t>(to - from)));
    const int64_t count = static_cast<int64_t>(energies.size());
    if (count < smooth_blocks) return to;
    double quietest = -1.0;
    int64_t point = to;
    for (int64_t first = 0; first + smooth_blocks <= count; ++first) {
        double energy = 0.0;  // summed anew each time: a running sum would carry the loud part's rounding errors along
        for (int64_t i = first; i < first + smooth_blocks; ++i) energy += energies[static_cast<size_t>(i)];
        if (quietest >= 0.0 && energy > quietest) continue;
        quietest = energy;
        point = from + first * block + smooth_blocks * block / 2;
    }
    return point;
}

void WindowPacker::close_window(std::vector<Window>& windows) {
    const size_t border = best_border();
    if (border != none) {
        emit(border + 1, windows);
        keep_from(border + 1);
        return;
    }
    // No pause: the part that crosses the limit is cut. It is then the one at hand, as the loop above found no border.
    size_t crossing = 0;
    while (parts_[crossing].end_at() <= max_window_) ++crossing;
    const Part whole = parts_[crossing];
    const int64_t from = std::max(whole.at, max_window_ - cut_search_);
    const int64_t cut = std::max(whole.at + 1, quietest_point(from, max_window_));
    const int64_t cut_in_file = whole.span.begin + cut - whole.at;
    Part rest = whole;
    rest.span.begin = cut_in_file;
    rest.at = cut;
    rest.gap = 0;
    parts_[crossing].span.end = cut_in_file;
    parts_.insert(parts_.begin() + static_cast<ptrdiff_t>(crossing) + 1, rest);
    emit(crossing + 1, windows);
    keep_from(crossing + 1);
}

/// The first `parts` parts become a window.
void WindowPacker::emit(size_t parts, std::vector<Window>& windows) {
    Window window;
    window.index = next_index_++;
    window.pcm.assign(filled_.begin(), filled_.begin() + static_cast<ptrdiff_t>(parts_[parts - 1].end_at()));
    for (size_t i = 0; i < parts; ++i) {
        const Part& part = parts_[i];
        const bool joins = !window.pieces.empty() && part.gap <= max_pause_;
        if (!window.speech.empty() && window.speech.back().end == part.at) {
            window.speech.back().end = part.end_at();
        } else {
            window.speech.push_back({part.at, part.end_at()});
        }
        if (joins) {
            window.pieces.back().size = part.end_at() - window.pieces.back().window_begin;
        } else {
            window.pieces.push_back({part.span.begin, part.at, part.span.size()});
        }
    }
    windows.push_back(std::move(window));
}

/// Parts from here on, without the pause before them, begin the next window.
void WindowPacker::keep_from(size_t part) {
    parts_.erase(parts_.begin(), parts_.begin() + static_cast<ptrdiff_t>(part));
    const int64_t shift = parts_.empty() ? static_cast<int64_t>(filled_.size()) : parts_.front().at;
    filled_.erase(filled_.begin(), filled_.begin() + static_cast<ptrdiff_t>(shift));
    for (Part& left : parts_) left.at -= shift;
    if (!parts_.empty()) parts_.front().gap = 0;
}

void WindowPacker::finish(std::vector<Window>& windows) {
    if (parts_.empty()) return;
    emit(parts_.size(), windows);
    keep_from(parts_.size());
}

}  // namespace ft
