#pragma once
// What the conformance tests share: the backends under test, random inputs, and the comparison with the reference.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <ostream>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "tensor/backend.h"

namespace ft::conformance {

/// How far a result may be from the reference's.
struct Tolerance {
    double max_relative =
        0;                  ///< largest absolute difference, relative to the root mean square of the reference's values
    double min_cosine = 1;  ///< of the angle between the two results, all values taken as one vector
};

/// Layers, or heads, of 1,500 positions: what the stand-in takes seconds for costs a GPU nothing.
#ifdef FT_GPU_KIT
constexpr int at_full_length = 2;
#else
constexpr int at_full_length = 1;
#endif

struct BackendCase {
    std::string name;  ///< for the test's name: "cpu_int8_avx2"
    BackendOptions options;
    Tolerance tolerance;
    bool products_only = false;  ///< differs from another case in products and windows alone

    friend void PrintTo(const BackendCase& test_case, std::ostream* stream) { *stream << test_case.name; }
};

/// Every backend and precision, and every instruction set that a machine may have.
const std::vector<BackendCase>& backend_cases();
/// Those for operations that are neither product nor window.
std::vector<BackendCase> cases_beyond_products();
/// Whether this machine can run the case; says why not.
bool machine_can_run(const BackendCase& test_case, std::string* why_not);
std::string case_name(const testing::TestParamInfo<BackendCase>& info);

/// The same numbers on every machine.
class Random {
  public:
    explicit Random(uint32_t seed) : bits_(seed) {}
    double uniform();            ///< [0, 1)
    int32_t below(int32_t end);  ///< 0 … end − 1
    float normal(float mean, float deviation);
    std::vector<float> normals(int64_t count, float deviation = 1.0F, float mean = 0.0F);

  private:
    std::mt19937 bits_;
};

/// Unpacked values of a weight, to be given to several backends.
struct RawWeight {
    WeightKind kind = WeightKind::linear;
    Shape shape;
    std::vector<float> values, bias;  ///< bias may be empty
};

/// Random, of the size that keeps a product's result near 1.
RawWeight random_weight(Random& random, WeightKind kind, const Shape& shape, bool with_bias = true);

/// A weight bound to one backend, with the packed bytes that it may refer to.
struct BoundWeight {
    std::vector<std::byte> packed;
    WeightPtr weight;
    const Weight& operator*() const { return *weight; }
    const Weight* get() const { return weight.get(); }
};
BoundWeight bind(Backend& backend, const RawWeight& raw);

HostTensor host_view(const Shape& shape, const std::vector<float>& values);

/// Rows [begin, begin + count) of a matrix `width` wide.
std::vector<float> rows_of(const std::vector<float>& values, int64_t width, int64_t begin, int64_t count);

void expect_close(const std::vector<float>& got, const std::vector<float>& expected, const Tolerance& tolerance,
                  const std::string& what);
void expect_same_bits(const std::vector<float>& got, const std::vector<float>& expected, const std::string& what);

/// linear, upload and read in one call.
struct LinearCall {
    const Weight* norm = nullptr;
    Activation activation = Activation::none;
    const std::vector<float>* residual = nullptr;
    bool residual_is_out = false;
};
std::vector<float> run_linear(Backend& backend, const std::vector<float>& x, int64_t n, const BoundWeight& weight,
                              int64_t inputs, int64_t outputs, const LinearCall& call = {});

/// A test that has the backend under test and the reference.
class Conformance : public testing::TestWithParam<BackendCase> {
  protected:
    void SetUp() override;
    std::unique_ptr<Backend> make_with_threads(int threads) const;
    const Tolerance& tolerance() const { return GetParam().tolerance; }

    std::unique_ptr<Backend> tested, truth;
};

}  // namespace ft::conformance

/// Declares a suite that runs on every backend, or on `cases` of them.
#define FT_CONFORMANCE_SUITE_ON(name, cases)             \
    class name : public ft::conformance::Conformance {}; \
    INSTANTIATE_TEST_SUITE_P(Every, name, testing::ValuesIn(cases), ft::conformance::case_name)
#define FT_CONFORMANCE_SUITE(name) FT_CONFORMANCE_SUITE_ON(name, ft::conformance::backend_cases())
