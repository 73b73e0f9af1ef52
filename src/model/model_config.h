#pragma once
// ModelConfig from Hugging Face's config.json, and the limits that every configuration must keep.
#include <string>
#include <string_view>

#include "model/model_source.h"

namespace ft {

/// Throws Error{bad_model} when a number is missing or absurd, Error{unsupported} when it is another network than
/// Whisper or a variant that the operations do not know. `where` names the file.
ModelConfig parse_hf_config(std::string_view json, const std::string& where);

/// Throws Error{bad_model, unsupported}. Bounds every product of two numbers far below overflow.
void check_model_config(const ModelConfig& config, const std::string& where);

}  // namespace ft
