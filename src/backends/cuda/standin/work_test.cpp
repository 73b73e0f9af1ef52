// What every kernel says it has to do, beside figures worked out by hand; and that counting computes nothing.
#include "backends/cuda/work.h"

#include <gtest/gtest.h>

#include "backends/cuda/cuda_backend.h"

namespace ft {
namespace {

/// A backend that counts, and weights without values.
struct Counted {
    explicit Counted(Precision precision)
        : backend(cuda_standin::make_counting_backend({"cuda_standin", precision, 1, ""}, log)) {}

    WeightPtr weight(WeightKind kind, const Shape& shape, bool bias) {
        const std::vector<float> values(static_cast<size_t>(element_count(shape))), none(static_cast<size_t>(shape[0]));
        const HostTensor host{DType::f32, shape, std::as_bytes(std::span(values))};
        const HostTensor added{DType::f32, {shape[0]}, std::as_bytes(std::span(none))};
        return backend->bind(kind, shape, backend->packer().pack(kind, host, bias ? added : HostTensor{}));
    }
    /// And forgets it.
    void expect(const char* kernel, int64_t launches, double flops, double bytes) {
        const WorkLog::Kernel& kernel_log = log.kernels[kernel];
        EXPECT_EQ(kernel_log.launches, launches) << kernel;
        EXPECT_EQ(kernel_log.work.flops, flops) << kernel;
        EXPECT_EQ(kernel_log.work.bytes, bytes) << kernel;
        log.kernels.erase(kernel);
    }
    void expect_nothing_else() const {
        for (const auto& [kernel, work] : log.kernels) ADD_FAILURE() << kernel << " ran, too";
    }

    WorkLog log;
    std::unique_ptr<Backend> backend;
};

TEST(KernelWork, EncoderInFloat16) {
    Counted c(Precision::float16);
    const auto conv1 = c.weight(WeightKind::conv1d, {128, 80, 3}, true);
    const auto conv2 = c.weight(WeightKind::conv1d, {128, 128, 3}, true);
    const auto positions = c.weight(WeightKind::positions, {1500, 128}, false);
    const Tensor mel = c.backend->empty({80, 3000});
    Tensor x = c.backend->empty({1500, 128}), qkv = c.backend->empty({1500, 384}), out = c.backend->empty({1500, 128});
    c.backend->conv_stem(mel, *conv1, *conv2, *positions, x);
    c.expect("mel_rows", 1, 0, 4 * 80 * 3000 + 2 * 80 * 3002);
    // Three neighbouring frames of 80 → 128, 3,000 times; then every second three of 128 → 128 with the positions
    // added.
    c.expect("linear_many_rows", 2, 2.0 * 3000 * 240 * 128 + 2.0 * 1500 * 384 * 128,
             2 * 3002 * 80 + 2 * 240 * 128 + 8 * 128 + 2 * 3000 * 128 +  //
                 2 * 3001 * 128 + 2 * 384 * 128 + 8 * 128 + 4 * 1500 * 128 + 4 * 1500 * 128);

    const auto norm = c.weight(WeightKind::norm, {128}, true);
    const auto wide = c.weight(WeightKind::linear, {384, 128}, false);
    c.backend->linear(x, norm.get(), *wide, Activation::none, nullptr, qkv);
    c.expect("prepare_rows", 1, 8 * 1500 * 128, (4 + 2) * 1500 * 128 + 8 * 128);
    // Halves in, scales and biases (zeros where the model has none) beside the weights, float32 out.
    c.expect("linear_many_rows", 1, 2.0 * 1500 * 128 * 384, 2 * 1500 * 128 + 2 * 128 * 384 + 8 * 384 + 4 * 1500 * 384);
    c.backend->encoder_attention(qkv, 2, out);
    c.expect("encoder_attention_mma", 1, 4.0 * 1500 * 1500 * 128, 4 * 1500 * (384 + 128));
    c.backend->layer_norm(x, *norm, out);
    c.expect("prepare_rows", 1, 8 * 1500 * 128, (4 + 4) * 1500 * 128 + 8 * 128);
    c.expect_nothing_else();
    EXPECT_EQ(c.backend->read(out), std::vector<float>(1500 * 128));
}

TEST(KernelWork, ProductsOfFewRowsAndInFloat32) {
    Counted half(Precision::float16), single(Precision::float32);
    for (Counted* c : {&half, &single}) {
        const auto square = c->weight(WeightKind::linear, {128, 128}, true);
        const Tensor x = c->backend->empty({3, 128});
        Tensor out = c->backend->empty({3, 128});
        c->backend->linear(x, nullptr, *square, Activation::none, &out, out);
    }
    half.expect("prepare_rows", 1, 0, (4 + 2) * 3 * 128);
    half.expect("linear_few_rows", 1, 2 * 3 * 128 * 128, 2 * 3 * 128 + 2 * 128 * 128 + 8 * 128 + (4 + 4) * 3 * 128);
    half.expect_nothing_else();
    single.expect("linear_plain", 1, 2 * 3 * 128 * 128, 4 * 3 * 128 + 4 * 128 * 128 + 4 * 128 + (4 + 4) * 3 * 128);
    single.expect_nothing_else();
    EXPECT_EQ(single.backend->info().precision, Precision::float32);
}

TEST(KernelWork, EncoderAttentionInFloat32) {
    Counted c(Precision::float32);
    const Tensor qkv = c.backend->empty({100, 384});
    Tensor out = c.backend->empty({100, 128});
    c.backend->encoder_attention(qkv, 2, out);
    c.expect("encoder_attention_plain", 1, 4 * 100 * 100 * 128, 4 * 100 * (384 + 128));
    c.expect_nothing_else();
}

TEST(KernelWork, SelfAttentionSharesWhatASlotHolds) {
    Counted c(Precision::float16);
    const auto cache = c.backend->make_self_cache(2, 4, 20, 128);
    const Tensor qkv = c.backend->empty({3, 384});
    Tensor out = c.backend->empty({3, 128});
    // Two items of a prompt in slot 1, at its positions 6 and 7; one in slot 3 at position 9.
    c.backend->self_attention_step(qkv, 2, 0, *cache, std::vector<int32_t>{1, 1, 3}, std::vector<int32_t>{6, 7, 9},
                                   out);
    c.expect("store_keys_values", 1, 0, 3 * (2 * (4 + 2) * 128 + 8));
    c.expect("self_attention", 1, 4 * (7 + 8 + 10) * 128, 3 * (2 * 4 * 128 + 8) + 2 * 2 * (8 + 10) * 128);
    c.backend->copy_slot(*cache, 1, 2, 8);
    c.expect("copy_slot", 2, 0, 2 * (2 * 2 * 8 * 128 * 2));  // keys, then values; read and written; of two layers
    c.expect_nothing_else();
}

TEST(KernelWork, CrossAttentionSharesAWindow) {
    Counted c(Precision::float16);
    const auto kv = c.weight(WeightKind::cross_kv, {256, 128}, true);
    const std::vector<const Weight*> layers{kv.get(), kv.get()};
    const auto longer = c.backend->make_cross_cache(c.backend->empty({1500, 128}), layers, 2, 1);
    const auto shorter = c.backend->make_cross_cache(c.backend->empty({1400, 128}), layers, 2, 1);
    c.expect("prepare_rows", 2, 0, (4 + 2) * (1500 + 1400) * 128);
    c.expect("linear_many_rows", 4, 2 * 2.0 * (1500 + 1400) * 128 * 256,
             2 * (2 * (1500 + 1400) * 128 + 2 * (2 * 128 * 256 + 8 * 256) + 2 * (1500 + 1400) * 256));
    const Tensor q = c.backend->empty({3, 128});
    Tensor out = c.backend->empty({3, 128});
    const std::vector<const CrossCache*> windows{longer.get(), shorter.get(), longer.get()};
    c.backend->cross_attention_step(q, 2, 1, windows, out, {}, nullptr);
    c.expect("cross_attention", 1, 4 * (1500 + 1400 + 1500) * 128,
             3 * (2 * 4 * 128 + 24) + 2 * 2 * (1500 + 1400) * 128);

    const std::vector<const CrossCache*> alike(3, longer.get());
    const auto trace = c.backend->make_attention_trace(3, 1);
    c.backend->cross_attention_trace(q, 2, 1, alike, std::vector<int32_t>{1}, *trace, 0, out);
    c.expect("cross_attention", 1, 4 * 3 * 1500 * 128,
             3 * (2 * 4 * 128 + 24) + 2 * 2 * 1500 * 128 + 4 * 3 * 1500);  // the probabilities of one head
    c.backend->alignment_matrix(*trace, std::vector<int32_t>{0}, {0, 2, 700});
    c.expect("scale_rows", 1, 2 * 2 * 700, 2 * 4 * 2 * 700 + 4);
    c.expect("standardize", 1, 6 * 2 * 700, 2 * 4 * 2 * 700);
    c.expect("smooth_and_average", 1, 2 * 700, 4 * (2 + 2) * 700);
    c.expect_nothing_else();
}

TEST(KernelWork, WordsInAndOut) {
    Counted c(Precision::float16);
    const auto table = c.weight(WeightKind::embedding, {1000, 128}, false);
    const auto positions = c.weight(WeightKind::positions, {448, 128}, false);
    const auto norm = c.weight(WeightKind::norm, {128}, true);
    Tensor x = c.backend->empty({2, 128});
    c.backend->embed(*table, *positions, std::vector<int32_t>{5, 6}, std::vector<int32_t>{0, 0}, x);
    c.expect("embed", 1, 2 * 2 * 128, (2 + 4 + 4) * 2 * 128 + (4 + 4 + 4) * 2);
    const auto choices =
        c.backend->choose_tokens(x, *norm, *table, std::vector<int32_t>{0, 1}, std::vector<TokenRule>(2));
    EXPECT_EQ(choices.at(1).best.token, 0);
    c.expect("prepare_rows", 1, 8 * 2 * 128, (4 + 2) * 2 * 128 + 8 * 128 + 4 * 2);
    c.expect("linear_few_rows", 1, 2 * 2 * 128 * 1000, 2 * 2 * 128 + 2 * 128 * 1000 + 4 * 1000 + 4 * 2 * 1000);
    // A rule of 64 bytes and a choice of 20 + 32·8 an item.
    c.expect("choose_tokens", 1, 6 * 2 * 1000, 4 * 2 * 1000 + 2 * (64 + 276));
    c.expect_nothing_else();
}

/// What is not counted only is computed as ever.
TEST(KernelWork, ALogChangesNoResult) {
    WorkLog log;
    const auto backend = cuda_standin::make_backend({"cuda_standin", Precision::float32, 1, ""}, &log);
    const std::vector<float> gain(64, 2.0F), shift(64, 1.0F);
    const HostTensor host{DType::f32, {64}, std::as_bytes(std::span(gain))},
        bias{DType::f32, {64}, std::as_bytes(std::span(shift))};
    const auto norm = backend->bind(WeightKind::norm, {64}, backend->packer().pack(WeightKind::norm, host, bias));
    Tensor out = backend->empty({1, 64});
    backend->layer_norm(backend->upload({1, 64}, std::vector<float>(64, 3.0F)), *norm, out);
    EXPECT_EQ(backend->read(out), shift);
    EXPECT_EQ(log.kernels.at("prepare_rows").launches, 1);
}

}  // namespace
}  // namespace ft
