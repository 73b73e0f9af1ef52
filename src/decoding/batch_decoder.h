#pragma once
// Decoding of many windows at once: each row of the batch is one window; finished rows leave, queued windows enter, and
// a row whose hypothesis fails its checks starts again at the next temperature without holding up the others.
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "decoding/hypothesis.h"
#include "decoding/logits_rules.h"
#include "decoding/tokenizer.h"
#include "model/decoder.h"

namespace ft {

/// What one window is decoded with.
struct DecodeRequest {
    int64_t id = 0;  ///< given back with the result; also seeds the sampling
    std::unique_ptr<CrossCache> window;
    std::vector<int32_t> prompt;  ///< from start_of_previous or start_of_transcript on
};

struct DecodeResult {
    int64_t id = 0;
    Hypothesis hypothesis;
};

/// One thread at a time. A window's result does not depend on the other windows of the batch, nor on the slots.
class BatchDecoder {
  public:
    BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, LogitsRules rules,
                 FallbackOptions options, int slots, uint64_t seed);

    bool has_free_slot() const { return rows_.size() < static_cast<size_t>(decoder_.slots()); }
    bool idle() const { return rows_.empty(); }
    /// Needs a free slot. Throws Error{invalid_argument} when the prompt leaves no room for text.
    void add(DecodeRequest request);
    /// One token for every row; windows that are finished are appended to `results`.
    void step(std::vector<DecodeResult>& results);

    /// Probability of each language token after start_of_transcript, in the order of GenerationConfig::languages.
    std::vector<float> language_probabilities(const CrossCache& window);

  private:
    struct Row {
        DecodeRequest request;
        int slot = 0;
        size_t attempt = 0;
        std::vector<int32_t> tokens;
        double sum_logprob = 0.0;
        float no_speech_prob = 0.0F;
        bool prompt_read = false;
        bool has_best = false;
        Hypothesis best;
    };

    void collect_inputs();
    void take_choices(const std::vector<Choice>& choices);
    /// The attempt is over: true when the row is finished, false when it starts again.
    bool finish_attempt(Row& row, bool looped);
    void restart(Row& row);
    int longest_text(const Row& row) const;

    const WhisperModel& model_;
    const Tokenizer& tokenizer_;
    LogitsRules rules_;
    FallbackOptions options_;
    uint64_t seed_;
    Decoder decoder_;
    std::vector<Row> rows_;
    std::vector<int> free_slots_;
    // Of the step under way.
    std::vector<DecoderInput> inputs_;
    std::vector<int32_t> items_;
    std::vector<TokenRule> token_rules_;
};

}  // namespace ft
