// Word times against transformers' own steps, on the project's samples.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>

#include "audio/audio_reader.h"
#include "base/file.h"
#include "decoding/word_aligner.h"
#include "features/log_mel.h"
#include "folders.h"
#include "model/encoder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

struct Golden {
    std::unique_ptr<Backend> backend;
    std::unique_ptr<WhisperModel> model;
};

Golden load(Precision precision) {
    Golden golden;
    golden.backend = make_backend({"cpu", precision, 0, ""});
    const fs::path packed = fs::path(testing::TempDir()) / "word-times-whisper-base.ftm";
    write_packed_model(*open_model_source(model_folder), golden.backend->packer(), packed);
    golden.model = std::make_unique<WhisperModel>(PackedModel::open(packed, golden.backend->packer().packing(), true),
                                                  *golden.backend);
    fs::remove(packed);  // it stays mapped
    return golden;
}

AlignRequest request_for(const json& sample, const CrossCache& window, const GenerationConfig& special) {
    AlignRequest request;
    request.window = &window;
    request.prompt = {special.start_of_transcript, special.languages.at("sv"), special.transcribe};
    request.tokens = sample["tokens"].get<std::vector<int32_t>>();
    request.duration_s = sample["samples"].get<double>() / sample_rate;
    return request;
}

class WordTimesGolden : public testing::Test {
  protected:
    void SetUp() override {
        if (!fs::exists(model_folder / "model.bin"))
            GTEST_SKIP() << "whisper-base is not in build/models: test.sh puts it there";
        expected = json::parse(read_file(source / "tests" / "golden" / "whisper_base_words.json"));
        ASSERT_EQ(expected.size(), 2U);
    }
    json expected;
};

TEST_F(WordTimesGolden, HeadsListenWhereTheyDoInTransformers) {
    const Golden golden = load(Precision::float32);
    const WhisperModel& model = *golden.model;
    Encoder encoder(model, *golden.backend);
    Decoder decoder(model, *golden.backend, 1);
    const LogMel log_mel(model.config().n_mels);
    const GenerationConfig& special = model.packed().generation();
    const HeadList heads = alignment_heads(special, model.config());
    for (const auto& [name, sample] : expected.items()) {
        const std::vector<float> pcm = read_all(*AudioReader::open((source / "samples" / name).string()));
        ASSERT_EQ(pcm.size(), sample["samples"].get<size_t>()) << name;
        const auto window = encoder.encode_for_decoder(log_mel.compute(pcm));
        const AlignRequest request = request_for(sample, *window, special);
        std::vector<DecoderInput> inputs;
        const auto add = [&](int32_t token) {
            inputs.push_back({token, static_cast<int32_t>(inputs.size()), 0, window.get()});
        };
        for (const int32_t token : request.prompt) add(token);
        add(special.no_timestamps);
        for (const int32_t token : request.tokens) add(token);
        add(special.end_of_text);
        const auto trace = decoder.trace(inputs, heads);
        std::vector<int32_t> all(heads.size());
        std::iota(all.begin(), all.end(), 0);
        const auto frames = sample["frames"].get<int64_t>();
        const std::vector<float> matrix =
            golden.backend->alignment_matrix(*trace, all, {0, static_cast<int64_t>(inputs.size()), frames});
        double largest = 0;
        size_t at = 0;
        for (const size_t row : sample["matrix_rows"].get<std::vector<size_t>>()) {
            for (const size_t column : sample["matrix_columns"].get<std::vector<size_t>>()) {
                const float ours = matrix[(row + request.prompt.size()) * static_cast<size_t>(frames) + column];
                ASSERT_TRUE(std::isfinite(ours));
                largest = std::max(largest, std::fabs(double{ours} - sample["matrix"][at++].get<double>()));
            }
        }
        std::printf("%s: largest difference from transformers %.2e\n", name.c_str(), largest);
        EXPECT_LE(largest, 1e-2) << name;
    }
}

TEST_F(WordTimesGolden, TokensBeginWhenTheyDoInTransformers) {
    for (const Precision precision : {Precision::float32, Precision::int8}) {
        const Golden golden = load(precision);
        const WhisperModel& model = *golden.model;
        Encoder encoder(model, *golden.backend);
        Decoder decoder(model, *golden.backend, 2);
        const LogMel log_mel(model.config().n_mels);
        WordAligner aligner(model, *golden.backend, decoder);
        std::vector<std::unique_ptr<CrossCache>> windows;
        std::vector<AlignRequest> requests;
        for (const auto& [name, sample] : expected.items()) {
            windows.push_back(encoder.encode_for_decoder(
                log_mel.compute(read_all(*AudioReader::open((source / "samples" / name).string())))));
            requests.push_back(request_for(sample, *windows.back(), model.packed().generation()));
            requests.back().slot = static_cast<int>(requests.size()) - 1;
        }
        const auto times = aligner.align(requests);
        size_t index = 0;
        for (const auto& [name, sample] : expected.items()) {
            const auto begins = sample["begins"].get<std::vector<int64_t>>();  // of the tokens and of the end
            const auto& ours = times[index++];
            ASSERT_EQ(ours.size() + 1, begins.size()) << name;
            int64_t largest = 0;
            size_t equal = 0;
            for (size_t i = 0; i < ours.size(); ++i) {
                const int64_t apart = std::abs(ours[i].begin - begins[i]);
                largest = std::max(largest, apart);
                equal += apart <= 1;
            }
            std::printf("%s, %s: %zu of %zu tokens within a frame of transformers, at most %d frames apart\n",
                        name.c_str(), std::string(to_string(precision)).c_str(), equal, ours.size(),
                        static_cast<int>(largest));
            if (precision == Precision::float32) {
                EXPECT_LE(largest, 1) << name;
            } else {
                // Eight bits move a border of a word now and then.
                EXPECT_GE(static_cast<double>(equal), 0.8 * static_cast<double>(ours.size())) << name;
                EXPECT_LE(largest, 25) << name;
            }
        }
    }
}

}  // namespace
}  // namespace ft
