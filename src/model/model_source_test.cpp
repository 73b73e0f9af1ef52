// Every format of the same checkpoint must give the same numbers, names and tokens.
#include "model/model_source.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "model/generation_config.h"
#include "model/packed_model.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

class ModelSourceTest : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = fs::path(testing::TempDir()) / "ft_model_source_test" /
                  testing::UnitTest::GetInstance()->current_test_info()->name();
        fs::remove_all(folder_);
        tiny_.generation.alignment_heads = {{0, 1}, {1, 0}};
    }
    void TearDown() override { fs::remove_all(folder_); }

    /// `tolerance` is relative to a tensor's largest number.
    void expect_same(const ModelSource& source, float tolerance, bool alignment_heads = true) {
        EXPECT_EQ(source.config(), tiny_.config);
        EXPECT_EQ(source.vocabulary(), tiny_.vocabulary);
        GenerationConfig generation = tiny_.generation;
        if (!alignment_heads) generation.alignment_heads.clear();
        EXPECT_EQ(source.generation(), generation);
        for (const auto& [name, expected] : tiny_.tensors) {
            ASSERT_TRUE(source.has(name)) << name;
            const HostTensor tensor = source.tensor(name);
            ASSERT_EQ(tensor.shape, expected.shape) << name;
            const std::vector<float> values = tensor.to_f32();
            float widest = 0.0F, worst = 0.0F;
            for (size_t i = 0; i < values.size(); ++i) {
                widest = std::max(widest, std::abs(expected.values[i]));
                worst = std::max(worst, std::abs(values[i] - expected.values[i]));
            }
            EXPECT_LE(worst, tolerance * widest) << name;
        }
        EXPECT_FALSE(source.has("model.encoder.layers.0.self_attn.k_proj.bias"));
    }

    std::string error_of(const fs::path& path, ErrorCode code = ErrorCode::bad_model) {
        try {
            const auto source = open_model_source(path);
            for (const auto& [name, tensor] : tiny_.tensors) source->tensor(name).to_f32();
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), code) << error.what();
            return error.what();
        }
        ADD_FAILURE() << "no error";
        return {};
    }
    void replace_in(const char* file, const std::string& from, const std::string& to) {
        std::string text = read_file(folder_ / file);
        const size_t at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        write_file_atomically(folder_ / file, text.replace(at, from.size(), to));
    }

    fs::path folder_;
    TinyCheckpoint tiny_ = make_tiny_checkpoint();
};

TEST_F(ModelSourceTest, SafetensorsInEveryType) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        TinyFolderOptions options;
        options.dtype = dtype;
        write_tiny_folder(tiny_, folder_, options);
        const auto source = open_model_source(folder_);
        EXPECT_EQ(source->format(), "safetensors");
        expect_same(*source, dtype == DType::bf16 ? 0.004F : 0.0F);
        EXPECT_EQ(source->tensor("model.encoder.conv1.weight").dtype, dtype) << "a view, not a copy";
    }
}

TEST_F(ModelSourceTest, SafetensorsInShardsWithProjectionAndOlderTokenizerFiles) {
    TinyFolderOptions options;
    options.shards = 3;
    options.store_projection = true;
    options.tokenizer_json = false;
    write_tiny_folder(tiny_, folder_, options);
    expect_same(*open_model_source(folder_), 0.0F);
    expect_same(*open_model_source(folder_ / "model.safetensors.index.json"), 0.0F);
    EXPECT_EQ(open_model_source(folder_)->files().size(), 1 + 3 + 4u);
}

TEST_F(ModelSourceTest, ASafetensorsFileIsOpenedWithTheTextsBesideIt) {
    write_tiny_folder(tiny_, folder_);
    expect_same(*open_model_source(folder_ / "model.safetensors"), 0.0F);
}

TEST_F(ModelSourceTest, WithoutGenerationConfigTheVocabularyDecides) {
    TinyFolderOptions options;
    options.generation_json = false;
    write_tiny_folder(tiny_, folder_, options);
    expect_same(*open_model_source(folder_), 0.0F, false);
    // Before generation_config.json existed, config.json had the lists.
    replace_in("config.json", "{", R"({"suppress_tokens": [5, 6], "begin_suppress_tokens": [7],)");
    EXPECT_EQ(open_model_source(folder_)->generation().suppress, (std::vector<int32_t>{5, 6}));
    EXPECT_EQ(open_model_source(folder_)->generation().begin_suppress, (std::vector<int32_t>{7}));
}

TEST_F(ModelSourceTest, CTranslate2InEveryType) {
    for (const Encoding encoding : {Encoding::f32, Encoding::f16, Encoding::bf16, Encoding::i8_rows}) {
        write_tiny_ctranslate2(tiny_, folder_, encoding);
        const auto source = open_model_source(folder_);
        EXPECT_EQ(source->format(), "ctranslate2");
        expect_same(*source, encoding == Encoding::bf16 ? 0.004F : (encoding == Encoding::i8_rows ? 0.0041F : 0.0F));
    }
    expect_same(*open_model_source(folder_ / "model.bin"), 0.0041F);
}

TEST_F(ModelSourceTest, CTranslate2BesideHuggingFacesTexts) {
    write_tiny_ctranslate2(tiny_, folder_);
    const fs::path model = folder_ / "model.bin", kept = folder_.string() + ".bin";
    fs::rename(model, kept);
    write_tiny_folder(tiny_, folder_);
    fs::remove(folder_ / "model.safetensors");
    fs::rename(kept, model);
    const auto source = open_model_source(folder_);
    EXPECT_EQ(source->format(), "ctranslate2");
    expect_same(*source, 0.0F);
}

TEST_F(ModelSourceTest, GgmlInEveryType) {
    const std::pair<Encoding, float> tolerances[] = {
        {Encoding::f32, 0.0F},    {Encoding::f16, 0.0F},    {Encoding::bf16, 0.004F}, {Encoding::q8_0, 0.005F},
        {Encoding::q5_0, 0.034F}, {Encoding::q5_1, 0.034F}, {Encoding::q4_0, 0.073F}, {Encoding::q4_1, 0.068F}};
    for (const auto& [encoding, tolerance] : tolerances) {
        const fs::path file = folder_ / "ggml-tiny.bin";
        write_tiny_ggml(tiny_, file, encoding);
        const auto source = open_model_source(file);
        EXPECT_EQ(source->format(), "ggml");
        SCOPED_TRACE(static_cast<int>(encoding));
        expect_same(*source, tolerance, false);
    }
    fs::rename(folder_ / "ggml-tiny.bin", folder_ / "ggml-model.bin");
    EXPECT_EQ(open_model_source(folder_)->format(), "ggml");
}

TEST_F(ModelSourceTest, ConvertedTensorsOutliveNothingButThemselves) {
    write_tiny_ctranslate2(tiny_, folder_, Encoding::i8_rows);
    const auto source = open_model_source(folder_);
    const HostTensor first = source->tensor("model.decoder.layers.0.fc1.weight");
    const std::vector<float> before = first.to_f32();
    const HostTensor second = source->tensor("model.decoder.layers.1.fc1.weight");
    EXPECT_EQ(first.to_f32(), before) << "reading a second tensor changed the first";
    EXPECT_NE(first.bytes.data(), second.bytes.data());
}

TEST_F(ModelSourceTest, SaysWhatIsMissing) {
    EXPECT_NE(error_of(folder_, ErrorCode::not_found).find(folder_.string()), std::string::npos);
    fs::create_directories(folder_);
    EXPECT_NE(error_of(folder_, ErrorCode::not_found).find("model.safetensors"), std::string::npos);
    write_file_atomically(folder_ / "pytorch_model.bin", "PK");
    EXPECT_NE(error_of(folder_, ErrorCode::unsupported).find("pytorch_model.bin"), std::string::npos);

    write_tiny_folder(tiny_, folder_);
    fs::remove(folder_ / "tokenizer.json");
    EXPECT_NE(error_of(folder_, ErrorCode::not_found).find("tokenizer.json"), std::string::npos);
    write_tiny_folder(tiny_, folder_);
    fs::remove(folder_ / "config.json");
    EXPECT_NE(error_of(folder_, ErrorCode::not_found).find("config.json"), std::string::npos);

    TinyFolderOptions sharded;
    sharded.shards = 2;
    write_tiny_folder(tiny_, folder_, sharded);
    fs::remove(folder_ / "model-00002-of-00002.safetensors");
    EXPECT_NE(error_of(folder_, ErrorCode::not_found).find("model-00002-of-00002"), std::string::npos);

    tiny_.tensors.erase("model.decoder.layers.1.fc2.bias");
    write_tiny_folder(tiny_, folder_);
    const auto source = open_model_source(folder_);
    try {
        source->tensor("model.decoder.layers.1.fc2.bias");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::bad_model);
        EXPECT_NE(std::string(error.what()).find("model.decoder.layers.1.fc2.bias"), std::string::npos);
    }
}

TEST_F(ModelSourceTest, RefusesFilesThatDoNotBelongTogether) {
    write_tiny_folder(tiny_, folder_);
    replace_in("config.json", "\"encoder_ffn_dim\": 512", "\"encoder_ffn_dim\": 513");
    EXPECT_NE(error_of(folder_).find("fc1.bias has shape [512], but the configuration asks for [513]"),
              std::string::npos);
    write_tiny_folder(tiny_, folder_);
    replace_in("config.json", "\"vocab_size\": ", "\"vocab_size\": 300, \"was\": ");
    EXPECT_NE(error_of(folder_).find("300 tokens"), std::string::npos);
    write_tiny_folder(tiny_, folder_);
    replace_in("config.json", "\"model_type\": \"whisper\"", "\"model_type\": \"wav2vec2\"");
    EXPECT_NE(error_of(folder_, ErrorCode::unsupported).find("wav2vec2"), std::string::npos);
    write_tiny_folder(tiny_, folder_);
    replace_in("config.json", "\"d_model\": 128", "\"d_model\": 4000000000");
    EXPECT_NE(error_of(folder_).find("d_model"), std::string::npos);
    write_tiny_folder(tiny_, folder_);
    replace_in("config.json", "\"encoder_attention_heads\": 2", "\"encoder_attention_heads\": 4");
    EXPECT_NE(error_of(folder_, ErrorCode::unsupported).find("heads"), std::string::npos);
}

TEST_F(ModelSourceTest, RefusesAProjectionThatDiffersFromTheEmbedding) {
    tiny_.tensors["proj_out.weight"] = tiny_.tensors.at("model.decoder.embed_tokens.weight");
    tiny_.tensors["proj_out.weight"].values[77] += 1.0F;
    write_tiny_folder(tiny_, folder_);
    EXPECT_NE(error_of(folder_, ErrorCode::unsupported).find("proj_out"), std::string::npos);
}

TEST_F(ModelSourceTest, AnIndexMayNotNameFilesOutsideTheFolder) {
    TinyFolderOptions options;
    options.shards = 2;
    for (const char* name : {"../x.safetensors", "/etc/x.safetensors", "a/x.safetensors", ".safetensors", "",
                             "config.json", "x\\u0000.safetensors"}) {
        write_tiny_folder(tiny_, folder_, options);
        replace_in("model.safetensors.index.json", "model-00001-of-00002.safetensors", name);
        EXPECT_NE(error_of(folder_).find("plain"), std::string::npos) << name;
    }
    // The same tensors in two files: which of them is right?
    write_tiny_folder(tiny_, folder_, options);
    fs::copy_file(folder_ / "model-00001-of-00002.safetensors", folder_ / "other.safetensors");
    replace_in("model.safetensors.index.json", "model-00001-of-00002.safetensors", "other.safetensors");
    EXPECT_NE(error_of(folder_).find("another file"), std::string::npos);
}

TEST_F(ModelSourceTest, KnowsOtherFilesByTheirContent) {
    const fs::path file = folder_ / "model.bin";
    write_file_atomically(file, "GGUF and so on");
    EXPECT_NE(error_of(file, ErrorCode::unsupported).find("GGUF"), std::string::npos);
    write_file_atomically(file, std::string("PK\3\4 zip", 8));
    EXPECT_NE(error_of(file, ErrorCode::unsupported).find("PyTorch"), std::string::npos);
    write_file_atomically(file, "");
    EXPECT_NE(error_of(file).find("known format"), std::string::npos);
    write_file_atomically(file, "hello, I am a text");
    EXPECT_NE(error_of(folder_).find("known format"), std::string::npos);
}

TEST_F(ModelSourceTest, TheFingerprintFollowsTheFilesAndNeedsNoOpening) {
    write_tiny_folder(tiny_, folder_);
    const std::string before = fingerprint(folder_);
    EXPECT_EQ(before, fingerprint(*open_model_source(folder_)));
    EXPECT_EQ(before, fingerprint(folder_));
    fs::last_write_time(folder_ / "tokenizer.json",
                        fs::last_write_time(folder_ / "tokenizer.json") + std::chrono::seconds(1));
    EXPECT_NE(before, fingerprint(folder_));
}

TEST(RealModel, WhisperBaseGivesWhatOpenAIsTokenizerDerives) {
    const fs::path folder = fs::path(FT_SOURCE_DIR) / "build/models/whisper-base";
    if (!fs::exists(folder / "model.bin")) GTEST_SKIP() << "build/models/whisper-base is not there (test.sh gets it)";
    const auto source = open_model_source(folder);
    EXPECT_EQ(source->config().d_model, 512);
    EXPECT_EQ(source->config().vocabulary, 51865);
    EXPECT_EQ(source->generation().languages.at("sv"), 50273);
    EXPECT_EQ(source->generation().timestamp_begin, 50364);
    // The converter copied OpenAI's published lists: ours are derived from the vocabulary alone.
    const GenerationConfig derived = derive_generation(source->config(), source->vocabulary(), "x");
    EXPECT_EQ(derived.suppress, source->generation().suppress);
    EXPECT_EQ(derived.begin_suppress, source->generation().begin_suppress);
    for (const WeightSpec& spec : weight_specs(source->config())) {
        for (const std::string& name : spec.weights) EXPECT_NO_THROW(source->tensor(name)) << name;
    }
    // The Hugging Face folder of the same weights, where the converter's script put it beside.
    const fs::path other = fs::canonical(folder).parent_path();
    if (!fs::exists(other / "model.safetensors")) return;
    const auto same = open_model_source(other);
    EXPECT_EQ(same->vocabulary(), source->vocabulary());
    EXPECT_EQ(same->generation(), source->generation());
    EXPECT_EQ(same->config(), source->config());
    for (const WeightSpec& spec : weight_specs(source->config())) {
        for (const std::string& name : spec.weights)
            EXPECT_EQ(same->tensor(name).to_f32(), source->tensor(name).to_f32()) << name;
    }
}

}  // namespace
}  // namespace ft
