#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "base/error.h"
#include "tensor/backend.h"
#ifdef FT_CUDA_STANDIN_TESTS
#include "backends/cuda/cuda_backend.h"
#endif

namespace ft {
namespace {

template <typename Make>
ErrorCode refusal_of(const Make& make, const BackendOptions& options) {
    try {
        make(options);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << options.name << " " << to_string(options.precision) << " was accepted";
    return ErrorCode::internal;
}

ErrorCode code_of(const BackendOptions& options) {
    return refusal_of(make_backend, options);
}

void expect_alike(const WeightPacker& packer, const WeightPacker& of_backend) {
    EXPECT_EQ(packer.packing(), of_backend.packing());
    const std::tuple<WeightKind, Shape, bool> weights[] = {
        {WeightKind::linear, {32, 64}, true},     {WeightKind::linear, {7, 20}, true},
        {WeightKind::conv1d, {8, 16, 3}, true},   {WeightKind::norm, {24}, true},
        {WeightKind::embedding, {50, 64}, false}, {WeightKind::positions, {9, 16}, false},
        {WeightKind::cross_kv, {64, 32}, true}};
    for (const auto& [kind, shape, has_bias] : weights) {
        std::vector<float> values(static_cast<size_t>(element_count(shape))), biases(static_cast<size_t>(shape[0]));
        for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i % 37) - 17.5F;
        for (size_t i = 0; i < biases.size(); ++i) biases[i] = static_cast<float>(i);
        const HostTensor weight{DType::f32, shape, std::as_bytes(std::span(values))};
        const HostTensor bias{DType::f32, {shape[0]}, std::as_bytes(std::span(biases))};
        EXPECT_EQ(packer.pack(kind, weight, has_bias ? bias : HostTensor{}),
                  of_backend.pack(kind, weight, has_bias ? bias : HostTensor{}))
            << to_string(kind) << " for " << packer.packing();
    }
}

TEST(Registry, MakesTheReference) {
    const auto backend = make_backend({"reference", Precision::float32, 1, ""});
    EXPECT_EQ(backend->info().name, "reference");
    EXPECT_EQ(backend->info().precision, Precision::float32);
    EXPECT_EQ(backend->packer().packing(), "reference-f32-v1");
}

TEST(Registry, RefusesWhatItCannotDo) {
    EXPECT_EQ(code_of({"tpu", Precision::float32, 1, ""}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of({"reference", Precision::float32, -1, ""}), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of({"reference", Precision::int8, 1, ""}), ErrorCode::unsupported);
    EXPECT_EQ(code_of({"reference", Precision::float32, 1, "avx2"}), ErrorCode::unsupported);
    EXPECT_EQ(code_of({"cuda", Precision::int8, 0, ""}), ErrorCode::unsupported);
}

TEST(Registry, PacksWithoutTheDevice) {
    std::set<std::string> packings;
    for (BackendOptions form : packed_forms()) {
        const auto packer = make_packer(form);
        EXPECT_TRUE(packings.insert(packer->packing()).second) << packer->packing() << " twice";
        if (form.name == "cpu") expect_alike(*packer, make_backend(form)->packer());
#ifdef FT_CUDA_STANDIN_TESTS
        if (form.name == "cuda") expect_alike(*packer, cuda_standin::make_backend(form)->packer());
#endif
    }
    EXPECT_EQ(packings,
              (std::set<std::string>{"cpu-f32-v1", "cpu-int8-v3", "cuda-f16-v1", "cuda-f32-v1", "cuda-i8-v1"}));
}

TEST(Registry, PacksForNoDeviceWhatItCannotCompute) {
    EXPECT_EQ(refusal_of(make_packer, {"tpu", Precision::float32, 0, ""}), ErrorCode::invalid_argument);
    EXPECT_EQ(refusal_of(make_packer, {"reference", Precision::int8, 0, ""}), ErrorCode::unsupported);
    EXPECT_EQ(refusal_of(make_packer, {"cpu", Precision::float16, 0, ""}), ErrorCode::unsupported);
    EXPECT_EQ(refusal_of(make_packer, {"cuda", Precision::int8, 0, ""}), ErrorCode::unsupported);
}

TEST(Registry, SaysWhatToDoWhereNoGpuCanBeUsed) {
    try {
        EXPECT_EQ(make_backend({"cuda", Precision::float16, 0, ""})->info().name, "cuda");
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::unsupported);
        EXPECT_NE(std::string(error.what()).find("--device cpu"), std::string::npos) << error.what();
    }
}

}  // namespace
}  // namespace ft
