#pragma once
// Which tokens may come next: Whisper's suppression and timestamp rules (openai/whisper, decoding.py,
// SuppressBlank, SuppressTokens, ApplyTimestampRules), as data for Backend::choose_tokens.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "model/model_source.h"
#include "tensor/backend.h"

namespace ft {

struct RuleOptions {
    bool timestamps = true;
    /// generation_config's list stands for −1, as in OpenAI's --suppress_tokens; further ids are added to it.
    std::vector<int32_t> suppress = {-1};
    bool suppress_blank = true;             ///< no space and no end of text as the first token (begin_suppress)
    double max_initial_timestamp_s = 1.0;   ///< the first timestamp is not later
    /// KB-Whisper learnt to write the no-speech token as the text of silence; suppressing it makes it invent words.
    bool allow_no_speech_token = true;
};

/// Immutable after construction; any number of threads. The rules returned point into it.
class LogitsRules {
  public:
    LogitsRules(const GenerationConfig& generation, int vocabulary, const RuleOptions& options);

    /// `sampled`: the tokens after the prompt so far. Sets everything of TokenRule but temperature, uniform and top.
    /// The probe is the no-speech token at the first step, none later. With timestamps: they come in pairs except
    /// directly before the end of the text, never go back, and a segment never has zero length.
    TokenRule next(std::span<const int32_t> sampled) const;

    const GenerationConfig& generation() const { return generation_; }

  private:
    GenerationConfig generation_;
    int vocabulary_;
    RuleOptions options_;
    std::vector<uint64_t> always_, first_;  // bit sets
};

}  // namespace ft
