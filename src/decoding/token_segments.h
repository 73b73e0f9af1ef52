#pragma once
// A window's tokens → timed pieces of text on the window's clock.
#include <cstdint>
#include <span>
#include <vector>

namespace ft {

struct TokenSegment {
    double start_s = 0.0, end_s = 0.0;  ///< window clock; 0 ≤ start ≤ end ≤ window duration
    std::vector<int32_t> tokens;        ///< text tokens, with the timestamps around them
};

struct SegmentedTokens {
    std::vector<TokenSegment> segments;
    /// Up to where the tokens account for the window: its duration, or the last timestamp when the text breaks off
    /// there (two timestamps at the end open a segment that the decoder did not write).
    double covered_s = 0.0;
};

/// `timestamp_begin`: id of <|0.00|>; later ids are steps of 0.02 s. Without timestamps the whole window is one
/// segment.
SegmentedTokens split_segments(std::span<const int32_t> tokens, int32_t timestamp_begin, double duration_s);

}  // namespace ft
