#include <fmt/format.h>

#include "base/error.h"
#include "suite.h"

namespace ft::conformance {
namespace {

FT_CONFORMANCE_SUITE(WeightsConformance);

struct Kind {
    WeightKind kind;
    Shape shape;
};

std::vector<Kind> kinds() {
    return {{WeightKind::linear, {96, 64}}, {WeightKind::linear, {77, 100}},     {WeightKind::conv1d, {64, 80, 3}},
            {WeightKind::norm, {64}},       {WeightKind::embedding, {1003, 64}}, {WeightKind::positions, {31, 64}}};
}

TEST_P(WeightsConformance, PackingIsPureAndNamed) {
    EXPECT_FALSE(tested->packer().packing().empty());
    EXPECT_EQ(tested->packer().packing(), make_with_threads(1)->packer().packing());
    EXPECT_EQ(tested->info().name, GetParam().options.name);
    EXPECT_EQ(tested->info().precision, GetParam().options.precision);
    EXPECT_FALSE(tested->info().device.empty());
    for (const Kind& kind : kinds()) {
        Random random(50);
        const RawWeight raw = random_weight(random, kind.kind, kind.shape);
        EXPECT_EQ(bind(*tested, raw).packed, bind(*tested, raw).packed);
        EXPECT_EQ(bind(*tested, raw).packed, bind(*make_with_threads(1), raw).packed) << "as another process packs it";
    }
}

TEST_P(WeightsConformance, ASizeThatDoesNotFitIsABadModel) {
    for (const Kind& kind : kinds()) {
        Random random(51);
        const BoundWeight bound = bind(*tested, random_weight(random, kind.kind, kind.shape));
        std::vector<std::byte> longer = bound.packed;
        longer.push_back(std::byte{0});
        const std::span<const std::byte> whole(bound.packed);
        std::vector<std::span<const std::byte>> bad{
            {}, whole.first(1), whole.first(whole.size() - 1), whole.first(whole.size() / 2), longer};
        for (const auto& bytes : bad) {
            try {
                tested->bind(kind.kind, kind.shape, bytes);
                ADD_FAILURE() << "kind " << static_cast<int>(kind.kind) << " took " << bytes.size() << " of "
                              << whole.size() << " bytes";
            } catch (const Error& error) {
                EXPECT_EQ(error.code(), ErrorCode::bad_model) << error.what();
            }
        }
        EXPECT_NO_THROW(tested->bind(kind.kind, kind.shape, bound.packed)) << "the backend stays usable";
    }
}

TEST_P(WeightsConformance, HalfPrecisionCheckpointsGiveTheSameWeights) {
    for (const Kind& kind : kinds()) {
        Random random(52);
        RawWeight raw = random_weight(random, kind.kind, kind.shape);
        std::vector<uint16_t> halves, half_bias;
        for (float& value : raw.values) value = f16_to_f32(halves.emplace_back(f32_to_f16(value)));
        for (float& value : raw.bias) value = f16_to_f32(half_bias.emplace_back(f32_to_f16(value)));
        const auto bias_size = static_cast<int64_t>(half_bias.size());
        const HostTensor weight{DType::f16, kind.shape, std::as_bytes(std::span(halves))};
        const HostTensor bias{DType::f16, {bias_size}, std::as_bytes(std::span(half_bias))};
        EXPECT_EQ(tested->packer().pack(kind.kind, weight, bias), bind(*tested, raw).packed);
        // bf16 is the upper half of a float32.
        for (size_t i = 0; i < halves.size(); ++i)
            raw.values[i] = bf16_to_f32(halves[i] = static_cast<uint16_t>(0x3F00 + i % 256));
        for (size_t i = 0; i < half_bias.size(); ++i)
            raw.bias[i] = bf16_to_f32(half_bias[i] = static_cast<uint16_t>(0xBF00 + i % 256));
        EXPECT_EQ(tested->packer().pack(kind.kind, {DType::bf16, kind.shape, std::as_bytes(std::span(halves))},
                                        {DType::bf16, {bias_size}, std::as_bytes(std::span(half_bias))}),
                  bind(*tested, raw).packed);
    }
}

TEST_P(WeightsConformance, IntegersAreNoWeights) {
    const std::vector<std::byte> bytes(64 * 64);
    EXPECT_THROW(tested->packer().pack(WeightKind::linear, {DType::i8, {64, 64}, bytes}, {}), Error);
}

TEST_P(WeightsConformance, UploadedValuesComeBackAsTheyWere) {
    Random random(53);
    for (const Shape& shape : {Shape{1}, Shape{3, 77}, Shape{80, 3000}}) {
        const std::vector<float> values = random.normals(element_count(shape));
        expect_same_bits(tested->read(tested->upload(shape, values)), values, "upload and read");
        EXPECT_EQ(tested->empty(shape).shape, shape);
    }
}

}  // namespace
}  // namespace ft::conformance
