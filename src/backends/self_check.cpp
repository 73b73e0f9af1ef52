#include "backends/self_check.h"

#include <cmath>
#include <functional>
#include <numeric>
#include <random>

#include "backends/reference/reference_backend.h"
#include "base/error.h"

namespace ft {

namespace {

constexpr int heads = 2;
constexpr int64_t d = 64 * heads, mels = 8, steps = 70, vocabulary = 150;

/// Largest difference from the reference, in root mean squares of its values: twice what tests/conformance allows.
double tolerance(Precision precision) {
    switch (precision) {
        case Precision::float32:
            return 2e-4;
        case Precision::float16:
            return 2e-2;
        case Precision::int8:
        case Precision::int8_float16:
            break;
    }
    return 0.4;
}

/// The same numbers for every backend that is asked.
class Numbers {
  public:
    std::vector<float> normals(int64_t count, float deviation = 1) {
        std::normal_distribution<float> normal(0, deviation);
        std::vector<float> values(static_cast<size_t>(count));
        for (float& value : values) value = normal(random_);
        return values;
    }

  private:
    std::mt19937 random_{20};
};

/// A random weight on one backend, with the packed bytes that it may refer to.
struct Bound {
    Bound(Backend& backend, Numbers& numbers, WeightKind kind, const Shape& shape) {
        const int64_t inputs = element_count(shape) / shape[0];
        const auto values =
            numbers.normals(element_count(shape), kind == WeightKind::norm ? 1.0F : 1 / std::sqrt(float(inputs)));
        const auto added = numbers.normals(shape[0]);
        const bool has_bias = kind != WeightKind::embedding && kind != WeightKind::positions;
        packed = backend.packer().pack(
            kind, {DType::f32, shape, std::as_bytes(std::span(values))},
            has_bias ? HostTensor{DType::f32, {shape[0]}, std::as_bytes(std::span(added))} : HostTensor{});
        weight = backend.bind(kind, shape, packed);
    }
    const Weight& operator*() const { return *weight; }

    std::vector<std::byte> packed;
    WeightPtr weight;
};

std::vector<float> stem(Backend& backend) {
    Numbers numbers;
    const Bound first(backend, numbers, WeightKind::conv1d, {d, mels, 3});
    const Bound second(backend, numbers, WeightKind::conv1d, {d, d, 3});
    const Bound positions(backend, numbers, WeightKind::positions, {steps, d});
    Tensor out = backend.empty({steps, d});
    backend.conv_stem(backend.upload({mels, 2 * steps}, numbers.normals(mels * 2 * steps)), *first, *second, *positions,
                      out);
    return backend.read(out);
}

std::vector<float> product(Backend& backend, int64_t rows, int64_t inputs, int64_t outputs) {
    Numbers numbers;
    const Bound norm(backend, numbers, WeightKind::norm, {inputs});
    const Bound weight(backend, numbers, WeightKind::linear, {outputs, inputs});
    const Tensor x = backend.upload({rows, inputs}, numbers.normals(rows * inputs, 3));
    Tensor out = backend.upload({rows, outputs}, numbers.normals(rows * outputs));
    backend.linear(x, norm.weight.get(), *weight, Activation::gelu, &out, out);
    return backend.read(out);
}

std::vector<float> attention(Backend& backend) {
    Numbers numbers;
    Tensor out = backend.empty({steps, d});
    backend.encoder_attention(backend.upload({steps, 3 * d}, numbers.normals(steps * 3 * d)), heads, out);
    return backend.read(out);
}

/// Two texts of three tokens over one window: logits after each, and whether the choice is theirs.
std::vector<float> decoder(Backend& backend) {
    Numbers numbers;
    const Bound words(backend, numbers, WeightKind::embedding, {vocabulary, d});
    const Bound places(backend, numbers, WeightKind::positions, {4, d});
    const Bound norm(backend, numbers, WeightKind::norm, {d});
    const Bound qkv_weight(backend, numbers, WeightKind::linear, {3 * d, d});
    const Bound kv_weight(backend, numbers, WeightKind::cross_kv, {2 * d, d});
    const Weight* const kv_weights[] = {kv_weight.weight.get()};
    const auto window =
        backend.make_cross_cache(backend.upload({steps, d}, numbers.normals(steps * d)), kv_weights, heads, 1);
    const auto past = backend.make_self_cache(1, 2, 4, d);
    const CrossCache* const windows[] = {window.get(), window.get()};
    const int32_t slots[] = {1, 0}, items[] = {0, 1};
    Tensor x = backend.empty({2, d}), qkv = backend.empty({2, 3 * d}), mixed = backend.empty({2, d});
    std::vector<float> all;
    for (int32_t position = 0; position < 3; ++position) {
        const int32_t tokens[] = {7 + position, 90 - position}, positions[] = {position, position};
        backend.embed(*words, *places, tokens, positions, x);
        backend.linear(x, nullptr, *qkv_weight, Activation::none, nullptr, qkv);
        backend.self_attention_step(qkv, heads, 0, *past, slots, positions, mixed);
        backend.cross_attention_step(mixed, heads, 0, windows, x, {}, nullptr);
        const std::vector<float> logits = backend.logits(x, *norm, *words, items);
        const TokenRule rules[2];
        const std::vector<Choice> choices = backend.choose_tokens(x, *norm, *words, items, rules);
        for (size_t i = 0; i < choices.size(); ++i) {
            const auto begin = logits.begin() + static_cast<ptrdiff_t>(i) * vocabulary;
            if (std::max_element(begin, begin + vocabulary) - begin != choices[i].best.token)
                throw Error(ErrorCode::internal, "the chosen token is not the most probable one");
        }
        all.insert(all.end(), logits.begin(), logits.end());
    }
    return all;
}

/// A NaN counts as infinitely far.
double distance(const std::vector<float>& got, const std::vector<float>& expected) {
    if (got.size() != expected.size()) return HUGE_VAL;
    double worst = 0, squares = 0;
    for (size_t i = 0; i < got.size(); ++i) {
        const double difference = std::abs(static_cast<double>(got[i]) - expected[i]);
        worst = difference <= worst ? worst : std::isfinite(difference) ? difference : HUGE_VAL;
        squares += static_cast<double>(expected[i]) * expected[i];
    }
    return worst / std::sqrt(squares / static_cast<double>(expected.size()));
}

}  // namespace

void check_arithmetic(Backend& backend) {
    const std::pair<const char*, std::function<std::vector<float>(Backend&)>> checks[] = {
        {"convolutions", stem},
        {"products of few rows", [](Backend& b) { return product(b, 3, 96, 80); }},
        {"products of many rows", [](Backend& b) { return product(b, 1030, 32, 40); }},
        {"attention in the encoder", attention},
        {"the decoder", decoder}};
    const std::unique_ptr<Backend> reference = make_reference_backend({"reference", Precision::float32, 1, ""});
    const double allowed = tolerance(backend.info().precision);
    for (const auto& [operation, run] : checks) {
        const double off = distance(run(backend), run(*reference));
        if (!(off <= allowed))
            throw Error(ErrorCode::internal,
                        "{} computes wrongly: {} are off by {:.2g} of their size, and may be by {:.2g}",
                        backend.info().device, operation, off, allowed);
    }
}

}  // namespace ft
