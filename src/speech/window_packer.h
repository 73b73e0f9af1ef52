#pragma once
// Spans of speech → windows of at most 30 s, the encoder's fixed input.
#include <cstdint>
#include <deque>
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
    std::vector<float> pcm;           ///< ≤ 480000 samples at 16 kHz
    std::vector<WindowPiece> pieces;  ///< ascending, covering pcm without gaps

    double duration_s() const;
    /// Window clock → file clock, both in seconds. A time on the border of two pieces belongs to the earlier piece when
    /// `is_end`, else to the later one; times past the end map to the last piece's end.
    double to_file_time(double window_s, bool is_end) const;
    double file_begin_s() const;
    double file_end_s() const;
};

struct PackOptions {
    double max_window_s = 30.0;
    /// Pauses up to this long are kept as they are: the model hears the rhythm, and text keeps its punctuation.
    /// Longer ones are cut out between two spans of the same window.
    double max_pause_s = 2.0;
    /// A span that is too long for a window is cut at the quietest point in the last part of the window.
    double cut_search_s = 8.0;
};

/// Fed with PCM and with the spans found in it, both in order; gives windows as they fill.
/// Holds at most about a window and the open span's PCM: bounded memory for any length.
class WindowPacker {
  public:
    explicit WindowPacker(const PackOptions& options = {});

    /// Next samples of the file.
    void push_pcm(std::span<const float> pcm);
    /// A finished span; its samples must have been pushed. Complete windows are appended to `windows`.
    void push_span(const Span& span, std::vector<Window>& windows);
    /// Tells that no span will begin before this sample, so that older PCM can be forgotten.
    void forget_before(int64_t sample);
    void finish(std::vector<Window>& windows);

  private:
    void append(const Span& span, std::vector<Window>& windows);
    void emit(std::vector<Window>& windows);

    PackOptions options_;
    std::deque<float> pcm_;
    int64_t pcm_begin_ = 0;  // file sample of pcm_.front()
    std::vector<Span> open_; // spans of the window being filled
    int64_t next_index_ = 0;
};

}  // namespace ft
