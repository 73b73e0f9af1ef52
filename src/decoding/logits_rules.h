#pragma once
// Which tokens may come next: Whisper's suppression and timestamp rules (openai/whisper, decoding.py,
// SuppressBlank, SuppressTokens, ApplyTimestampRules), as data for Backend::choose_tokens.
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/model_source.h"
#include "tensor/backend.h"

namespace ft {

struct RuleOptions {
    bool timestamps = true;
    /// generation_config's list stands for −1, as in OpenAI's --suppress_tokens; further ids are added to it.
    std::vector<int32_t> suppress = {-1};
    bool suppress_blank = true;            ///< no space and no end of text as the first token (begin_suppress)
    double max_initial_timestamp_s = 1.0;  ///< the first timestamp is not later; rounded to steps of 0.02 s
    /// KB-Whisper learnt to write the no-speech token as the text of silence; suppressing it makes it invent words. So
    /// it is left to choose, whatever generation_config's list says, but only where text begins: as the first token,
    /// or directly after the first timestamp. Nothing but the end of text can follow it; see is_silence().
    bool allow_no_speech_token = true;
};

/// Immutable after construction; any number of threads. The rules returned point into it.
class LogitsRules {
  public:
    /// `vocabulary`: number of logits. Throws Error{bad_model} when the special tokens that the rules need are missing
    /// or out of order, Error{invalid_argument} for a token in options.suppress that the model does not have.
    LogitsRules(const GenerationConfig& generation, int vocabulary, const RuleOptions& options);

    /// `sampled`: the tokens after the prompt so far. Sets everything of TokenRule but temperature, uniform and top.
    /// The probe is the no-speech token at the first step, none later. With timestamps: they come in pairs except
    /// directly before the end of the text, never go back, and a segment never has zero length.
    TokenRule next(std::span<const int32_t> sampled) const;

    /// True when the model answered with the no-speech token: the window holds no text, and no fallback is needed.
    bool is_silence(std::span<const int32_t> sampled) const;

    const GenerationConfig& generation() const { return generation_; }

  private:
    void check() const;
    void restrict_first(TokenRule& rule, size_t& used) const;
    void restrict_later(std::span<const int32_t> sampled, TokenRule& rule, size_t& used) const;

    GenerationConfig generation_;
    int vocabulary_;
    RuleOptions options_;
    // Bit sets: anywhere, for the first token, and for the first one after the first timestamp.
    std::vector<uint64_t> always_, first_, first_text_;
};

}  // namespace ft
