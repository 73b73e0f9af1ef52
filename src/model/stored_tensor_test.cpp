#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"
#include "model/checkpoint.h"

namespace ft {
namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
    std::vector<std::byte> out;
    for (const int value : values) out.push_back(static_cast<std::byte>(value));
    return out;
}

std::vector<float> decode(Encoding encoding, const std::vector<std::byte>& block) {
    return decode_tensor({encoding, {1, 32}, block, {}}).to_f32();
}

/// Blocks by hand, after the formats' definition: f16 2.0 is 0x4000, 1.0 is 0x3C00, little endian.
TEST(StoredTensor, DecodesEveryKindOfBlock) {
    auto q8 = bytes({0x00, 0x40});
    for (int i = 0; i < 32; ++i) q8.push_back(static_cast<std::byte>(i - 16));
    EXPECT_EQ(decode(Encoding::q8_0, q8)[0], -32.0F);
    EXPECT_EQ(decode(Encoding::q8_0, q8)[31], 30.0F);

    // Byte 1 of the nibbles is 0xF3: number 1 is 3, number 17 is 15.
    auto q4 = bytes({0x00, 0x40, 0, 0xF3});
    q4.resize(18);
    EXPECT_EQ(decode(Encoding::q4_0, q4)[1], 2.0F * (3 - 8));
    EXPECT_EQ(decode(Encoding::q4_0, q4)[17], 2.0F * (15 - 8));
    EXPECT_EQ(decode(Encoding::q4_0, q4)[0], 2.0F * -8);

    auto q4_1 = bytes({0x00, 0x40, 0x00, 0x3C, 0, 0xF3});
    q4_1.resize(20);
    EXPECT_EQ(decode(Encoding::q4_1, q4_1)[1], 2.0F * 3 + 1);
    EXPECT_EQ(decode(Encoding::q4_1, q4_1)[17], 2.0F * 15 + 1);

    // Fifth bits: bit 1 and bit 17 set.
    auto q5 = bytes({0x00, 0x40, 0x02, 0x00, 0x02, 0x00, 0, 0xF3});
    q5.resize(22);
    EXPECT_EQ(decode(Encoding::q5_0, q5)[1], 2.0F * (19 - 16));
    EXPECT_EQ(decode(Encoding::q5_0, q5)[17], 2.0F * (31 - 16));
    EXPECT_EQ(decode(Encoding::q5_0, q5)[2], 2.0F * -16);

    auto q5_1 = bytes({0x00, 0x40, 0x00, 0x3C, 0x02, 0x00, 0x02, 0x00, 0, 0xF3});
    q5_1.resize(24);
    EXPECT_EQ(decode(Encoding::q5_1, q5_1)[1], 2.0F * 19 + 1);
    EXPECT_EQ(decode(Encoding::q5_1, q5_1)[17], 2.0F * 31 + 1);
}

TEST(StoredTensor, DividesRowsByTheirScales) {
    const auto data = bytes({10, 246, 20, 30});  // 10, −10 and 20, 30
    const float scales[] = {2.0F, 10.0F};
    const StoredTensor rows{Encoding::i8_rows, {2, 2}, data, std::as_bytes(std::span(scales))};
    EXPECT_EQ(decode_tensor(rows).to_f32(), (std::vector<float>{5.0F, -5.0F, 2.0F, 3.0F}));
    const StoredTensor one{Encoding::i8_rows, {2, 2}, data, std::as_bytes(std::span(scales).first(1))};
    EXPECT_EQ(decode_tensor(one).to_f32(), (std::vector<float>{5.0F, -5.0F, 10.0F, 15.0F}));
}

TEST(StoredTensor, RefusesSizesThatDoNotFit) {
    const std::vector<std::byte> data(64);
    EXPECT_THROW(decode_tensor({Encoding::f32, {5}, data, {}}), Error);
    EXPECT_THROW(decode_tensor({Encoding::q8_0, {2, 16}, data, {}}), Error) << "blocks must not span rows";
    EXPECT_THROW(decode_tensor({Encoding::i8_rows, {4, 16}, data, std::span(data).first(12)}), Error);
}

}  // namespace
}  // namespace ft
