#pragma once
// Where tokens listen → when they are spoken: the path of dynamic time warping (DTW) through the matrix of
// Backend::alignment_matrix, as in openai/whisper, timing.py. Pure functions; any numbers may stand in a matrix.
#include <cstdint>
#include <span>
#include <vector>

namespace ft {

/// When a token is spoken, in encoder frames of 0.02 s from the window's start; 0 ≤ begin ≤ end ≤ frames.
struct TokenFrames {
    int64_t begin = 0, end = 0;
};

/// The cheapest path through matrix [tokens, frames] (higher: the token listens there; what is no number counts as 0)
/// from the first token at the first frame to the last at the last, by steps to the next token, the next frame or both.
/// Token i is spoken from the first frame of its row on the path to the first of the next row. Begins never go back.
/// Empty without tokens or frames.
std::vector<TokenFrames> align_tokens(std::span<const float> matrix, int64_t tokens, int64_t frames);

/// How steadily the tokens listen to later and later frames: the longest chain of rows whose peaks rise, as a share of
/// all rows. 1: every token's peak is later than the one before; near 0: no order at all. 0 without tokens or frames.
float monotonicity(std::span<const float> matrix, int64_t tokens, int64_t frames);

}  // namespace ft
