#include "backends/cuda/packing.h"

#include <gtest/gtest.h>

#include <cstring>

#include "base/error.h"

namespace ft::cuda_packing {
namespace {

HostTensor host(const Shape& shape, const std::vector<float>& values) {
    return {DType::f32, shape, std::as_bytes(std::span(values))};
}

template <typename T>
T at(const std::vector<std::byte>& packed, size_t offset) {
    T value;
    std::memcpy(&value, packed.data() + offset, sizeof(value));
    return value;
}

ErrorCode refusal(const WeightPacker& packer, WeightKind kind, const HostTensor& weight, const HostTensor& bias) {
    try {
        packer.pack(kind, weight, bias);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << "it was packed";
    return ErrorCode::internal;
}

TEST(CudaPacking, HalvesAreFractionsOfTheirRowsLargest) {
    const std::vector<float> values{1, -2, 0.5, 4, 0, 0, 0, 0}, biases{7, 8};
    const auto packed = GpuPacker(Precision::float16).pack(WeightKind::linear, host({2, 4}, values), host({2}, biases));
    ASSERT_EQ(packed.size(), 16u + 2 * 4 + 2 * 4);
    EXPECT_EQ(at<uint16_t>(packed, 0), 0x3400);  // 1/4
    EXPECT_EQ(at<uint16_t>(packed, 2), 0xB800);  // −1/2
    EXPECT_EQ(at<uint16_t>(packed, 4), 0x3000);  // 1/8
    EXPECT_EQ(at<uint16_t>(packed, 6), 0x3C00);  // 1
    EXPECT_EQ(at<uint64_t>(packed, 8), 0u) << "a row of zeros";
    EXPECT_EQ(at<float>(packed, 16), 4.0F);
    EXPECT_EQ(at<float>(packed, 20), 0.0F);
    EXPECT_EQ(at<float>(packed, 24), 7.0F);
    EXPECT_EQ(at<float>(packed, 28), 8.0F);
}

TEST(CudaPacking, BytesAreHundredTwentySevenths) {
    std::vector<float> values(16, 0.0F);
    values[0] = -254, values[1] = 2, values[2] = 127;
    const auto packed = GpuPacker(Precision::int8_float16).pack(WeightKind::embedding, host({1, 16}, values), {});
    ASSERT_EQ(packed.size(), 16u + 4);
    EXPECT_EQ(at<uint8_t>(packed, 0), 128 - 127);
    EXPECT_EQ(at<uint8_t>(packed, 1), 128 + 1);
    EXPECT_EQ(at<uint8_t>(packed, 2), 128 + 64) << "63.5 rounds to even";
    EXPECT_EQ(at<uint8_t>(packed, 3), 128);
    EXPECT_EQ(at<float>(packed, 16), 2.0F);
}

TEST(CudaPacking, AConvolutionsFramesLieBesideEachOther) {
    const std::vector<float> values{1, 2, 3, 4, 5, 6}, biases{9};
    const auto packed =
        GpuPacker(Precision::float32).pack(WeightKind::conv1d, host({1, 2, 3}, values), host({1}, biases));
    const float expected[] = {1, 4, 2, 5, 3, 6, 9};
    ASSERT_EQ(packed.size(), sizeof(expected));
    EXPECT_EQ(std::memcmp(packed.data(), expected, sizeof(expected)), 0);
}

TEST(CudaPacking, WhatDoesNotFitIsABadModel) {
    const GpuPacker packer(Precision::float16);
    const std::vector<float> values(12);
    const HostTensor none{}, biases = host({3}, values);
    EXPECT_EQ(refusal(packer, WeightKind::linear, host({12}, values), none), ErrorCode::bad_model);
    EXPECT_EQ(refusal(packer, WeightKind::linear, host({4, 3}, values), biases), ErrorCode::bad_model);
    EXPECT_EQ(refusal(packer, WeightKind::positions, host({3, 4}, values), biases), ErrorCode::bad_model);
    EXPECT_EQ(refusal(packer, WeightKind::conv1d, host({3, 2, 2}, values), none), ErrorCode::bad_model);
}

}  // namespace
}  // namespace ft::cuda_packing
