#include "decoding/token_alignment.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ft {

namespace {

enum Step : uint8_t { diagonal, token, frame };

float cost(float value) {
    constexpr float largest = 1e6F;
    return std::isnan(value) ? 0.0F : -std::clamp(value, -largest, largest);
}

/// The step by which the cheapest path reaches each cell, [tokens, frames].
std::vector<Step> cheapest_steps(std::span<const float> matrix, int64_t tokens, int64_t frames) {
    constexpr double infinite = std::numeric_limits<double>::infinity();
    std::vector<Step> steps(static_cast<size_t>(tokens * frames));
    // Cells of the row before and of this one, each with a border before its first frame.
    std::vector<double> above(static_cast<size_t>(frames) + 1, infinite), row = above;
    above[0] = 0;
    for (int64_t i = 0; i < tokens; ++i) {
        const float* values = matrix.data() + i * frames;
        Step* taken = steps.data() + i * frames;
        double left = row[0] = infinite;
        for (int64_t j = 0; j < frames; ++j) {
            const double from_diagonal = above[static_cast<size_t>(j)], from_above = above[static_cast<size_t>(j) + 1];
            double least = left;
            taken[j] = frame;
            if (from_diagonal < from_above && from_diagonal < left) {
                least = from_diagonal;
                taken[j] = diagonal;
            } else if (from_above < from_diagonal && from_above < left) {
                least = from_above;
                taken[j] = token;
            }
            left = row[static_cast<size_t>(j) + 1] = least + cost(values[j]);
        }
        above.swap(row);
    }
    return steps;
}

}  // namespace

std::vector<TokenFrames> align_tokens(std::span<const float> matrix, int64_t tokens, int64_t frames) {
    if (tokens <= 0 || frames <= 0 || matrix.size() < static_cast<size_t>(tokens * frames)) return {};
    const std::vector<Step> steps = cheapest_steps(matrix, tokens, frames);
    std::vector<TokenFrames> result(static_cast<size_t>(tokens));
    int64_t i = tokens - 1, j = frames - 1;
    result[static_cast<size_t>(i)].end = frames;
    while (i >= 0) {
        result[static_cast<size_t>(i)].begin = j;
        // On the borders there is one way only.
        const Step step = i == 0 ? frame : j == 0 ? token : steps[static_cast<size_t>(i * frames + j)];
        if (step != token) --j;
        if (step != frame) --i;
        if (j < 0) break;
    }
    for (size_t k = 0; k + 1 < result.size(); ++k) result[k].end = result[k + 1].begin;
    return result;
}

float monotonicity(std::span<const float> matrix, int64_t tokens, int64_t frames) {
    if (tokens <= 0 || frames <= 0 || matrix.size() < static_cast<size_t>(tokens * frames)) return 0.0F;
    // Longest rising chain: tails[n] is the earliest peak in which a chain of n + 1 rows can end.
    std::vector<int64_t> tails;
    for (int64_t i = 0; i < tokens; ++i) {
        const float* row = matrix.data() + i * frames;
        int64_t peak = 0;
        for (int64_t j = 1; j < frames; ++j) {
            if (cost(row[j]) < cost(row[peak])) peak = j;
        }
        const auto place = std::lower_bound(tails.begin(), tails.end(), peak);
        if (place == tails.end()) {
            tails.push_back(peak);
        } else {
            *place = peak;
        }
    }
    return static_cast<float>(tails.size()) / static_cast<float>(tokens);
}

}  // namespace ft
