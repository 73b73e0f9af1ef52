// Files cut off and bytes flipped anywhere: an error or a usable model, never a crash, never a read out of bounds
// (what the sanitizers watch). The fuzz targets beside this file go on from here.
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <random>

#include "base/error.h"
#include "base/file.h"
#include "model/packed_format.h"
#include "model/packed_model_reader.h"
#include "model/source_formats.h"
#include "model/testing/plain_packer.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

using Reader = std::function<void(std::span<const std::byte>)>;

void decode_all(const TensorMap& tensors) {
    for (const auto& [name, tensor] : tensors) {
        if (tensor.bytes.size() < 4096) decode_tensor(tensor).to_f32();  // the large ones differ in nothing but time
    }
}

void read_ctranslate2(std::span<const std::byte> bytes) {
    decode_all(parse_ctranslate2(bytes, "x").tensors);
}
void read_ggml(std::span<const std::byte> bytes) {
    decode_all(parse_ggml(bytes, "x").tensors);
}
void read_safetensors(std::span<const std::byte> bytes) {
    TensorMap tensors;
    add_safetensors(bytes, "x", tensors);
    decode_all(tensors);
}
void read_packed(std::span<const std::byte> bytes) {
    const PackedModel model = PackedModelReader::parse(bytes, "x", "test-1", false);
    model.weight("decoder.norm");
}

/// What the checksum protects, without the checksum.
void read_meta(std::span<const std::byte> bytes) {
    read_packed_meta(bytes, "x");
}

/// A copy in an allocation of exactly its size, so that a sanitizer sees one byte too far.
bool accepts(const Reader& reader, std::span<const std::byte> bytes) {
    const std::vector<std::byte> exact(bytes.begin(), bytes.end());
    try {
        reader(exact);
        return true;
    } catch (const Error& error) {
        EXPECT_TRUE(error.code() == ErrorCode::bad_model || error.code() == ErrorCode::unsupported) << error.what();
        return false;
    }
}

/// Damage lands in the first `head` bytes half of the time: that is where the lengths are.
void damage(const std::string& content, size_t head, const Reader& reader) {
    const auto whole = std::as_bytes(std::span(content));
    ASSERT_TRUE(accepts(reader, whole));
    std::mt19937_64 random(7);
    const auto place = [&] { return random() % (random() % 2 == 0 ? std::min(head, content.size()) : content.size()); };
    for (int i = 0; i < 300; ++i) accepts(reader, whole.first(place()));
    for (size_t size = 0; size < 64; ++size) EXPECT_FALSE(accepts(reader, whole.first(size))) << size;
    for (int i = 0; i < 2000; ++i) {
        std::string bad = content;
        for (int flips = 1 + static_cast<int>(random() % 3); flips > 0; --flips) {
            bad[place()] =
                random() % 2 == 0 ? static_cast<char>(random()) : static_cast<char>(random() % 2 == 0 ? 0xFF : 0);
        }
        accepts(reader, std::as_bytes(std::span(bad)));
    }
}

class DamagedFiles : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::path(testing::TempDir()) / "ft_damaged_files_test" /
                  testing::UnitTest::GetInstance()->current_test_info()->name();
        // As small as a Whisper can be: the loops copy it thousands of times.
        TinyOptions options;
        options.d_model = 64;
        options.layers = 1;
        options.n_mels = 8;
        tiny_ = make_tiny_checkpoint(options);
        // Positions and embedding are most of the file and nothing but numbers.
        tiny_.config.audio_positions = tiny_.config.text_positions = 2;
        for (const char* name : {"model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"}) {
            tiny_.tensors.at(name) = {{2, 64}, std::vector<float>(128)};
        }
    }
    void TearDown() override { fs::remove_all(folder_); }
    fs::path folder_;
    TinyCheckpoint tiny_;
};

TEST_F(DamagedFiles, Safetensors) {
    write_tiny_folder(tiny_, folder_);
    damage(read_file(folder_ / "model.safetensors"), 5000, read_safetensors);
}

TEST_F(DamagedFiles, CTranslate2) {
    write_tiny_ctranslate2(tiny_, folder_, Encoding::i8_rows);
    damage(read_file(folder_ / "model.bin"), 2000, read_ctranslate2);
}

TEST_F(DamagedFiles, Ggml) {
    write_tiny_ggml(tiny_, folder_ / "x.bin", Encoding::q5_1);
    damage(read_file(folder_ / "x.bin"), 12000, read_ggml);
}

TEST_F(DamagedFiles, PackedModel) {
    write_tiny_folder(tiny_, folder_ / "model");
    write_packed_model(*open_model_source(folder_ / "model"), PlainPacker(), folder_ / "packed");
    const std::string content = read_file(folder_ / "packed");
    damage(content, 64, read_packed);
    PackedHeader header{};
    std::memcpy(&header, content.data(), sizeof header);
    damage(content.substr(sizeof header, header.meta_size), 4000, read_meta);
}

}  // namespace
}  // namespace ft
