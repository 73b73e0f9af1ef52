#include "decoding/token_alignment.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <random>

namespace ft {
namespace {

/// Rows whose peaks are at these frames.
std::vector<float> ridge(const std::vector<int64_t>& peaks, int64_t frames) {
    std::vector<float> matrix(peaks.size() * static_cast<size_t>(frames), -0.5F);
    for (size_t i = 0; i < peaks.size(); ++i) {
        for (int64_t j = 0; j < frames; ++j) {
            if (std::abs(j - peaks[i]) <= 2) matrix[i * static_cast<size_t>(frames) + static_cast<size_t>(j)] = 3.0F;
        }
    }
    return matrix;
}

TEST(AlignTokens, FollowsARidge) {
    const std::vector<int64_t> peaks{5, 20, 40, 48, 80};
    const auto times = align_tokens(ridge(peaks, 100), 5, 100);
    ASSERT_EQ(times.size(), 5U);
    EXPECT_EQ(times[0].begin, 0);
    for (size_t i = 0; i < 5; ++i) {
        EXPECT_LE(times[i].begin, peaks[i] + 1) << i;
        EXPECT_GE(times[i].end, peaks[i]) << i;
        if (i > 0) {
            EXPECT_EQ(times[i - 1].end, times[i].begin);
        }
    }
    EXPECT_EQ(times.back().end, 100);
}

/// The cost of the path that the result stands for: each row from its begin to the next one's, whatever the corners.
double best_cost(const std::vector<float>& matrix, int64_t tokens, int64_t frames) {
    const std::function<double(int64_t, int64_t)> least = [&](int64_t i, int64_t j) -> double {
        if (i < 0 || j < 0) return std::numeric_limits<double>::infinity();
        const double here = -matrix[static_cast<size_t>(i * frames + j)];
        if (i == 0 && j == 0) return here;
        return here + std::min({least(i - 1, j - 1), least(i - 1, j), least(i, j - 1)});
    };
    return least(tokens - 1, frames - 1);
}

/// Of all paths with these begins, the cheapest: from a row's begin on along it, then down or diagonally.
double cost_of(const std::vector<float>& matrix, const std::vector<TokenFrames>& times, int64_t frames) {
    double cost = 0;
    for (size_t i = 0; i < times.size(); ++i) {
        const int64_t next = i + 1 < times.size() ? times[i + 1].begin : frames;
        // Up to the frame before the next row begins, or into the same one when that is cheaper or there is no other.
        double row = 0;
        int64_t j = times[i].begin;
        row -= matrix[i * static_cast<size_t>(frames) + static_cast<size_t>(j)];
        for (++j; j < next; ++j) row -= matrix[i * static_cast<size_t>(frames) + static_cast<size_t>(j)];
        if (i + 1 < times.size() && next > times[i].begin) {
            row += std::min(0.0,
                            -static_cast<double>(matrix[i * static_cast<size_t>(frames) + static_cast<size_t>(next)]));
        }
        cost += row;
    }
    return cost;
}

TEST(AlignTokens, IsTheCheapestPathOfAll) {
    std::mt19937 random(5);
    std::normal_distribution<float> value(0.0F, 1.0F);
    for (int round = 0; round < 300; ++round) {
        const int64_t tokens = 1 + static_cast<int64_t>(random() % 5), frames = 1 + static_cast<int64_t>(random() % 7);
        std::vector<float> matrix(static_cast<size_t>(tokens * frames));
        for (float& v : matrix) v = value(random);
        const auto times = align_tokens(matrix, tokens, frames);
        ASSERT_EQ(times.size(), static_cast<size_t>(tokens));
        EXPECT_NEAR(cost_of(matrix, times, frames), best_cost(matrix, tokens, frames), 1e-4)
            << tokens << " tokens, " << frames << " frames";
    }
}

TEST(AlignTokens, AnyNumbersGiveTimesInOrder) {
    std::mt19937 random(6);
    const float odd[] = {std::numeric_limits<float>::quiet_NaN(),
                         std::numeric_limits<float>::infinity(),
                         -std::numeric_limits<float>::infinity(),
                         std::numeric_limits<float>::max(),
                         std::numeric_limits<float>::lowest(),
                         std::numeric_limits<float>::denorm_min(),
                         0.0F,
                         1.0F};
    for (int round = 0; round < 500; ++round) {
        const int64_t tokens = 1 + static_cast<int64_t>(random() % 30),
                      frames = 1 + static_cast<int64_t>(random() % 40);
        std::vector<float> matrix(static_cast<size_t>(tokens * frames));
        for (float& v : matrix) v = random() % 3 == 0 ? odd[random() % 8] : static_cast<float>(random() % 100);
        const auto times = align_tokens(matrix, tokens, frames);
        ASSERT_EQ(times.size(), static_cast<size_t>(tokens));
        int64_t latest = 0;
        for (const TokenFrames& time : times) {
            EXPECT_GE(time.begin, latest);
            EXPECT_GE(time.end, time.begin);
            EXPECT_LE(time.end, frames);
            latest = time.begin;
        }
        EXPECT_EQ(times.front().begin, 0);
        EXPECT_EQ(times.back().end, frames);
        const float order = monotonicity(matrix, tokens, frames);
        EXPECT_GT(order, 0.0F);
        EXPECT_LE(order, 1.0F);
    }
}

TEST(AlignTokens, NothingGivesNothing) {
    EXPECT_TRUE(align_tokens({}, 0, 0).empty());
    EXPECT_TRUE(align_tokens({}, 0, 10).empty());
    EXPECT_TRUE(align_tokens({}, 3, 0).empty());
    EXPECT_TRUE(align_tokens(std::vector<float>(5), 2, 3).empty()) << "a matrix that is too small";
    EXPECT_EQ(monotonicity({}, 0, 10), 0.0F);
    EXPECT_EQ(monotonicity(std::vector<float>(5), 2, 3), 0.0F);
}

TEST(Monotonicity, TellsOrderFromNone) {
    std::vector<int64_t> rising, constant(50, 70), falling;
    for (int64_t i = 0; i < 50; ++i) {
        rising.push_back(10 + 3 * i);
        falling.push_back(190 - 3 * i);
    }
    EXPECT_EQ(monotonicity(ridge(rising, 200), 50, 200), 1.0F);
    EXPECT_LT(monotonicity(ridge(constant, 200), 50, 200), 0.1F) << "a head that always listens to one place";
    EXPECT_LT(monotonicity(ridge(falling, 200), 50, 200), 0.1F);
    std::mt19937 random(7);
    std::vector<float> noise(50 * 200);
    for (float& v : noise) v = static_cast<float>(random() % 1000);
    EXPECT_LT(monotonicity(noise, 50, 200), 0.45F);
}

}  // namespace
}  // namespace ft
