#include "tensor/tensor.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace ft {
namespace {

TEST(Half, EveryPatternSurvivesTheRoundTrip) {
    for (uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto half = static_cast<uint16_t>(bits);
        const float value = f16_to_f32(half);
        if (std::isnan(value)) {
            EXPECT_TRUE(std::isnan(f16_to_f32(f32_to_f16(value))));
        } else {
            ASSERT_EQ(f32_to_f16(value), half) << bits;
        }
    }
}

TEST(Half, RoundsToNearestEven) {
    EXPECT_EQ(f32_to_f16(1.0F + 0x1p-11F), f32_to_f16(1.0F));
    EXPECT_EQ(f32_to_f16(1.0F + 3 * 0x1p-11F), f32_to_f16(1.0F + 0x1p-9F));
    EXPECT_EQ(f32_to_f16(65520.0F), 0x7C00);
    EXPECT_EQ(f32_to_f16(1e-9F), 0);
}

TEST(HostTensor, ConvertsAndChecksSizes) {
    const uint16_t raw[] = {0x3C00, 0xC000};
    const HostTensor tensor{DType::f16, {2}, std::as_bytes(std::span(raw))};
    EXPECT_EQ(tensor.to_f32(), (std::vector<float>{1.0F, -2.0F}));
    const HostTensor wrong{DType::f16, {3}, std::as_bytes(std::span(raw))};
    EXPECT_THROW(wrong.to_f32(), Error);
}

}  // namespace
}  // namespace ft
