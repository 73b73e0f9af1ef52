#include "suite.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "backends/cuda/cuda_backend.h"
#ifdef FT_GPU_KIT
#include "backends/reference/reference_backend.h"
#endif

namespace ft::conformance {

namespace {

// Sums of float32 products in another order differ by some 1e-6 of the result; exp and erf may be approximated as well.
constexpr Tolerance float32_tolerance{1e-4, 0.9999999};
// Weights and activations in 8 bits: each rounds to about 1 % of its deviation, so a product of normal values is off by
// 1.2 % of the result, the worst of some 10⁵ values by five times that, or twice this where only 7 bits can be used.
[[maybe_unused]] constexpr Tolerance int8_tolerance{0.2, 0.999};
// Eleven bits of weights, caches and activations: a product of normal values is off by 3e-4 of the result, the worst of
// some 10⁵ values by five times that; a value that attention merely passes on by half its last bit, 2.4e-4 of itself,
// where the results around it, means of many, may be twenty times smaller.
[[maybe_unused]] constexpr Tolerance float16_tolerance{1e-2, 0.999995};

// Weights, keys and values in 8 bits, all else in eleven: a weight rounds to some 0.7 % of its row's deviation, so a
// product of normal values is off by that of the result, the worst of some 10⁵ values by five times as much.
[[maybe_unused]] constexpr Tolerance int8_float16_tolerance{0.08, 0.9998};

struct InstructionSet {
    const char* name;
    bool here;
};

std::vector<InstructionSet> instruction_sets() {
    const bool avx2 = __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0;
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512bw") != 0 &&
                        __builtin_cpu_supports("avx512dq") != 0 && __builtin_cpu_supports("avx512vl") != 0;
    const bool vnni = avx512 && __builtin_cpu_supports("avx512vnni") != 0;
    return {{"sse2", true}, {"avx2", avx2}, {"avx512", avx512}, {"avx512-vnni", vnni}};
}

#ifdef FT_GPU_KIT
// What is taken to a machine with a GPU: that and the reference, without the libraries of the CPU's backend.
std::vector<BackendCase> all_cases() {
    return {{"cuda_float32", {"cuda", Precision::float32, 1, ""}, float32_tolerance},
            {"cuda_float16", {"cuda", Precision::float16, 1, ""}, float16_tolerance},
            {"cuda_int8_float16", {"cuda", Precision::int8_float16, 1, ""}, int8_float16_tolerance}};
}

std::unique_ptr<Backend> make(const BackendOptions& options) {
    return options.name == "cuda" ? cuda::make_backend(options) : make_reference_backend(options);
}
#else
std::vector<BackendCase> all_cases() {
    std::vector<BackendCase> cases{{"reference", {"reference", Precision::float32, 1, ""}, float32_tolerance}};
    for (const Precision precision : {Precision::float32, Precision::int8}) {
        for (const InstructionSet& set : instruction_sets()) {
            std::string name = "cpu_" + std::string(to_string(precision)) + "_" + set.name;
            std::replace(name.begin(), name.end(), '-', '_');
            cases.push_back({name,
                             {"cpu", precision, 2, set.name},
                             precision == Precision::int8 ? int8_tolerance : float32_tolerance});
        }
    }
#ifdef FT_CUDA_STANDIN_TESTS
#ifdef FT_SLOW_TESTS  // minutes more under a sanitizer
    cases.push_back({"cuda_standin_float32", {"cuda_standin", Precision::float32, 1, ""}, float32_tolerance});
#endif
    // The stand-in's device 0 is a Turing, 1 an Ampere.
    cases.push_back({"cuda_standin_float16", {"cuda_standin", Precision::float16, 1, "", 0}, float16_tolerance});
    cases.push_back({"cuda_standin_int8_float16",
                     {"cuda_standin", Precision::int8_float16, 1, "", 1},
                     int8_float16_tolerance,
                     true});
#endif
    return cases;
}

std::unique_ptr<Backend> make(const BackendOptions& options) {
#ifdef FT_CUDA_STANDIN_TESTS
    if (options.name == "cuda_standin") return cuda_standin::make_backend(options);
#endif
    return make_backend(options);
}
#endif

}  // namespace

const std::vector<BackendCase>& backend_cases() {
    static const std::vector<BackendCase> cases = all_cases();
    return cases;
}

std::vector<BackendCase> cases_beyond_products() {
    std::vector<BackendCase> cases = backend_cases();
    std::erase_if(cases, [](const BackendCase& test_case) { return test_case.products_only; });
    return cases;
}

bool machine_can_run(const BackendCase& test_case, std::string* why_not) {
    for (const InstructionSet& set : instruction_sets()) {
        if (set.name == test_case.options.instruction_set && !set.here) {
            *why_not = "this machine has no " + test_case.options.instruction_set;
            return false;
        }
    }
    return true;
}

std::string case_name(const testing::TestParamInfo<BackendCase>& info) {
    return info.param.name;
}

double Random::uniform() {
    return bits_() * 0x1p-32;
}

int32_t Random::below(int32_t end) {
    return static_cast<int32_t>(uniform() * end);
}

float Random::normal(float mean, float deviation) {
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return static_cast<float>(mean + deviation * radius * std::cos(2 * M_PI * uniform()));
}

std::vector<float> Random::normals(int64_t count, float deviation, float mean) {
    std::vector<float> values(static_cast<size_t>(count));
    for (float& value : values) value = normal(mean, deviation);
    return values;
}

RawWeight random_weight(Random& random, WeightKind kind, const Shape& shape, bool with_bias) {
    RawWeight raw{kind, shape, {}, {}};
    const bool is_norm = kind == WeightKind::norm;
    const bool is_product = kind == WeightKind::linear || kind == WeightKind::conv1d || kind == WeightKind::cross_kv;
    const auto inputs = static_cast<float>(element_count(shape) / shape[0]);
    raw.values = random.normals(element_count(shape),
                                is_norm      ? 0.2F
                                : is_product ? 1 / std::sqrt(inputs)
                                             : 0.3F,
                                is_norm ? 1.0F : 0.0F);
    if (with_bias && (is_norm || is_product)) raw.bias = random.normals(shape[0], 0.3F);
    return raw;
}

HostTensor host_view(const Shape& shape, const std::vector<float>& values) {
    return {DType::f32, shape, std::as_bytes(std::span(values))};
}

BoundWeight bind(Backend& backend, const RawWeight& raw) {
    BoundWeight bound;
    bound.packed = backend.packer().pack(raw.kind, host_view(raw.shape, raw.values),
                                         host_view({static_cast<int64_t>(raw.bias.size())}, raw.bias));
    bound.weight = backend.bind(raw.kind, raw.shape, bound.packed);
    return bound;
}

std::vector<float> rows_of(const std::vector<float>& values, int64_t width, int64_t begin, int64_t count) {
    return {values.begin() + begin * width, values.begin() + (begin + count) * width};
}

void expect_close(const std::vector<float>& got, const std::vector<float>& expected, const Tolerance& tolerance,
                  const std::string& what) {
    ASSERT_EQ(got.size(), expected.size()) << what;
    double worst = 0, squares = 0, got_squares = 0, product = 0;
    size_t where = 0;
    for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_TRUE(std::isfinite(got[i]))
            << what << ": value " << i << " is " << got[i] << ", expected " << expected[i];
        const double difference = std::abs(static_cast<double>(got[i]) - expected[i]);
        if (difference > worst) worst = difference, where = i;
        squares += static_cast<double>(expected[i]) * expected[i];
        got_squares += static_cast<double>(got[i]) * got[i];
        product += static_cast<double>(got[i]) * expected[i];
    }
    const double rms = std::sqrt(squares / static_cast<double>(expected.size()));
    EXPECT_LE(worst, tolerance.max_relative * rms) << what << ": worst at value " << where << ": " << got[where]
                                                   << " instead of " << expected[where] << ", root mean square " << rms;
    const double cosine = squares == 0 && got_squares == 0 ? 1 : product / std::sqrt(squares * got_squares);
    EXPECT_GE(cosine, tolerance.min_cosine - 1e-12) << what;
}

void expect_same_bits(const std::vector<float>& got, const std::vector<float>& expected, const std::string& what) {
    ASSERT_EQ(got.size(), expected.size()) << what;
    for (size_t i = 0; i < got.size(); ++i) {
        ASSERT_EQ(std::memcmp(&got[i], &expected[i], sizeof(float)), 0)
            << what << ": value " << i << " is " << got[i] << " instead of " << expected[i];
    }
}

std::vector<float> run_linear(Backend& backend, const std::vector<float>& x, int64_t n, const BoundWeight& weight,
                              int64_t inputs, int64_t outputs, const LinearCall& call) {
    const Tensor input = backend.upload({n, inputs}, x);
    const bool in_place = call.residual != nullptr && call.residual_is_out;
    Tensor out = in_place ? backend.upload({n, outputs}, *call.residual) : backend.empty({n, outputs});
    Tensor other;
    if (call.residual != nullptr && !in_place) other = backend.upload({n, outputs}, *call.residual);
    const Tensor* residual = call.residual == nullptr ? nullptr : in_place ? &out : &other;
    backend.linear(input, call.norm, *weight, call.activation, residual, out);
    return backend.read(out);
}

void Conformance::SetUp() {
    std::string why_not;
    if (!machine_can_run(GetParam(), &why_not)) GTEST_SKIP() << why_not << ": not tested here";
    tested = make(GetParam().options);
    truth = make({"reference", Precision::float32, 1, ""});
}

std::unique_ptr<Backend> Conformance::make_with_threads(int threads) const {
    BackendOptions options = GetParam().options;
    options.threads = threads;
    return make(options);
}

}  // namespace ft::conformance
