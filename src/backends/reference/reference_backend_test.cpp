// Numbers worked out by hand or from the definition: the reference must be right by itself, not only agree with others.
#include "backends/reference/reference_backend.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>

#include "base/error.h"

namespace ft {
namespace {

const std::vector<float> none;

std::unique_ptr<Backend> make() {
    return make_reference_backend({"reference", Precision::float32, 1, ""});
}

HostTensor host(const Shape& shape, const std::vector<float>& values) {
    return {DType::f32, shape, std::as_bytes(std::span(values))};
}

WeightPtr weight(Backend& backend, WeightKind kind, const Shape& shape, const std::vector<float>& values,
                 const std::vector<float>& bias = none) {
    return backend.bind(
        kind, shape, backend.packer().pack(kind, host(shape, values), host({static_cast<int64_t>(bias.size())}, bias)));
}

void expect_near(const std::vector<float>& got, const std::vector<double>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-6) << "value " << i;
}

TEST(Reference, LayerNorm) {
    const auto backend = make();
    const auto norm = weight(*backend, WeightKind::norm, {4}, {1, 2, 0.5F, 1}, {0, 1, 0, -1});
    const Tensor x = backend->upload({2, 4}, std::vector<float>{1, 2, 3, 6, 5, 5, 5, 5});
    Tensor out = backend->empty({2, 4});
    backend->layer_norm(x, *norm, out);
    // Mean 3, variance 3.5: (−2, −1, 0, 3)/√3.50001; a constant row gives the bias.
    expect_near(backend->read(out), {-1.06904344, -0.06904344, 0, 0.60356516, 0, 1, 0, -1});
}

TEST(Reference, LinearWithEverything) {
    const auto backend = make();
    const auto w = weight(*backend, WeightKind::linear, {3, 2}, {1, 0, 2, -1, 0, -1.5F}, {0, 1, 0});
    const Tensor x = backend->upload({1, 2}, std::vector<float>{1, 2});
    Tensor out = backend->upload({1, 3}, std::vector<float>{10, 20, 30});
    backend->linear(x, nullptr, *w, Activation::gelu, &out, out);
    // Products 1, 1, −3; GELU(1) = 0.8413447, GELU(−3) = −0.0040497.
    expect_near(backend->read(out), {10.8413447, 20.8413447, 29.9959503});
    const auto norm = weight(*backend, WeightKind::norm, {2}, {2, 2}, {0, 1});
    backend->linear(x, norm.get(), *w, Activation::none, nullptr, out);
    const double one = 0.5 / std::sqrt(0.25 + 1e-5);  // the row 1, 2 normalized is −one, one
    expect_near(backend->read(out), {-2 * one, -4 * one - (2 * one + 1) + 1, -1.5 * (2 * one + 1)});
}

TEST(Reference, ConvStemPadsAndStrides) {
    const auto backend = make();
    // One mel band, one channel. conv1 passes x[t−1] + 2·x[t] + 3·x[t+1] + 10, so large that GELU is the identity;
    // conv2 looks at 2t−1, 2t, 2t+1 with weights 1, 10, 100.
    const auto conv1 = weight(*backend, WeightKind::conv1d, {1, 1, 3}, {1, 2, 3}, {10});
    const auto conv2 = weight(*backend, WeightKind::conv1d, {1, 1, 3}, {1, 10, 100}, {0});
    const auto positions = weight(*backend, WeightKind::positions, {3, 1}, {0.25F, 0.5F, 7});
    const Tensor mel = backend->upload({1, 4}, std::vector<float>{1, 2, 3, 4});
    Tensor out = backend->empty({2, 1});
    backend->conv_stem(mel, *conv1, *conv2, *positions, out);
    // Middle: 0+2+6+10, 1+4+9+10, 2+6+12+10, 3+8+0+10 = 18, 24, 30, 21.
    expect_near(backend->read(out), {0 + 180 + 2400 + 0.25, 24 + 300 + 2100 + 0.5});
}

TEST(Reference, EncoderAttention) {
    const auto backend = make();
    // Two positions, two heads of one dimension. Head 0: q = (ln 3, 0), k = (1, 0), v = (4, 8); head 1: q = 0, v = (1,
    // 3).
    const auto ln3 = static_cast<float>(std::log(3.0));
    const Tensor qkv = backend->upload({2, 6}, std::vector<float>{ln3, 0, 1, 5, 4, 1, 0, 0, 0, 6, 8, 3});
    Tensor out = backend->empty({2, 2});
    backend->encoder_attention(qkv, 2, out);
    expect_near(backend->read(out), {0.75 * 4 + 0.25 * 8, 2, 6, 2});
}

TEST(Reference, AttentionIsScaledByTheHeadSize) {
    const auto backend = make();
    // One head of 4: q·k = 2·ln 3, divided by √4.
    const auto ln3 = static_cast<float>(std::log(3.0));
    const Tensor qkv = backend->upload({2, 12}, std::vector<float>{ln3, ln3, 0, 0, 1, 1, 0, 0, 4, 0, 0, 1,  //
                                                                   0,   0,   0, 0, 0, 0, 1, 1, 8, 0, 2, 1});
    Tensor out = backend->empty({2, 4});
    backend->encoder_attention(qkv, 1, out);
    expect_near(backend->read(out), {5, 0, 0.5, 1, 6, 0, 1, 1});
}

TEST(Reference, SelfAttentionSeesItsSlotUpToItself) {
    const auto backend = make();
    const auto cache = backend->make_self_cache(1, 2, 3, 1);
    const Tensor qkv = backend->upload({3, 3}, std::vector<float>{0, 0, 2, 0, 0, 6, 0, 0, 100});
    Tensor out = backend->empty({3, 1});
    backend->self_attention_step(qkv, 1, 0, *cache, std::vector<int32_t>{1, 1, 0}, std::vector<int32_t>{0, 1, 0}, out);
    expect_near(backend->read(out), {2, 4, 100});
    backend->copy_slot(*cache, 1, 0, 2);
    const Tensor next = backend->upload({1, 3}, std::vector<float>{0, 0, 10});
    Tensor seen = backend->empty({1, 1});
    backend->self_attention_step(next, 1, 0, *cache, std::vector<int32_t>{0}, std::vector<int32_t>{2}, seen);
    expect_near(backend->read(seen), {6});
}

TEST(Reference, CrossAttention) {
    const auto backend = make();
    // Keys are the input, values 10 times the input + 1.
    const auto kv = weight(*backend, WeightKind::cross_kv, {2, 1}, {1, 10}, {0, 1});
    const auto ln3 = static_cast<float>(std::log(3.0));
    const auto cache = backend->make_cross_cache(backend->upload({2, 1}, std::vector<float>{1, 0}),
                                                 std::vector<const Weight*>{kv.get()}, 1, 1);
    const Tensor q = backend->upload({1, 1}, std::vector<float>{ln3});
    Tensor out = backend->empty({1, 1});
    std::vector<float> weights{9};
    backend->cross_attention_step(q, 1, 0, std::vector<const CrossCache*>{cache.get()}, out, std::vector<int32_t>{0},
                                  &weights);
    expect_near(backend->read(out), {0.75 * 11 + 0.25 * 1});
    expect_near(weights, {9, 0.75, 0.25});
}

TEST(Reference, EmbedAndLogits) {
    const auto backend = make();
    const auto table = weight(*backend, WeightKind::embedding, {3, 2}, {1, 2, 3, 4, 5, 7});
    const auto positions = weight(*backend, WeightKind::positions, {2, 2}, {10, 20, 30, 40});
    Tensor out = backend->empty({2, 2});
    backend->embed(*table, *positions, std::vector<int32_t>{2, 0}, std::vector<int32_t>{0, 1}, out);
    expect_near(backend->read(out), {15, 27, 31, 42});
    const auto norm = weight(*backend, WeightKind::norm, {2}, {1, 1}, {1, 0});
    const double one = 5.5 / std::sqrt(5.5 * 5.5 + 1e-5);  // row 1: 31, 42 → −one + 1, one
    expect_near(backend->logits(out, *norm, *table, std::vector<int32_t>{1}),
                {(1 - one) + 2 * one, 3 * (1 - one) + 4 * one, 5 * (1 - one) + 7 * one});
}

TEST(Reference, PacksRowMajorFloatsThenBiases) {
    const auto backend = make();
    const auto packed = backend->packer().pack(WeightKind::linear, host({2, 2}, {1, 2, 3, 4}), host({0}, none));
    const float expected[] = {1, 2, 3, 4, 0, 0};
    ASSERT_EQ(packed.size(), sizeof(expected));
    EXPECT_EQ(std::memcmp(packed.data(), expected, sizeof(expected)), 0);
    EXPECT_THROW(backend->packer().pack(WeightKind::linear, host({2, 2}, {1, 2, 3, 4}), host({3}, {1, 2, 3})), Error);
    EXPECT_THROW(backend->bind(WeightKind::linear, {int64_t{1} << 40, int64_t{1} << 40}, packed), Error);
}

TEST(Reference, RefusesWhatDoesNotBelongTogether) {
    const auto backend = make();
    const auto w = weight(*backend, WeightKind::linear, {1, 2}, {1, 0});
    Tensor out = backend->empty({1, 1});
    EXPECT_THROW(backend->linear(backend->empty({1, 3}), nullptr, *w, Activation::none, nullptr, out), Error);
    EXPECT_THROW(backend->linear(backend->empty({2, 2}), nullptr, *w, Activation::none, nullptr, out), Error);
    EXPECT_THROW(backend->layer_norm(backend->empty({1, 2}), *w, out), Error) << "a linear is no norm";
    EXPECT_THROW(backend->read(Tensor{{1}, nullptr}), Error);
    const auto cache = backend->make_self_cache(1, 1, 2, 1);
    const std::vector<int32_t> zero{0}, two{2};
    EXPECT_THROW(backend->self_attention_step(backend->empty({1, 3}), 1, 0, *cache, zero, two, out), Error);
    EXPECT_THROW(backend->self_attention_step(backend->empty({1, 3}), 1, 1, *cache, zero, zero, out), Error);
    EXPECT_THROW(backend->self_attention_step(backend->empty({1, 3}), 1, 0, *cache, two, zero, out), Error);
}

}  // namespace
}  // namespace ft
