#pragma once
// Whisper's byte-level BPE (Radford et al. 2019, GPT-2; merge rank = token id, as in tiktoken), both ways.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_source.h"

namespace ft {

/// Immutable; any number of threads. Works for every vocabulary of the Whisper family.
class Tokenizer {
  public:
    /// Throws Error{bad_model} when the vocabulary lacks the 256 single bytes.
    explicit Tokenizer(const Vocabulary& vocabulary);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;

    /// Text (UTF-8; invalid bytes are encoded as bytes) → tokens. Special names in it are plain text. Otherwise equal
    /// to transformers' WhisperTokenizer(add_special_tokens=False) with complete merges (docs/formats.md, "Outputs").
    std::vector<int32_t> encode(std::string_view text) const;
    /// The bytes of text tokens; special tokens and timestamps are left out. May end inside a UTF-8 character:
    /// incomplete or invalid bytes become U+FFFD.
    std::string decode(std::span<const int32_t> tokens) const;
    /// The raw bytes of one token ("" for special ones), for splitting into words.
    std::string_view bytes(int32_t token) const;
    bool is_special(int32_t token) const;
    int size() const;

  private:
    struct Tables;
    std::unique_ptr<const Tables> tables_;
};

}  // namespace ft
