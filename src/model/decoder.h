#pragma once
// Whisper's decoder (Radford et al. 2022, §2.2), one step for any number of rows: rows of a batch, or a prompt's
// tokens.
#include <memory>
#include <span>
#include <vector>

#include "model/whisper_model.h"

namespace ft {

/// One token that the decoder reads.
struct DecoderInput {
    int32_t token = 0;
    int32_t position = 0;  ///< in its sequence, from 0
    int32_t slot = 0;      ///< row of the self-attention cache
    const CrossCache* window = nullptr;
};

/// Owns a self-attention cache of `slots` rows. One thread at a time; model and backend must outlive it.
class Decoder {
  public:
    Decoder(const WhisperModel& model, Backend& backend, int slots);

    int slots() const { return slots_; }

    /// Reads the inputs (those of one slot in ascending position); logits of any of them can be asked for afterwards.
    void step(std::span<const DecoderInput> inputs);
    /// `items[i]`: index of the input whose next token rule i chooses.
    std::vector<Choice> choose(std::span<const int32_t> items, std::span<const TokenRule> rules);
    /// Raw logits [items, vocabulary].
    std::vector<float> logits(std::span<const int32_t> items);
    void copy_slot(int from, int to, int positions);

    /// Reads whole texts (their tokens in ascending position, each text in a slot of its own) and keeps where these
    /// heads listen: head i of the trace is heads[i], which must ascend by layer. Runs no further than it must, so that
    /// choose() and logits() have nothing to say afterwards. Throws Error{invalid_argument} for a head that the model
    /// does not have.
    std::unique_ptr<AttentionTrace> trace(std::span<const DecoderInput> inputs,
                                          std::span<const std::pair<int, int>> heads);

  private:
    /// What a step reads, by item.
    struct Items {
        std::vector<int32_t> positions, slots;
        std::vector<const CrossCache*> windows;
    };
    Items read(std::span<const DecoderInput> inputs);
    void attend_to_text(int index, const Items& items);
    void leave_attention(int index);

    const WhisperModel& model_;
    Backend& backend_;
    int slots_;
    std::unique_ptr<SelfCache> cache_;
    Tensor x_;  // [inputs, d]
    Tensor qkv_, mixed_, query_, hidden_;
};

}  // namespace ft
