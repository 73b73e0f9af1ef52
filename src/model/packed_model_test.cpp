#include "model/packed_model.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <cstring>
#include <limits>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "model/testing/plain_packer.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

class PackedModelTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::path(testing::TempDir()) / "ft_packed_model_test" /
                  testing::UnitTest::GetInstance()->current_test_info()->name();
        tiny_.generation.alignment_heads = {{1, 1}};
        write_tiny_folder(tiny_, folder_ / "model");
        file_ = folder_ / "packed" / "model.packed";
    }
    void TearDown() override { fs::remove_all(folder_); }
    void pack() { write_packed_model(*open_model_source(folder_ / "model"), PlainPacker(), file_); }
    size_t files_beside() const {
        return static_cast<size_t>(
            std::distance(fs::directory_iterator(file_.parent_path()), fs::directory_iterator()));
    }
    std::string error_of(const std::string& content, bool verify = false) {
        write_file_atomically(file_, content);
        try {
            PackedModel::open(file_, "test-1", verify);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::bad_model) << error.what();
            EXPECT_NE(std::string(error.what()).find(file_.string()), std::string::npos) << error.what();
            return error.what();
        }
        return {};
    }

    fs::path folder_, file_;
    TinyCheckpoint tiny_ = make_tiny_checkpoint();
};

std::vector<float> floats(std::span<const std::byte> bytes) {
    std::vector<float> values(bytes.size() / sizeof(float));
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
}

TEST_F(PackedModelTest, GivesBackEverythingThatWasPacked) {
    pack();
    const PackedModel model = PackedModel::open(file_, "test-1", true);
    EXPECT_EQ(model.config(), tiny_.config);
    EXPECT_EQ(model.generation(), tiny_.generation);
    EXPECT_EQ(model.vocabulary(), tiny_.vocabulary);
    EXPECT_EQ(model.packing(), "test-1");
    EXPECT_EQ(model.source_fingerprint(), fingerprint(folder_ / "model"));
    EXPECT_EQ(files_beside(), 1u);
    for (const WeightSpec& spec : weight_specs(tiny_.config)) {
        const auto bytes = model.weight(spec.name);
        EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes.data()) % 64, 0u) << spec.name;
        std::vector<float> expected;
        for (const std::string& name : spec.weights) {
            const auto& values = tiny_.tensors.at(name).values;
            expected.insert(expected.end(), values.begin(), values.end());
        }
        ASSERT_EQ(static_cast<int64_t>(expected.size()), element_count(spec.shape)) << spec.name;
        for (const std::string& name : spec.biases) {
            const std::vector<float> zeros(static_cast<size_t>(tiny_.config.d_model));
            const auto& values = name.empty() ? zeros : tiny_.tensors.at(name).values;
            expected.insert(expected.end(), values.begin(), values.end());
        }
        EXPECT_EQ(floats(bytes), expected) << spec.name;
    }
    EXPECT_THROW(model.weight("encoder.0.nothing"), Error);
}

TEST_F(PackedModelTest, EveryTensorOfTheCheckpointIsUsedOnce) {
    std::map<std::string, int> uses;
    for (const WeightSpec& spec : weight_specs(tiny_.config)) {
        for (const std::string& name : spec.weights) ++uses[name];
        for (const std::string& name : spec.biases) uses[name.empty() ? "none" : name] += 1;
    }
    uses.erase("none");
    EXPECT_EQ(uses.size(), tiny_.tensors.size());
    for (const auto& [name, count] : uses) EXPECT_EQ(count, 1) << name;
}

TEST_F(PackedModelTest, StaysReadableWhenMoved) {
    pack();
    PackedModel first = PackedModel::open(file_, "test-1");
    const PackedModel second = std::move(first);
    EXPECT_EQ(floats(second.weight("decoder.norm")).size(), 2u * static_cast<size_t>(tiny_.config.d_model));
}

TEST_F(PackedModelTest, AnotherPackingOrVersionIsRefused) {
    pack();
    try {
        PackedModel::open(file_, "test-2");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find("test-2"), std::string::npos);
    }
    std::string content = read_file(file_);
    content[8] = 9;
    EXPECT_NE(error_of(content).find("version 9"), std::string::npos);
    EXPECT_NE(error_of("RIFF" + content).find("no packed model"), std::string::npos);
}

TEST_F(PackedModelTest, EveryTruncationIsFound) {
    pack();
    const std::string content = read_file(file_);
    for (size_t size = 0; size < content.size(); size += size < 400 ? 1 : 1 + content.size() / 97) {
        EXPECT_NE(error_of(content.substr(0, size)), "") << size;
    }
    EXPECT_NE(error_of(content.substr(0, content.size() - 1)), "");
    EXPECT_NE(error_of(content + "x"), "") << "a longer file is not what was written, either";
}

TEST_F(PackedModelTest, ADamagedWeightIsFoundWhenAsked) {
    pack();
    std::string content = read_file(file_);
    content[content.size() - 5] ^= 1;
    EXPECT_EQ(error_of(content, false), "") << "opening must not read the weights";
    EXPECT_NE(error_of(content, true).find("decoder.norm is damaged"), std::string::npos);
}

TEST_F(PackedModelTest, AWeightThatIsNoNumberIsNotPacked) {
    tiny_.tensors.at("model.decoder.layers.1.fc1.bias").values[3] = std::numeric_limits<float>::infinity();
    write_tiny_folder(tiny_, folder_ / "model");
    try {
        pack();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find("model.decoder.layers.1.fc1.bias"), std::string::npos);
    }
    EXPECT_EQ(files_beside(), 0u) << "a failed packing leaves nothing";
}

TEST_F(PackedModelTest, AFullDiskIsAnErrorAndLeavesTheOldFile) {
    pack();
    const std::string before = read_file(file_);
    rlimit limit{};
    getrlimit(RLIMIT_FSIZE, &limit);
    const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit small = limit;
    small.rlim_cur = before.size() / 2;
    setrlimit(RLIMIT_FSIZE, &small);
    ErrorCode code = ErrorCode::internal;
    try {
        pack();
    } catch (const Error& error) {
        code = error.code();
    }
    setrlimit(RLIMIT_FSIZE, &limit);
    std::signal(SIGXFSZ, old_handler);
    EXPECT_EQ(code, ErrorCode::disk_full);
    EXPECT_EQ(read_file(file_), before);
    EXPECT_EQ(files_beside(), 1u);
}

TEST_F(PackedModelTest, TwoWritersAtOnceBothLeaveAWholeFile) {
    std::thread other([this] { pack(); });
    pack();
    other.join();
    EXPECT_NO_THROW(PackedModel::open(file_, "test-1", true));
    EXPECT_EQ(files_beside(), 1u);
}

}  // namespace
}  // namespace ft
