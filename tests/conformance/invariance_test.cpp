// A row's result must not depend on the rows beside it nor on the threads: the same input gives the same text at any
// batch size, bit by bit.
#include <fmt/format.h>

#include <algorithm>

#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE(InvarianceConformance);

/// Batches to cut `total` rows into: [begin, begin + size).
std::vector<std::pair<int64_t, int64_t>> batches(int64_t total) {
    std::vector<std::pair<int64_t, int64_t>> result;
    for (const int64_t size : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 64}) {
        if (size <= total) result.push_back({0, size});
        if (size < total) result.push_back({total - size, size});
    }
    for (int64_t i = 0; i < std::min<int64_t>(total, 12); ++i) result.push_back({i, 1});
    return result;
}

void check_linear(Backend& backend, int64_t total, int64_t inputs, int64_t outputs, Activation activation) {
    Random random(60);
    std::vector<float> x = random.normals(total * inputs);
    for (int64_t i = 0; i < total * inputs; ++i)
        x[i] *= static_cast<float>(1 + i / inputs % 5);  // neighbours of another size
    const std::vector<float> residual = random.normals(total * outputs);
    const BoundWeight weight = bind(backend, random_weight(random, WeightKind::linear, {outputs, inputs}));
    const BoundWeight norm = bind(backend, random_weight(random, WeightKind::norm, {inputs}));
    for (const Weight* gain : {static_cast<const Weight*>(nullptr), norm.get()}) {
        const std::vector<float> whole =
            run_linear(backend, x, total, weight, inputs, outputs, {gain, activation, &residual, true});
        for (const auto& [begin, size] : batches(total)) {
            const std::vector<float> part = rows_of(residual, outputs, begin, size);
            expect_same_bits(run_linear(backend, rows_of(x, inputs, begin, size), size, weight, inputs, outputs,
                                        {gain, activation, &part, true}),
                             rows_of(whole, outputs, begin, size),
                             fmt::format("{} rows from {} of {}, {} to {}", size, begin, total, inputs, outputs));
            if (testing::Test::HasFailure()) return;
        }
    }
}

TEST_P(InvarianceConformance, LinearInDecodingBatches) {
    check_linear(*tested, 64, 512, 192, Activation::none);
    check_linear(*tested, 33, 2048, 96, Activation::gelu);
    check_linear(*tested, 19, 100, 77, Activation::gelu);
}

TEST_P(InvarianceConformance, LinearInBatchesOfPrompts) {
    check_linear(*tested, 225, 384, 130, Activation::none);
}

TEST_P(InvarianceConformance, SelfAttention) {
    const int d = 128, total = 33, layers = 1, positions = 40;
    Random random(61);
    const std::vector<float> history = random.normals(positions * 3 * d);
    const auto cache = tested->make_self_cache(layers, total, positions, d);
    std::vector<int32_t> slots, places;
    for (int32_t slot = 0; slot < total; ++slot) {
        const int32_t length = 1 + slot % 37;
        slots.push_back(slot);
        places.push_back(length);
        Tensor out = tested->empty({length, d});
        std::vector<int32_t> same(static_cast<size_t>(length), slot), up(static_cast<size_t>(length));
        for (int32_t i = 0; i < length; ++i) up[i] = i;
        tested->self_attention_step(tested->upload({length, 3 * d}, rows_of(history, 3 * d, 0, length)), 2, 0, *cache,
                                    same, up, out);
    }
    const std::vector<float> qkv = random.normals(total * 3 * d);
    const auto run = [&](int64_t begin, int64_t size) {
        Tensor out = tested->empty({size, d});
        tested->self_attention_step(tested->upload({size, 3 * d}, rows_of(qkv, 3 * d, begin, size)), 2, 0, *cache,
                                    std::span(slots).subspan(begin, size), std::span(places).subspan(begin, size), out);
        return tested->read(out);
    };
    const std::vector<float> whole = run(0, total);
    for (const auto& [begin, size] : batches(total)) {
        expect_same_bits(run(begin, size), rows_of(whole, d, begin, size),
                         fmt::format("{} items from {}", size, begin));
    }
}

TEST_P(InvarianceConformance, CrossAttention) {
    const int d = 128, total = 33;
    Random random(62);
    const BoundWeight weight = bind(*tested, random_weight(random, WeightKind::cross_kv, {2 * d, d}));
    std::vector<std::unique_ptr<CrossCache>> windows;
    for (const int64_t length : {300, 300, 77}) {
        windows.push_back(tested->make_cross_cache(tested->upload({length, d}, random.normals(length * d)),
                                                   std::vector<const Weight*>{weight.get()}, 2,
                                                   static_cast<int>(windows.size()) + 1));
    }
    std::vector<const CrossCache*> caches;
    for (int i = 0; i < total; ++i)
        caches.push_back(windows[i < 20 ? 0 : i % 3].get());  // many of one window, then mixed
    const std::vector<float> q = random.normals(total * d);
    const auto run = [&](int64_t begin, int64_t size) {
        Tensor out = tested->empty({size, d});
        tested->cross_attention_step(tested->upload({size, d}, rows_of(q, d, begin, size)), 2, 0,
                                     std::span<const CrossCache* const>(caches).subspan(begin, size), out, {}, nullptr);
        return tested->read(out);
    };
    const std::vector<float> whole = run(0, total);
    for (const auto& [begin, size] : batches(total)) {
        expect_same_bits(run(begin, size), rows_of(whole, d, begin, size),
                         fmt::format("{} items from {}", size, begin));
    }
}

void expect_same_choice(const Choice& got, const Choice& expected, const std::string& what) {
    std::vector<float> numbers, expected_numbers;
    const auto flatten = [](const Choice& choice, std::vector<float>& to) {
        to = {static_cast<float>(choice.best.token), choice.best.log_probability, choice.probe_probability};
        for (const Candidate& candidate : choice.candidates) {
            to.push_back(static_cast<float>(candidate.token));
            to.push_back(candidate.log_probability);
        }
    };
    flatten(got, numbers);
    flatten(expected, expected_numbers);
    expect_same_bits(numbers, expected_numbers, what);
}

struct ChoiceInput {
    RawWeight norm, table;
    std::vector<float> x;
    std::vector<TokenRule> rules;
};

ChoiceInput choice_input(int64_t total, int64_t d, int64_t vocabulary) {
    Random random(63);
    ChoiceInput input{random_weight(random, WeightKind::norm, {d}),
                      random_weight(random, WeightKind::embedding, {vocabulary, d}), random.normals(total * d),
                      std::vector<TokenRule>(static_cast<size_t>(total))};
    for (size_t i = 0; i < input.rules.size(); ++i) {
        TokenRule& rule = input.rules[i];
        rule.probe = 5;
        rule.top = i % 3 == 0 ? 5 : 1;
        rule.temperature = i % 2 == 0 ? 0.0F : 0.7F;
        rule.uniform = static_cast<float>(random.uniform());
        rule.timestamp_begin = i % 4 == 0 ? static_cast<int32_t>(vocabulary - 100) : -1;
    }
    return input;
}

std::vector<Choice> run_choice(Backend& backend, const ChoiceInput& input, int64_t begin, int64_t size) {
    const BoundWeight norm = bind(backend, input.norm), table = bind(backend, input.table);
    const int64_t d = input.norm.shape[0];
    std::vector<int32_t> items(static_cast<size_t>(size));
    for (int64_t i = 0; i < size; ++i) items[i] = static_cast<int32_t>(i);
    return backend.choose_tokens(backend.upload({size, d}, rows_of(input.x, d, begin, size)), *norm, *table, items,
                                 std::span(input.rules).subspan(begin, size));
}

TEST_P(InvarianceConformance, ChooseTokens) {
    const int64_t total = 33;
    const ChoiceInput input = choice_input(total, 128, 1003);
    const std::vector<Choice> whole = run_choice(*tested, input, 0, total);
    for (const auto& [begin, size] : batches(total)) {
        const std::vector<Choice> part = run_choice(*tested, input, begin, size);
        for (int64_t i = 0; i < size; ++i)
            expect_same_choice(part[i], whole[begin + i], fmt::format("item {} of {} from {}", i, size, begin));
    }
}

/// One result of every operation, laid end to end.
std::vector<float> run_everything(Backend& backend) {
    Random random(64);
    std::vector<float> all;
    const auto add = [&](const std::vector<float>& values) { all.insert(all.end(), values.begin(), values.end()); };
    const int64_t d = 128, steps = 75;
    const auto weight = [&](WeightKind kind, const Shape& shape) {
        return bind(backend, random_weight(random, kind, shape));
    };
    const BoundWeight conv1 = weight(WeightKind::conv1d, {d, 80, 3}), conv2 = weight(WeightKind::conv1d, {d, d, 3});
    const BoundWeight places = weight(WeightKind::positions, {steps, d}), norm = weight(WeightKind::norm, {d});
    const BoundWeight qkv_weight = weight(WeightKind::linear, {3 * d, d}),
                      kv_weight = weight(WeightKind::cross_kv, {2 * d, d});
    const BoundWeight table = weight(WeightKind::embedding, {1003, d});
    Tensor x = backend.empty({steps, d}), qkv = backend.empty({steps, 3 * d}), attended = backend.empty({steps, d});
    backend.conv_stem(backend.upload({80, 2 * steps}, random.normals(80 * 2 * steps)), *conv1, *conv2, *places, x);
    add(backend.read(x));
    backend.linear(x, norm.get(), *qkv_weight, Activation::none, nullptr, qkv);
    add(backend.read(qkv));
    backend.encoder_attention(qkv, 2, attended);
    add(backend.read(attended));
    backend.layer_norm(attended, *norm, x);
    add(backend.read(x));
    const std::vector<const Weight*> kv_weights{kv_weight.get()};
    const auto window = backend.make_cross_cache(x, kv_weights, 2, 1),
               wide = backend.make_cross_cache(x, kv_weights, 2, 5);
    const auto cache = backend.make_self_cache(1, 3, 4, static_cast<int>(d));
    Tensor row = backend.empty({3, d}), row_qkv = backend.empty({3, 3 * d}), heard = backend.empty({3, d});
    const std::vector<int32_t> slots{0, 1, 2}, tokens{7, 1002, 3};
    for (int32_t step = 0; step < 4; ++step) {
        const std::vector<int32_t> at(3, step);
        backend.embed(*table, *places, tokens, at, row);
        backend.linear(row, norm.get(), *qkv_weight, Activation::none, nullptr, row_qkv);
        backend.self_attention_step(row_qkv, 2, 0, *cache, slots, at, row);
        std::vector<float> weights;
        backend.cross_attention_step(row, 2, 0, std::vector<const CrossCache*>{window.get(), wide.get(), window.get()},
                                     heard, std::vector<int32_t>{1}, &weights);
        add(backend.read(heard));
        add(weights);
    }
    add(backend.logits(heard, *norm, *table, slots));
    return all;
}

TEST_P(InvarianceConformance, ThreadsChangeNothing) {
    const auto one = make_with_threads(1);
    const std::vector<float> expected = run_everything(*one);
    const ChoiceInput input = choice_input(9, 64, 1003);
    const std::vector<Choice> choices = run_choice(*one, input, 0, 9);
    for (const int threads : {2, 3}) {
        const auto several = make_with_threads(threads);
        expect_same_bits(run_everything(*several), expected, fmt::format("{} threads", threads));
        const std::vector<Choice> got = run_choice(*several, input, 0, 9);
        for (size_t i = 0; i < got.size(); ++i)
            expect_same_choice(got[i], choices[i], fmt::format("choice {}, {} threads", i, threads));
    }
    expect_same_bits(run_everything(*one), expected, "the same once more");
}

TEST_P(InvarianceConformance, LinearOfAWholeWindowOnSeveralThreads) {
    Random random(65);
    const std::vector<float> x = random.normals(1500 * 256);
    const RawWeight raw = random_weight(random, WeightKind::linear, {192, 256});
    const auto one = make_with_threads(1), two = make_with_threads(2);
    expect_same_bits(run_linear(*two, x, 1500, bind(*two, raw), 256, 192, {nullptr, Activation::gelu}),
                     run_linear(*one, x, 1500, bind(*one, raw), 256, 192, {nullptr, Activation::gelu}), "1500 rows");
}

TEST_P(InvarianceConformance, ResultsAreThoseOfTheReference) {
    // The whole chain once: an operation that reads its predecessor's result too early is seen here.
    const Tolerance loose{6 * tolerance().max_relative, 1 - 10 * (1 - tolerance().min_cosine)};
    expect_close(run_everything(*tested), run_everything(*truth), loose, "a chain of operations");
}

}  // namespace
}  // namespace ft::conformance
