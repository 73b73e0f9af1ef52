#pragma once
// GenerationConfig: special tokens found by name, lists from Hugging Face's or CTranslate2's JSON or derived.
#include <string>
#include <string_view>
#include <vector>

#include "model/model_source.h"

namespace ft {

/// What the vocabulary alone tells: special tokens by name, OpenAI's list of non-speech tokens as `suppress`, space and
/// end of text as `begin_suppress`. Throws Error{bad_model} naming the token when one that every Whisper has is
/// missing.
GenerationConfig derive_generation(const ModelConfig& config, const Vocabulary& vocabulary, const std::string& where);

/// generation_config.json (or a config.json from before it existed) on top of what the vocabulary tells. A list that
/// the file lacks is empty, as in transformers; −1 in a list stands for the derived one. Alignment heads that the
/// network does not have are dropped (fine-tunes carry the lists of other models). Throws Error{bad_model}.
GenerationConfig parse_hf_generation(std::string_view json, const ModelConfig& config, const Vocabulary& vocabulary,
                                     const std::string& where);

/// CTranslate2's config.json: suppress_ids, suppress_ids_begin, lang_ids, alignment_heads; a list that it lacks is
/// derived. Throws Error{bad_model}.
GenerationConfig parse_ctranslate2_generation(std::string_view json, const ModelConfig& config,
                                              const Vocabulary& vocabulary, const std::string& where);

/// The tokens of annotations and symbols that OpenAI's decoder never chooses (its tokenizer.non_speech_tokens),
/// ascending.
std::vector<int32_t> non_speech_tokens(const Vocabulary& vocabulary);

/// OpenAI's languages in the order of their tokens: "en", "zh", … "su", "yue" (the last only in large-v3).
const std::vector<std::string>& whisper_languages();

}  // namespace ft
