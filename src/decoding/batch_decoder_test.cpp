#include "decoding/batch_decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/error.h"
#include "base/testing/temporary_folder.h"
#include "model/encoder.h"
#include "model/testing/tiny_checkpoint.h"
#include "tensor/testing/forwarding_backend.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

/// A small random Whisper: it talks nonsense, but always the same.
class TinyWhisper : public testing::Test {
  protected:
    static constexpr int positions = 128;

    void SetUp() override {
        const test::TemporaryFolder temporary;
        const fs::path& folder = temporary.path();
        TinyCheckpoint tiny = make_tiny_checkpoint();
        shorten_texts(tiny, positions);
        write_tiny_folder(tiny, folder);
        backend_ = make_backend({"cpu", Precision::float32, 2, ""});
        write_packed_model(*open_model_source(folder), backend_->packer(), folder / "packed");
        model_ = std::make_unique<WhisperModel>(PackedModel::open(folder / "packed", backend_->packer().packing()),
                                                *backend_);
        tokenizer_ = std::make_unique<Tokenizer>(model_->packed().vocabulary());
    }

    std::unique_ptr<CrossCache> window(int64_t id) {
        Encoder encoder(*model_, *backend_);
        return encoder.encode_for_decoder(random_log_mel(model_->config(), static_cast<uint32_t>(id)));
    }

    DecodePlan plan(FallbackOptions fallback, uint64_t seed = 7) const {
        return {LogitsRules(model_->packed().generation(), model_->config().vocabulary, {}), std::move(fallback), seed};
    }

    DecodeRequest request(const DecodePlan& plan, int64_t id) {
        const GenerationConfig& special = model_->packed().generation();
        return {&plan,
                id,
                window(id),
                {special.start_of_transcript, special.languages.begin()->second, special.transcribe}};
    }

    BatchDecoder decoder(int slots) { return {*model_, *backend_, *tokenizer_, slots}; }

    std::map<int64_t, Hypothesis> decode(int windows, int slots, const FallbackOptions& options, uint64_t seed = 7,
                                         bool ahead = false, const SearchOptions& search = {}) {
        DecodePlan job = plan(options, seed);
        job.search = search;
        BatchDecoder batch = decoder(slots);
        std::map<int64_t, Hypothesis> done;
        std::vector<DecodeResult> results;
        steps_ = 0;
        for (int64_t next = 0; next < windows || !batch.idle(); ++steps_) {
            while (next < windows && batch.has_room(job)) batch.add(request(job, next++));
            if (ahead) batch.use_spare_slots();
            EXPECT_LE(batch.rows(), slots);
            batch.step(results);
            for (DecodeResult& result : results) {
                EXPECT_EQ(result.plan, &job);
                EXPECT_TRUE(done.emplace(result.id, std::move(result.hypothesis)).second) << "twice: " << result.id;
            }
            results.clear();
        }
        return done;
    }

    std::unique_ptr<Backend> backend_;
    std::unique_ptr<WhisperModel> model_;
    std::unique_ptr<Tokenizer> tokenizer_;
    int steps_ = 0;  // of the latest decode()
};

/// No hypothesis of a random model is believed: every window climbs the whole ladder.
FallbackOptions strict() {
    FallbackOptions options;
    options.temperatures = {0.0F, 0.5F, 1.0F};
    options.logprob_threshold = 0.0F;
    options.no_speech_threshold = 2.0F;
    return options;
}

TEST_F(TinyWhisper, TheBatchSizeChangesNothing) {
    const auto alone = decode(5, 1, strict());
    ASSERT_EQ(alone.size(), 5u);
    for (const int slots : {2, 5}) {
        const auto together = decode(5, slots, strict());
        for (const auto& [id, hypothesis] : alone) {
            EXPECT_EQ(together.at(id).tokens, hypothesis.tokens) << "window " << id << " with " << slots << " slots";
            EXPECT_EQ(together.at(id).avg_logprob, hypothesis.avg_logprob);
            EXPECT_EQ(together.at(id).temperature, hypothesis.temperature);
        }
    }
}

/// Remembers the largest step.
class StepSizes : public ForwardingBackend {
  public:
    using ForwardingBackend::ForwardingBackend;
    void embed(const Weight& table, const Weight& positions, std::span<const int32_t> tokens,
               std::span<const int32_t> position, Tensor& out) override {
        largest = std::max(largest, tokens.size());
        ForwardingBackend::embed(table, positions, tokens, position, out);
    }
    size_t largest = 0;
};

TEST_F(TinyWhisper, LongPromptsThatComeTogetherAreReadInSeveralSteps) {
    auto watched = std::make_unique<StepSizes>(std::move(backend_));
    const StepSizes& sizes = *watched;
    backend_ = std::move(watched);
    FallbackOptions cold;
    cold.temperatures = {0.0F};
    const DecodePlan job = plan(cold);
    const auto texts_of = [&](int windows, int slots) {
        BatchDecoder batch = decoder(slots);
        std::map<int64_t, std::vector<int32_t>> texts;
        std::vector<DecodeResult> results;
        for (int64_t next = 0; next < windows || !batch.idle();) {
            while (next < windows && batch.has_room(job)) {
                DecodeRequest long_one = request(job, next);
                for (int32_t token = 0; long_one.prompt.size() < 100; ++token)
                    long_one.prompt.push_back(100 + (token + static_cast<int32_t>(next)) % 7);
                batch.add(std::move(long_one));
                ++next;
            }
            batch.step(results);
        }
        for (DecodeResult& result : results) texts[result.id] = result.hypothesis.tokens;
        return texts;
    };
    const auto alone = texts_of(13, 1);
    EXPECT_EQ(sizes.largest, 100U);
    EXPECT_EQ(texts_of(13, 13), alone);
    EXPECT_EQ(sizes.largest, 1000U) << "1,300 would be more than a step has";
}

TEST_F(TinyWhisper, TheSeedDecidesWhatIsSampled) {
    FallbackOptions sampled = strict();
    sampled.temperatures = {1.0F};
    const auto first = decode(3, 3, sampled, 1), again = decode(3, 2, sampled, 1), other = decode(3, 3, sampled, 2);
    bool differs = false;
    for (const auto& [id, hypothesis] : first) {
        EXPECT_EQ(again.at(id).tokens, hypothesis.tokens);
        differs = differs || other.at(id).tokens != hypothesis.tokens;
    }
    EXPECT_TRUE(differs);
}

TEST_F(TinyWhisper, EveryTemperatureIsTriedAndTheBestIsKept) {
    const auto all = decode(3, 2, strict());
    for (const auto& [id, hypothesis] : all) EXPECT_EQ(hypothesis.attempts, 3) << "window " << id;
    FallbackOptions content = strict();
    content.logprob_threshold = -1000.0F;
    content.compression_ratio_threshold = 1000.0F;
    for (const auto& [id, hypothesis] : decode(3, 2, content)) {
        // A random model likes to repeat itself: that alone may send it up the ladder.
        EXPECT_TRUE(hypothesis.attempts == 1 ? hypothesis.temperature == 0.0F : hypothesis.attempts <= 3);
        EXPECT_FALSE(hypothesis.attempts < 3 && hypothesis.looped)
            << "a loop is not accepted while temperatures are left";
    }
    content.temperatures = {0.9F};
    for (const auto& [id, hypothesis] : decode(3, 2, content)) EXPECT_EQ(hypothesis.attempts, 1) << "window " << id;
}

TEST_F(TinyWhisper, TemperaturesSideBySideGiveWhatTheyGiveInTurn) {
    FallbackOptions mixed = strict();
    mixed.temperatures = {0.0F, 0.3F, 0.6F, 0.9F, 1.2F};
    mixed.compression_ratio_threshold = 3.25F;
    for (const float threshold : {0.0F, -8.0F}) {  // all climb to the end, or each as far as it must
        mixed.logprob_threshold = threshold;
        const auto in_turn = decode(4, 3, mixed);
        const int steps_in_turn = steps_;
        std::set<int> attempts;
        for (const auto& [id, hypothesis] : in_turn) attempts.insert(hypothesis.attempts);
        EXPECT_EQ(attempts.size() > 1, threshold < 0.0F) << "windows of this seed that stop at different temperatures";
        for (const int slots : {2, 16}) {
            const auto ahead = decode(4, slots, mixed, 7, true);
            ASSERT_EQ(ahead.size(), in_turn.size());
            for (const auto& [id, hypothesis] : in_turn) {
                EXPECT_EQ(ahead.at(id).tokens, hypothesis.tokens) << "window " << id << ", " << slots << " slots";
                EXPECT_EQ(ahead.at(id).temperature, hypothesis.temperature);
                EXPECT_EQ(ahead.at(id).attempts, hypothesis.attempts);
            }
        }
        if (threshold == 0.0F) {
            EXPECT_LT(steps_ * 2, steps_in_turn) << "with room for all, the ladder is climbed in two";
        }
    }
}

TEST_F(TinyWhisper, ANewWindowTakesTheSlotOfAnAttemptAhead) {
    const DecodePlan job = plan(strict());
    BatchDecoder batch = decoder(3);
    batch.add(request(job, 0));
    std::vector<DecodeResult> results;
    while (batch.rows() == 1) {
        batch.step(results);
        batch.use_spare_slots();
    }
    EXPECT_EQ(batch.rows(), 2) << "two temperatures are left after the first";
    batch.add(request(job, 1));
    EXPECT_TRUE(batch.has_room(job));
    batch.add(request(job, 2));
    EXPECT_EQ(batch.rows(), 3);
    EXPECT_FALSE(batch.has_room(job)) << "each row now has a window of its own";
    EXPECT_THROW(batch.add(request(job, 3)), Error);
    std::map<int64_t, Hypothesis> done;
    while (!batch.idle()) {
        batch.use_spare_slots();
        batch.step(results);
    }
    for (DecodeResult& result : results) done.emplace(result.id, std::move(result.hypothesis));
    const auto expected = decode(3, 3, strict());
    ASSERT_EQ(done.size(), 3U);
    for (const auto& [id, hypothesis] : expected) EXPECT_EQ(done.at(id).tokens, hypothesis.tokens) << id;
}

TEST_F(TinyWhisper, JobsShareABatchAndLeaveItAlone) {
    FallbackOptions sampled = strict();
    sampled.temperatures = {1.0F};
    const auto first = decode(2, 2, sampled, 1), second = decode(2, 2, strict(), 2);
    const DecodePlan one = plan(sampled, 1), two = plan(strict(), 2);
    BatchDecoder batch = decoder(4);
    for (const int64_t id : {0, 1}) {
        batch.add(request(one, id));
        batch.add(request(two, id));
    }
    EXPECT_EQ(batch.rows_of(&one), 2);
    std::vector<DecodeResult> results;
    while (!batch.idle()) batch.step(results);
    ASSERT_EQ(results.size(), 4U);
    for (const DecodeResult& result : results) {
        const auto& alone = result.plan == &one ? first : second;
        EXPECT_EQ(result.hypothesis.tokens, alone.at(result.id).tokens);
    }
    batch.add(request(one, 0));
    batch.add(request(two, 0));
    batch.remove(&one);
    EXPECT_EQ(batch.rows_of(&one), 0);
    results.clear();
    while (!batch.idle()) batch.step(results);
    ASSERT_EQ(results.size(), 1U);
    EXPECT_EQ(results[0].hypothesis.tokens, second.at(0).tokens);
}

TEST_F(TinyWhisper, GuessesAreFewWhereTheModelHearsNoSpeech) {
    FallbackOptions options;
    options.temperatures = {0.0F, 0.2F, 0.4F, 0.6F, 0.8F};
    options.compression_ratio_threshold = 0.0F;  // every text fails
    options.logprob_threshold = -1000.0F;
    for (const bool ahead : {false, true}) {
        options.no_speech_threshold = 0.0F;  // and none sounds like speech
        for (const auto& [id, hypothesis] : decode(3, 4, options, 1, ahead)) EXPECT_EQ(hypothesis.attempts, 3) << id;
        options.no_speech_threshold = 1000.0F;
        for (const auto& [id, hypothesis] : decode(3, 4, options, 1, ahead)) EXPECT_EQ(hypothesis.attempts, 5) << id;
    }
}

TEST_F(TinyWhisper, WhatIsTriedOnceIsBrokenOffWhereItIsHopeless) {
    FallbackOptions options = strict();
    const auto tokens_of = [&](bool once) {
        const DecodePlan job = plan(options);
        BatchDecoder batch = decoder(2);
        DecodeRequest wanted = request(job, 0);
        wanted.once = once;
        batch.add(std::move(wanted));
        std::vector<DecodeResult> results;
        while (!batch.idle()) batch.step(results);
        EXPECT_EQ(results.size(), 1U);
        EXPECT_EQ(results[0].hypothesis.attempts, once ? 1 : static_cast<int>(options.temperatures.size()));
        return results[0].hypothesis.tokens.size();
    };
    options.no_speech_threshold = 1000.0F;
    EXPECT_GT(tokens_of(false), 24U);
    EXPECT_LE(tokens_of(true), 24U) << "a random model does not believe itself";
    options.no_speech_threshold = 1e-9F;
    EXPECT_LE(tokens_of(true), 1U) << "nobody speaks";
}

SearchOptions beam_of(int width) {
    SearchOptions search;
    search.beam_size = search.best_of = width;
    return search;
}

TEST_F(TinyWhisper, BeamsAreTheSameAtAnyBatchSize) {
    FallbackOptions twice = strict();
    twice.temperatures = {0.0F, 0.8F};
    const auto alone = decode(4, 3, twice, 7, false, beam_of(3));
    ASSERT_EQ(alone.size(), 4U);
    for (const int slots : {4, 7, 12}) {
        for (const bool ahead : {false, true}) {
            const auto together = decode(4, slots, twice, 7, ahead, beam_of(3));
            for (const auto& [id, hypothesis] : alone) {
                EXPECT_EQ(together.at(id).tokens, hypothesis.tokens)
                    << "window " << id << " with " << slots << " slots";
                EXPECT_EQ(together.at(id).avg_logprob, hypothesis.avg_logprob);
            }
        }
    }
}

TEST_F(TinyWhisper, ABeamIsWhatReadingEveryTextFromItsBeginningGives) {
    FallbackOptions cold;
    cold.temperatures = {0.0F};
    const auto found = decode(2, 4, cold, 7, false, beam_of(4));
    const DecodePlan job = plan(cold);
    for (const auto& [id, hypothesis] : found) {
        if (hypothesis.looped) continue;
        const DecodeRequest wanted = request(job, id);
        Decoder decoder(*model_, *backend_, 1);
        double sum = 0;
        std::vector<int32_t> text;
        std::vector<int32_t> all = hypothesis.tokens;
        all.push_back(model_->packed().generation().end_of_text);
        for (const int32_t token : all) {
            std::vector<DecoderInput> inputs;
            for (const int32_t read : wanted.prompt)
                inputs.push_back({read, static_cast<int32_t>(inputs.size()), 0, wanted.window.get()});
            for (const int32_t read : text)
                inputs.push_back({read, static_cast<int32_t>(inputs.size()), 0, wanted.window.get()});
            decoder.step(inputs);
            TokenRule rule = job.rules.next(text);
            rule.top = 32;
            const auto item = static_cast<int32_t>(inputs.size()) - 1;
            const Choice choice = decoder.choose({&item, 1}, {&rule, 1})[0];
            for (const Candidate& candidate : choice.candidates)
                sum += candidate.token == token ? candidate.log_probability : 0.0F;
            text.push_back(token);
        }
        EXPECT_NEAR(hypothesis.avg_logprob, sum / static_cast<double>(all.size()), 1e-4) << "window " << id;
    }
}

TEST_F(TinyWhisper, ABeamNeedsItsRows) {
    DecodePlan wide = plan({});
    wide.search = beam_of(5);
    BatchDecoder batch = decoder(4);
    EXPECT_FALSE(batch.has_room(wide));
    EXPECT_THROW(batch.add(request(wide, 0)), Error);
    EXPECT_TRUE(batch.idle());
    BatchDecoder larger = decoder(11);
    larger.add(request(wide, 0));
    EXPECT_TRUE(larger.has_room(wide));
    larger.add(request(wide, 1));
    EXPECT_FALSE(larger.has_room(wide));
    EXPECT_TRUE(larger.has_room(plan({}))) << "a greedy one still fits";
    EXPECT_EQ(larger.rows_of(&wide), 10);
}

TEST_F(TinyWhisper, RefusesAPromptWithoutRoomForText) {
    const DecodePlan job = plan({}), hopeless = plan({{}, 2.4F, -1.0F, 0.6F});
    BatchDecoder batch = decoder(1);
    DecodeRequest too_long = request(job, 0);
    too_long.prompt.resize(static_cast<size_t>(model_->config().text_positions), too_long.prompt[0]);
    EXPECT_THROW(batch.add(std::move(too_long)), Error);
    EXPECT_THROW(batch.add(request(hopeless, 0)), Error) << "no temperature";
    EXPECT_TRUE(batch.idle());
    EXPECT_TRUE(batch.has_room(job));
}

TEST_F(TinyWhisper, LanguageProbabilitiesSumToOne) {
    const GenerationConfig& generation = model_->packed().generation();
    const auto probabilities = decoder(1).language_probabilities(generation, *window(0));
    ASSERT_EQ(probabilities.size(), generation.languages.size());
    float total = 0.0F;
    for (const float value : probabilities) total += value;
    EXPECT_NEAR(total, 1.0F, 1e-5F);
}

/// Texts of a few tokens each, with times.
class TimedWhisper : public TinyWhisper {
  protected:
    std::map<int64_t, Hypothesis> timed(int windows, int slots) {
        DecodePlan job = plan(trusting());
        job.word_times = true;
        BatchDecoder batch = decoder(slots);
        std::map<int64_t, Hypothesis> done;
        std::vector<DecodeResult> results;
        for (int64_t next = 0; next < windows || !batch.idle();) {
            while (next < windows && batch.has_room(job)) batch.add(request(job, next++));
            batch.step(results);
            for (DecodeResult& result : results) done.emplace(result.id, std::move(result.hypothesis));
            results.clear();
        }
        return done;
    }
    size_t text_tokens(const Hypothesis& hypothesis) const {
        return static_cast<size_t>(std::count_if(hypothesis.tokens.begin(), hypothesis.tokens.end(),
                                                 [&](int32_t token) { return !tokenizer_->is_special(token); }));
    }
    /// A random model convinces nobody: take what it says.
    static FallbackOptions trusting() {
        FallbackOptions options;
        options.temperatures = {0.0F};
        options.no_speech_threshold = 2.0F;
        options.logprob_threshold = -1000.0F;
        return options;
    }
    void use_heads(const HeadList& heads, int layers = 2) {
        const test::TemporaryFolder temporary;
        TinyOptions options;
        options.layers = layers;
        TinyCheckpoint checkpoint = make_tiny_checkpoint(options);
        shorten_texts(checkpoint, positions);
        checkpoint.generation.alignment_heads = heads;
        write_tiny_folder(checkpoint, temporary.path());
        const fs::path packed = temporary.path() / "packed";
        write_packed_model(*open_model_source(temporary.path()), backend_->packer(), packed);
        model_ = std::make_unique<WhisperModel>(PackedModel::open(packed, backend_->packer().packing()), *backend_);
    }
    void expect_times_in_order(const std::map<int64_t, Hypothesis>& hypotheses) const {
        for (const auto& [id, hypothesis] : hypotheses) {
            EXPECT_EQ(hypothesis.times.size(), text_tokens(hypothesis)) << "window " << id;
            int64_t latest = 0;
            for (const TokenFrames& time : hypothesis.times) {
                EXPECT_GE(time.begin, latest);
                EXPECT_GE(time.end, time.begin);
                EXPECT_LE(time.end, model_->config().audio_positions);
                latest = time.begin;
            }
        }
    }
};

TEST_F(TimedWhisper, EveryTextTokenHasATimeAndAProbability) {
    const auto hypotheses = timed(4, 2);
    ASSERT_EQ(hypotheses.size(), 4U);
    expect_times_in_order(hypotheses);
    size_t tokens = 0;
    for (const auto& [id, hypothesis] : hypotheses) {
        tokens += hypothesis.times.size();
        ASSERT_EQ(hypothesis.logprobs.size(), hypothesis.tokens.size());
        for (const float logprob : hypothesis.logprobs) EXPECT_LE(logprob, 1e-4F);
    }
    EXPECT_GT(tokens, 10U) << "the random model must write something";
    for (const auto& [id, hypothesis] : decode(2, 2, trusting()))
        EXPECT_TRUE(hypothesis.times.empty()) << "not asked for";
}

TEST_F(TimedWhisper, TimesDependNeitherOnTheBatchNorOnItsSize) {
    const auto together = timed(3, 3), alone = timed(3, 1);
    for (const auto& [id, hypothesis] : alone) {
        const Hypothesis& other = together.at(id);
        EXPECT_EQ(other.tokens, hypothesis.tokens);
        ASSERT_EQ(other.times.size(), hypothesis.times.size());
        for (size_t i = 0; i < other.times.size(); ++i) {
            EXPECT_EQ(other.times[i].begin, hypothesis.times[i].begin);
            EXPECT_EQ(other.times[i].end, hypothesis.times[i].end);
        }
    }
}

TEST_F(TimedWhisper, WrongAndMissingHeadsStillGiveTimes) {
    for (const HeadList& heads : {HeadList{}, HeadList{{0, 0}}, HeadList{{1, 1}, {1, 0}, {1, 1}}, HeadList{{7, 9}}}) {
        use_heads(heads);
        expect_times_in_order(timed(2, 2));
    }
    use_heads({}, 1);  // a single layer
    expect_times_in_order(timed(2, 2));
}

}  // namespace
}  // namespace ft
