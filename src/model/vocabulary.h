#pragma once
// The vocabulary in each of the forms in which checkpoints carry it.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/model_source.h"

namespace ft {

/// Tokens as found in a checkpoint: id → name, with holes. Text tokens are still in GPT-2's printable form or already
/// raw bytes, as the parser says; special tokens ("<|…|>") are the same in both.
using TokenNames = std::map<int32_t, std::string>;

/// Hugging Face's tokenizer.json ("model": {"vocab": …}, "added_tokens"). Printable form. Throws Error{bad_model}.
TokenNames parse_tokenizer_json(std::string_view json, const std::string& where);
/// vocab.json or added_tokens.json: {token: id}. Printable form. Throws Error{bad_model}.
TokenNames parse_token_ids_json(std::string_view json, const std::string& where);
/// "added_tokens_decoder" of tokenizer_config.json: {id: {content}}; empty when there is none. Throws Error{bad_model}.
TokenNames parse_tokenizer_config_json(std::string_view json, const std::string& where);
/// CTranslate2's vocabulary.txt: one token a line, or vocabulary.json: an array. Printable form. Throws
/// Error{bad_model}.
TokenNames parse_vocabulary_lines(std::string_view text);
TokenNames parse_vocabulary_array(std::string_view json, const std::string& where);

/// Joins names with the network's number of tokens: fills Whisper's timestamps and unused ids in, turns printable
/// stand-ins into bytes. Throws Error{bad_model} when a text token or the end of text is missing, or ids do not fit.
Vocabulary make_vocabulary(const TokenNames& names, int size, bool printable, const std::string& where);

/// GPT-2 writes every byte as a printable character (its bytes_to_unicode: 33–126, 161–172 and 174–255 stand for
/// themselves, the others for U+0100 onwards, in order). Characters outside that table stay as they are.
std::string from_printable(std::string_view text);
std::string to_printable(std::string_view bytes);

/// "<|12.34|>" for a timestamp's index in steps of 0.02 s.
std::string timestamp_name(int index);

/// The id of a name from `first` on, or −1.
int32_t find_token(const Vocabulary& vocabulary, std::string_view name, int32_t first);

}  // namespace ft
