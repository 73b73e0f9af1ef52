// A small random model from log-mel to tokens on the GPU's own kernels, run by the host stand-in: whatever is wrong
// between operations shows in the text.
#include <gtest/gtest.h>

#include <map>

#include "backends/cuda/cuda_backend.h"
#include "base/testing/temporary_folder.h"
#include "decoding/batch_decoder.h"
#include "model/encoder.h"
#include "model/testing/tiny_checkpoint.h"

namespace ft {
namespace {

/// One backend with the tiny model on it.
class Machine {
  public:
    explicit Machine(std::unique_ptr<Backend> backend) : backend_(std::move(backend)) {
        const test::TemporaryFolder folder;
        TinyCheckpoint tiny = make_tiny_checkpoint();
        shorten_texts(tiny, 128);
        write_tiny_folder(tiny, folder.path());
        write_packed_model(*open_model_source(folder.path()), backend_->packer(), folder.path() / "packed");
        model_ = std::make_unique<WhisperModel>(
            PackedModel::open(folder.path() / "packed", backend_->packer().packing()), *backend_);
        tokenizer_ = std::make_unique<Tokenizer>(model_->packed().vocabulary());
    }

    std::map<int64_t, Hypothesis> decode(int windows, int slots, const SearchOptions& search, bool all_alike = false) {
        FallbackOptions options;
        options.temperatures = {0.0F};
        DecodePlan plan{LogitsRules(model_->packed().generation(), model_->config().vocabulary, {}), options, 7};
        plan.search = search;
        BatchDecoder batch(*model_, *backend_, *tokenizer_, slots);
        std::map<int64_t, Hypothesis> done;
        std::vector<DecodeResult> results;
        for (int64_t next = 0; next < windows || !batch.idle();) {
            while (next < windows && batch.has_room(plan)) batch.add(request(plan, next++, all_alike));
            batch.step(results);
            for (DecodeResult& result : results) done.emplace(result.id, std::move(result.hypothesis));
            results.clear();
        }
        return done;
    }

  private:
    DecodeRequest request(const DecodePlan& plan, int64_t id, bool all_alike) {
        Encoder encoder(*model_, *backend_);
        const auto mel = random_log_mel(model_->config(), all_alike ? 0 : static_cast<uint32_t>(id));
        const GenerationConfig& special = model_->packed().generation();
        return {&plan,
                id,
                encoder.encode_for_decoder(mel),
                {special.start_of_transcript, special.languages.begin()->second, special.transcribe}};
    }

    std::unique_ptr<Backend> backend_;
    std::unique_ptr<WhisperModel> model_;
    std::unique_ptr<Tokenizer> tokenizer_;
};

void expect_the_same(const std::map<int64_t, Hypothesis>& got, const std::map<int64_t, Hypothesis>& expected) {
    ASSERT_EQ(got.size(), expected.size());
    for (const auto& [id, hypothesis] : expected) {
        EXPECT_FALSE(hypothesis.tokens.empty());
        EXPECT_EQ(got.at(id).tokens, hypothesis.tokens) << "window " << id;
        EXPECT_NEAR(got.at(id).avg_logprob, hypothesis.avg_logprob, 1e-4) << "window " << id;
        EXPECT_NEAR(got.at(id).no_speech_prob, hypothesis.no_speech_prob, 1e-4) << "window " << id;
    }
}

BackendOptions standin(Precision precision) {
    return {"cuda_standin", precision, 1, ""};
}

TEST(CudaDecode, Float32GivesTheReferencesTokens) {
    Machine reference(make_backend({"reference", Precision::float32, 1, ""}));
    Machine gpu(cuda_standin::make_backend(standin(Precision::float32)));
    expect_the_same(gpu.decode(2, 2, {}), reference.decode(2, 2, {}));
}

TEST(CudaDecode, BeamsGoTheSameWays) {
    SearchOptions search;
    search.beam_size = 3;
    Machine reference(make_backend({"reference", Precision::float32, 1, ""}));
    Machine gpu(cuda_standin::make_backend(standin(Precision::float32)));
    expect_the_same(gpu.decode(1, 3, search), reference.decode(1, 3, search));
}

TEST(CudaDecode, Float16HearsTheSameInEveryRow) {
    Machine gpu(cuda_standin::make_backend(standin(Precision::float16)));
    const auto texts = gpu.decode(2, 2, {}, true);
    ASSERT_FALSE(texts.at(0).tokens.empty());
    EXPECT_EQ(texts.at(0).tokens, texts.at(1).tokens);
    EXPECT_EQ(texts.at(0).logprobs, texts.at(1).logprobs);
}

TEST(CudaDecode, Int8HearsTheSameInEveryRow) {
    Machine gpu(cuda_standin::make_backend(standin(Precision::int8_float16)));
    const auto texts = gpu.decode(2, 2, {}, true);
    ASSERT_FALSE(texts.at(0).tokens.empty());
    EXPECT_EQ(texts.at(0).tokens, texts.at(1).tokens);
    EXPECT_EQ(texts.at(0).logprobs, texts.at(1).logprobs);
    // Random weights make near ties, so that a text may take another way; what it begins with must be as probable.
    Machine reference(make_backend({"reference", Precision::float32, 1, ""}));
    const Hypothesis exact = reference.decode(1, 1, {}, true).at(0);
    ASSERT_FALSE(exact.logprobs.empty());
    EXPECT_NEAR(texts.at(0).logprobs.at(0), exact.logprobs.at(0), 0.1);
    EXPECT_NEAR(texts.at(0).avg_logprob, exact.avg_logprob, 0.25);
    EXPECT_NEAR(texts.at(0).no_speech_prob, exact.no_speech_prob, 0.05 * exact.no_speech_prob + 1e-3);
}

}  // namespace
}  // namespace ft
