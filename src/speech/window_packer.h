#pragma once
// Spans of speech → windows of at most 30 s, the encoder's fixed input.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "speech/voice_activity.h"

namespace ft {

/// A piece of the file that lies at a place of a window.
struct WindowPiece {
    int64_t file_begin = 0;    ///< sample in the file
    int64_t window_begin = 0;  ///< sample in the window
    int64_t size = 0;          ///< samples
};

/// What the encoder is given: pieces of the file one after another, with the way back to the file's clock.
struct Window {
    int64_t index = 0;                ///< in the order of the file
    int64_t ordinal = 0;              ///< among those of its packer
    std::vector<float> pcm;           ///< ≤ 480000 samples at 16 kHz
    std::vector<WindowPiece> pieces;  ///< ascending, covering pcm without gaps
    std::vector<Span> speech;         ///< where the detector found speech, in samples of the window, ascending
    int channel = 0;                  ///< of the file, from 1; 0: all of them together
    bool rejected = false;            ///< sound that the detector took for no speech (rejected_sound.h)

    double duration_s() const;
    /// Window clock → file clock, both in seconds. A time on the border of two pieces belongs to the earlier piece when
    /// `is_end`, else to the later one; times before or past the window map to its begin or end.
    double to_file_time(double window_s, bool is_end) const;
    double file_begin_s() const;
    double file_end_s() const;
};

struct PackOptions {
    /// Less than the encoder's 30 s: where speech fills them to the end, the model breaks its last sentence off more
    /// often, and the rest is decoded again without its context (docs/performance.md, "Windows of 27.5 s").
    double max_window_s = 27.5;
    /// Pauses up to this long are kept as they are: the model hears the rhythm, and text keeps its punctuation.
    /// Longer ones are cut out between two spans of the same window (the spans' padding stays).
    double max_pause_s = 2.0;
    /// Windows end in this last part of their length: in its longest pause, where a second of window left empty weighs
    /// as much as a pause shorter by a tenth of a second; without a pause, at the quietest point.
    double cut_search_s = 8.0;
};

/// Fed with PCM and with the spans found in it, both in order; gives windows as they fill. Every sample of every span
/// lies in exactly one window. Windows depend on the spans and the samples only, not on how they were divided into
/// calls, nor on whether a long span came in parts.
/// Holds at most about a window, a span and what was pushed since forget_before(): bounded memory for any length, given
/// spans in parts (VadOptions::max_part_ms).
class WindowPacker {
  public:
    /// Throws Error{invalid_argument} unless 1 ≤ max_window_s ≤ 30, max_pause_s ≥ 0 and cut_search_s > 0.
    explicit WindowPacker(const PackOptions& options = {});

    /// Next samples of the file.
    void push_pcm(std::span<const float> pcm);
    /// A finished span; its samples must have been pushed and not forgotten, and it must not begin before the last
    /// one's end (else Error{internal}). Complete windows are appended to `windows`.
    void push_span(const Span& span, std::vector<Window>& windows);
    /// Tells that no span will begin before this sample, so that older PCM can be forgotten
    /// (SpanBuilder::earliest_begin).
    void forget_before(int64_t sample);
    /// No more spans: the last window, if there is one.
    void finish(std::vector<Window>& windows);

    /// Samples in memory, for tests and the memory figures.
    size_t held_samples() const { return pcm_.size() + filled_.size(); }

  private:
    /// A span, or the rest of one, inside the window being filled.
    struct Part {
        Span span;        // in the file
        int64_t at = 0;   // in filled_; the kept pause lies before it
        int64_t gap = 0;  // between it and the previous part in the file, kept or not; 0 for the first
        int64_t end_at() const { return at + span.size(); }
    };

    std::span<const float> file_pcm(int64_t begin, int64_t end) const;
    void drop_pcm_before(int64_t sample);
    void add(const Span& span);
    void close_window(std::vector<Window>& windows);
    size_t best_border() const;
    int64_t quietest_point(int64_t from, int64_t to) const;
    void emit(size_t parts, std::vector<Window>& windows);
    void keep_from(size_t part);

    int64_t max_window_, max_pause_, cut_search_;  // samples
    std::vector<float> pcm_;                       // of the file, not yet known to be speech or not
    size_t pcm_head_ = 0;                          // index of the first sample still wanted
    int64_t pcm_begin_ = 0;                        // file sample of pcm_[pcm_head_]
    int64_t last_end_ = 0;                         // of the last span
    std::vector<float> filled_;                    // the window being filled
    std::vector<Part> parts_;                      // its spans
    int64_t next_index_ = 0;
};

}  // namespace ft
