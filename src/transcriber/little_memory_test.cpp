// When memory is short the batch becomes smaller: no window is lost, and the text is what it is with memory for all.
#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <functional>
#include <string_view>
#include <thread>

#include "audio/testing/test_audio.h"
#include "base/error.h"
#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "model/packed_model.h"
#include "model/testing/tiny_checkpoint.h"
#include "tensor/testing/forwarding_backend.h"
#include "transcriber/transcriber.h"
#ifdef FT_CUDA_STANDIN_TESTS
#include "backends/cuda/cuda_backend.h"
#endif

namespace ft {
namespace {

/// Whether a call of this size is refused for lack of memory.
using Refusal = std::function<bool(std::string_view call, int64_t size)>;

class ScarceBackend final : public ForwardingBackend {
  public:
    ScarceBackend(std::unique_ptr<Backend> inner, Refusal refuses, std::atomic<int>* releases)
        : ForwardingBackend(std::move(inner)), refuses_(std::move(refuses)), releases_(releases) {}

    std::unique_ptr<CrossCache> make_cross_cache(const Tensor& encoded, std::span<const Weight* const> kv_weights,
                                                 int heads, int listeners) override {
        need("window", encoded.rows());
        return ForwardingBackend::make_cross_cache(encoded, kv_weights, heads, listeners);
    }
    std::unique_ptr<SelfCache> make_self_cache(int layers, int rows, int positions, int d) override {
        need("slots", rows);
        return ForwardingBackend::make_self_cache(layers, rows, positions, d);
    }
    void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
               std::span<const int32_t> position, Tensor& out) override {
        need("embed", static_cast<int64_t>(tokens.size()));
        ForwardingBackend::embed(table, positions, tokens, position, out);
    }
    std::unique_ptr<AttentionTrace> make_attention_trace(int64_t items, int heads) override {
        need("trace", items);
        return ForwardingBackend::make_attention_trace(items, heads);
    }
    std::vector<Choice> choose_tokens(const Tensor& x, const Weight& norm, const Weight& table,
                                      std::span<const int32_t> items, std::span<const TokenRule> rules) override {
        need("choose", static_cast<int64_t>(rules.size()));
        return ForwardingBackend::choose_tokens(x, norm, table, items, rules);
    }
    void release_idle_memory() override { ++*releases_; }

  private:
    void need(std::string_view call, int64_t size) {
        if (refuses_ && refuses_(call, size)) throw Error(ErrorCode::out_of_memory, "no room for {}", call);
    }
    Refusal refuses_;
    std::atomic<int>* releases_;
};

class LittleMemory : public testing::Test {
  protected:
    static void SetUpTestSuite() {
        model_ = std::make_unique<test::TemporaryFolder>();
        TinyCheckpoint tiny = make_tiny_checkpoint({.d_model = 64, .layers = 1});
        shorten_texts(tiny, 64);
        write_tiny_folder(tiny, *model_ / "model");
        write_packed_model(*open_model_source(*model_ / "model"), cpu()->packer(), *model_ / "packed");
        write_file_atomically((*model_ / "a.wav").string(),
                              test::wav(16000, 1, test::pcm_s16(16000, 1, 120, [](int, double t) {
                                            const bool voiced = std::fmod(t, 10.0) < 7.0 && std::fmod(t, 0.8) < 0.6;
                                            return voiced ? 0.275 * std::sin(6.283 * (180 + t) * t) : 0.0;
                                        })));
    }
    static void TearDownTestSuite() { model_.reset(); }
    static std::unique_ptr<Backend> cpu() { return make_backend({"cpu", Precision::int8, 2, ""}); }

    void SetUp() override {
        options_.decode.temperatures = {0.0F, 0.6F};
        options_.decode.search = {};
        options_.decode.logprob_threshold = 0.0F;  // each window climbs the ladder
        options_.decode.no_speech_threshold = 2.0F;
        options_.decode.word_times = true;
        options_.repair = options_.drop_inventions = false;
    }

    std::unique_ptr<Transcriber> load(Refusal refuses) {
        return std::make_unique<Transcriber>(
            *model_ / "packed", std::make_unique<ScarceBackend>(cpu(), std::move(refuses), &releases_), 8, 1);
    }
    Transcript transcribe(Transcriber& transcriber) const {
        return transcriber.transcribe((*model_ / "a.wav").string(), options_);
    }
    Transcript with_all() { return transcribe(*load(nullptr)); }

    static void expect_the_same(const Transcript& got, const Transcript& expected) {
        EXPECT_GE(expected.coverage.windows, 4);
        EXPECT_EQ(got.coverage.windows, expected.coverage.windows);
        EXPECT_EQ(got.text(), expected.text());
        ASSERT_EQ(got.segments.size(), expected.segments.size());
        for (size_t i = 0; i < got.segments.size(); ++i) {
            ASSERT_EQ(got.segments[i].words.size(), expected.segments[i].words.size());
            for (size_t w = 0; w < got.segments[i].words.size(); ++w)
                EXPECT_EQ(got.segments[i].words[w].start_s, expected.segments[i].words[w].start_s);
        }
    }
    static void expect_one_warning(const Transcript& transcript) {
        ASSERT_EQ(transcript.warnings.size(), 1U);
        EXPECT_NE(transcript.warnings[0].find("memory was short"), std::string::npos);
    }

    static inline std::unique_ptr<test::TemporaryFolder> model_;
    TranscribeOptions options_;
    std::atomic<int> releases_{0};
};

TEST_F(LittleMemory, ABatchThatIsTooLargeBecomesSmaller) {
    const Transcript expected = with_all();
    EXPECT_TRUE(expected.warnings.empty());
    for (const int64_t most_rows : {1, 3}) {
        // The choice is made after the caches have been written: the step is done again. How large the batch becomes
        // is a matter of how fast windows come.
        bool refused = false;
        const auto transcriber = load([&](std::string_view call, int64_t size) {
            const bool refuses = call == "choose" && size > 2 * most_rows;
            refused = refused || refuses;
            return refuses;
        });
        const Transcript got = transcribe(*transcriber);
        expect_the_same(got, expected);
        if (refused) {
            expect_one_warning(got);
        } else {
            EXPECT_TRUE(got.warnings.empty());
        }
    }
}

TEST_F(LittleMemory, FewerSlotsAndWindowsThatDoNotFit) {
    const Transcript expected = with_all();
    const auto few_slots = load([](std::string_view call, int64_t size) { return call == "slots" && size > 2; });
    for (int again = 0; again < 2; ++again) {
        const Transcript got = transcribe(*few_slots);
        expect_the_same(got, expected);
        expect_one_warning(got);
    }
    // At most three times: who is alone gives up half of eight slots each time, and has one left.
    int windows = 0;
    const auto few_windows =
        load([&](std::string_view call, int64_t) { return call == "window" && ++windows % 3 != 1 && windows < 6; });
    const Transcript got = transcribe(*few_windows);
    expect_the_same(got, expected);
    expect_one_warning(got);
}

TEST_F(LittleMemory, FinishedTextsWhoseTimesDoNotFitComeAgain) {
    const Transcript expected = with_all();
    int traces = 0;
    const auto transcriber = load([&](std::string_view call, int64_t) { return call == "trace" && ++traces <= 2; });
    const Transcript got = transcribe(*transcriber);
    expect_the_same(got, expected);
    expect_one_warning(got);
    EXPECT_GT(traces, 2);
}

TEST_F(LittleMemory, FilesAtOnceLoseNothingWhateverFails) {
    const Transcript expected = with_all();
    int calls = 0;
    const auto transcriber = load([&](std::string_view call, int64_t size) {
        return size > 1 && call != "slots" && ++calls % 17 == 0 && calls < 17 * 4;
    });
    std::vector<Transcript> got(3);
    std::vector<std::thread> threads;
    for (Transcript& one : got) threads.emplace_back([&] { one = transcribe(*transcriber); });
    for (std::thread& thread : threads) thread.join();
    for (const Transcript& one : got) expect_the_same(one, expected);
}

TEST_F(LittleMemory, WhenNotEvenOneWindowFitsTheFileFailsAndTheNextOneIsTried) {
    std::atomic<bool> none{true};
    const auto transcriber = load([&](std::string_view call, int64_t) { return none && call == "window"; });
    try {
        transcribe(*transcriber);
        ADD_FAILURE() << "there was no memory";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
        EXPECT_NE(std::string(error.what()).find("a single window"), std::string::npos) << error.what();
    }
    none = false;
    const Transcript got = transcribe(*transcriber);
    expect_the_same(got, with_all());
    EXPECT_TRUE(got.warnings.empty()) << "the memory is there again, and used";
}

TEST_F(LittleMemory, IdleMemoryGoesBack) {
    const auto transcriber = load(nullptr);
    transcribe(*transcriber);
    EXPECT_EQ(releases_, 0);
    for (int i = 0; i < 1000 && releases_ == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(releases_, 1);
    expect_the_same(transcribe(*transcriber), with_all());
}

#ifdef FT_CUDA_STANDIN_TESTS
/// The GPU's own accounts of its memory, on kernels that are counted and not run.
TEST_F(LittleMemory, TheGpuStaysWithinItsBudget) {
    options_.decode.temperatures = {0.0F};
    options_.decode.word_times = false;
    WorkLog work;
    const auto gpu = [&](size_t budget) {
        BackendOptions options{"cuda_standin", Precision::float16, 1, ""};
        options.memory_budget = budget;
        return cuda_standin::make_counting_backend(options, work);
    };
    const auto packed = *model_ / "packed_gpu";
    // As where there is no GPU.
    write_packed_model(*open_model_source(*model_ / "model"), *make_packer({"cuda", Precision::float16, 0, ""}),
                       packed);
    const Transcript expected = transcribe(*std::make_unique<Transcriber>(packed, gpu(0), 8, 1));
    // The least that is enough leaves no room for the batch that was asked for.
    size_t enough = size_t{64} << 20, too_little = 1000;
    Transcript got;
    while (enough - too_little > 1000) {
        const size_t budget = too_little + (enough - too_little) / 2;
        try {
            Transcriber transcriber(packed, gpu(budget), 8, 1);
            got = transcribe(transcriber);
            EXPECT_EQ(got.text(), expected.text()) << budget;
            EXPECT_EQ(got.coverage.windows, expected.coverage.windows);
            enough = budget;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::out_of_memory);
            EXPECT_NE(std::string(error.what()).find("--gpu_memory"), std::string::npos) << error.what();
            too_little = budget;
        }
    }
    EXPECT_LT(enough, size_t{64} << 20);
    expect_one_warning(got);
}
#endif

}  // namespace
}  // namespace ft
