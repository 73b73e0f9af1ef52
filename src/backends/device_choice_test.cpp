#include "backends/device_choice.h"

#include <gtest/gtest.h>

#ifdef FT_CUDA_STANDIN_TESTS
#include "backends/cuda/cuda_backend.h"
#endif
#include "backends/self_check.h"
#include "base/error.h"
#include "tensor/testing/forwarding_backend.h"

namespace ft {
namespace {

std::unique_ptr<Backend> reference() {
    return make_backend({"reference", Precision::float32, 1, ""});
}

/// Right but for one operation, which is off by a little.
class Lying : public ForwardingBackend {
  public:
    enum Operation { stem, product, attention, self_attention, cross_attention, logit, choice };
    explicit Lying(Operation operation) : ForwardingBackend(reference()), lie_(operation) {}

    void conv_stem(const Tensor& mel, const Weight& conv1, const Weight& conv2, const Weight& positions,
                   Tensor& out) override {
        ForwardingBackend::conv_stem(mel, conv1, conv2, positions, out);
        spoil(stem, out);
    }
    void linear(const Tensor& x, const Weight* norm, const Weight& weight, Activation activation,
                const Tensor* residual, Tensor& out) override {
        ForwardingBackend::linear(x, norm, weight, activation, residual, out);
        spoil(product, out);
    }
    void encoder_attention(const Tensor& qkv, int heads, Tensor& out) override {
        ForwardingBackend::encoder_attention(qkv, heads, out);
        spoil(attention, out);
    }
    void self_attention_step(const Tensor& qkv, int heads, int layer, SelfCache& cache, std::span<const int32_t> slots,
                             std::span<const int32_t> positions, Tensor& out) override {
        ForwardingBackend::self_attention_step(qkv, heads, layer, cache, slots, positions, out);
        spoil(self_attention, out);
    }
    void cross_attention_step(const Tensor& q, int heads, int layer, std::span<const CrossCache* const> caches,
                              Tensor& out, std::span<const int32_t> heads_wanted,
                              std::vector<float>* weights) override {
        ForwardingBackend::cross_attention_step(q, heads, layer, caches, out, heads_wanted, weights);
        spoil(cross_attention, out);
    }
    std::vector<float> logits(const Tensor& x, const Weight& norm, const Weight& table,
                              std::span<const int32_t> items) override {
        std::vector<float> values = ForwardingBackend::logits(x, norm, table, items);
        if (lie_ == logit) values[5] = NAN;
        return values;
    }
    std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items, std::span<const TokenRule> rules) override {
        std::vector<Choice> choices = ForwardingBackend::choose_tokens(x, norm, table, items, rules);
        if (lie_ == choice) ++choices.back().best.token;
        return choices;
    }

  private:
    void spoil(Operation operation, Tensor& tensor) {
        if (operation != lie_) return;
        std::vector<float> values = read(tensor);
        values.back() += 0.25F;
        tensor = upload(tensor.shape, values);
    }

    Operation lie_;
};

BackendOptions gpu() {
    return {"cuda", Precision::float16, 0, ""};
}

std::unique_ptr<Backend> missing(const BackendOptions&) {
    throw Error(ErrorCode::unsupported, "there is no NVIDIA driver here");
}

TEST(SelfCheck, WhatComputesRightlyPasses) {
    for (const BackendOptions& options :
         {BackendOptions{"cpu", Precision::float32, 1, ""}, BackendOptions{"cpu", Precision::int8, 1, ""}}) {
        EXPECT_NO_THROW(check_arithmetic(*make_backend(options))) << to_string(options.precision);
    }
#ifdef FT_CUDA_STANDIN_TESTS
    for (const Precision precision : {Precision::float32, Precision::float16, Precision::int8_float16})
        EXPECT_NO_THROW(check_arithmetic(*cuda_standin::make_backend({"cuda_standin", precision, 1, ""})));
#endif
}

TEST(SelfCheck, OneWrongNumberIsFound) {
    for (const auto operation : {Lying::stem, Lying::product, Lying::attention, Lying::self_attention,
                                 Lying::cross_attention, Lying::logit, Lying::choice}) {
        Lying backend(operation);
        EXPECT_THROW(check_arithmetic(backend), Error) << operation;
    }
}

TEST(DeviceChoice, TheFirstThatWorksIsUsed) {
    std::string used;
    const UseBackend use = [&](std::unique_ptr<Backend> backend) { used = backend->info().name; };
    EXPECT_EQ(use_backend({"reference", Precision::float32, 1, ""}, BackendOptions{}, use), "");
    EXPECT_EQ(used, "reference");
}

TEST(DeviceChoice, SaysWhyAnotherOneIsUsed) {
    std::string used;
    const UseBackend use = [&](std::unique_ptr<Backend> backend) { used = backend->info().name; };
    const MakeBackend make = [](const BackendOptions& options) {
        return options.name == "cuda" ? missing(options) : make_backend(options);
    };
    EXPECT_EQ(use_backend(gpu(), BackendOptions{}, use, make), "there is no NVIDIA driver here");
    EXPECT_EQ(used, "cpu");
}

TEST(DeviceChoice, AGpuThatComputesWronglyIsNotUsed) {
    std::string used;
    const UseBackend use = [&](std::unique_ptr<Backend> backend) { used = backend->info().name; };
    const MakeBackend make = [](const BackendOptions& options) -> std::unique_ptr<Backend> {
        if (options.name == "cuda") return std::make_unique<Lying>(Lying::attention);
        return make_backend(options);
    };
    const std::string why = use_backend(gpu(), BackendOptions{}, use, make);
    EXPECT_NE(why.find("computes wrongly: attention"), std::string::npos) << why;
    EXPECT_EQ(used, "cpu");
    EXPECT_THROW(use_backend(gpu(), {}, use, make), Error);
}

TEST(DeviceChoice, AModelThatDoesNotFitTheGpuRunsOnTheCpu) {
    std::vector<std::string> tried;
    const UseBackend use = [&](std::unique_ptr<Backend> backend) {
        tried.push_back(backend->info().name);
        if (tried.size() == 1) throw Error(ErrorCode::out_of_memory, "the GPU has no room left");
    };
    const MakeBackend make = [](const BackendOptions& options) {
        return options.name == "cuda" ? reference() : make_backend(options);
    };
    EXPECT_EQ(use_backend(gpu(), BackendOptions{}, use, make), "the GPU has no room left");
    EXPECT_EQ(tried, (std::vector<std::string>{"reference", "cpu"}));
}

TEST(DeviceChoice, TheUsersAndTheModelsMistakesAreTheirs) {
    const UseBackend use = [](std::unique_ptr<Backend>) { throw Error(ErrorCode::bad_model, "it is cut off"); };
    const MakeBackend no_such = [](const BackendOptions& options) -> std::unique_ptr<Backend> {
        if (options.name == "cuda") throw Error(ErrorCode::invalid_argument, "there is no GPU number 7");
        return reference();
    };
    EXPECT_THROW(use_backend(gpu(), BackendOptions{}, use, no_such), Error);
    EXPECT_THROW(use_backend({"reference", Precision::float32, 1, ""}, BackendOptions{}, use), Error);
    EXPECT_THROW(use_backend(gpu(), {}, use, missing), Error);
}

}  // namespace
}  // namespace ft
