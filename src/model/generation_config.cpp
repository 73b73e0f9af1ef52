#include "model/generation_config.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "model/json_reading.h"
#include "model/vocabulary.h"

namespace ft {

namespace {

using nlohmann::json;

/// The size of the vocabulary of OpenAI's English-only models, which carry the languages' tokens but never learnt them.
constexpr int english_only_vocabulary = 51864;

int32_t required_token(const Vocabulary& vocabulary, const char* name, const std::string& where) {
    const int32_t id = find_token(vocabulary, name, vocabulary.first_special);
    if (id < 0)
        throw Error(ErrorCode::bad_model, "{}: the vocabulary has no token {}; is this Whisper's tokenizer?", where,
                    name);
    return id;
}

/// "<|sv|>" → "sv": two or three small letters between the marks, which no other special token is.
std::string language_of(const std::string& token) {
    if (token.size() < 6 || token.size() > 7 || token.compare(0, 2, "<|") != 0 ||
        token.compare(token.size() - 2, 2, "|>") != 0) {
        return {};
    }
    std::string code = token.substr(2, token.size() - 4);
    const bool letters = std::all_of(code.begin(), code.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return letters ? code : std::string();
}

std::vector<int32_t> default_suppress(const GenerationConfig& generation, const Vocabulary& vocabulary) {
    const std::vector<int32_t> symbols = non_speech_tokens(vocabulary);
    std::set<int32_t> ids(symbols.begin(), symbols.end());
    const int32_t start_of_lm = find_token(vocabulary, "<|startoflm|>", vocabulary.first_special);
    for (const int32_t id : {generation.start_of_transcript, generation.transcribe, generation.translate,
                             generation.start_of_previous, start_of_lm, generation.no_speech}) {
        if (id >= 0) ids.insert(id);
    }
    return {ids.begin(), ids.end()};
}

/// A list of token ids. Ids that the network does not have cannot be chosen anyway and are left out.
std::vector<int32_t> token_list(const json& list, const char* key, const ModelConfig& config,
                                const std::vector<int32_t>& derived, const std::string& where) {
    if (!list.is_array()) throw Error(ErrorCode::bad_model, "{}: \"{}\" is no list", where, key);
    std::set<int32_t> ids;
    for (const json& item : list) {
        const int32_t id = checked_integer(item, -1, INT32_MAX, std::string("an item of \"") + key + "\"", where);
        if (id == -1) ids.insert(derived.begin(), derived.end());
        if (id >= 0 && id < config.vocabulary) ids.insert(id);
    }
    return {ids.begin(), ids.end()};
}

void read_alignment_heads(const json& object, const ModelConfig& config, GenerationConfig& generation,
                          const std::string& where) {
    generation.alignment_heads.clear();
    const json* heads = find_member(object, "alignment_heads");
    if (heads == nullptr) return;
    if (!heads->is_array()) throw Error(ErrorCode::bad_model, "{}: \"alignment_heads\" is no list", where);
    size_t foreign = 0;
    for (const json& pair : *heads) {
        if (!pair.is_array() || pair.size() != 2) {
            throw Error(ErrorCode::bad_model, "{}: \"alignment_heads\" holds something that is no [layer, head]",
                        where);
        }
        const int layer = checked_integer(pair[0], INT32_MIN, INT32_MAX, "an alignment head's layer", where);
        const int head = checked_integer(pair[1], INT32_MIN, INT32_MAX, "an alignment head's number", where);
        if (layer >= 0 && layer < config.decoder_layers && head >= 0 && head < config.decoder_heads) {
            generation.alignment_heads.emplace_back(layer, head);
        } else {
            ++foreign;
        }
    }
    if (foreign > 0) {
        spdlog::warn(
            "{}: {} of the alignment heads do not exist in this network ({} layers of {} heads) and are left out",
            where, foreign, config.decoder_layers, config.decoder_heads);
    }
}

}  // namespace

GenerationConfig derive_generation(const ModelConfig& config, const Vocabulary& vocabulary, const std::string& where) {
    GenerationConfig generation;
    generation.end_of_text = required_token(vocabulary, "<|endoftext|>", where);
    generation.start_of_transcript = required_token(vocabulary, "<|startoftranscript|>", where);
    generation.transcribe = required_token(vocabulary, "<|transcribe|>", where);
    generation.no_timestamps = required_token(vocabulary, "<|notimestamps|>", where);
    generation.translate = find_token(vocabulary, "<|translate|>", vocabulary.first_special);
    generation.start_of_previous = find_token(vocabulary, "<|startofprev|>", vocabulary.first_special);
    generation.no_speech = find_token(vocabulary, "<|nospeech|>", vocabulary.first_special);
    if (generation.no_speech < 0)
        generation.no_speech = find_token(vocabulary, "<|nocaptions|>", vocabulary.first_special);
    generation.timestamp_begin = find_token(vocabulary, "<|0.00|>", vocabulary.first_special);
    if (generation.timestamp_begin < 0 && generation.no_timestamps + 1 < config.vocabulary) {
        generation.timestamp_begin = generation.no_timestamps + 1;
    }
    if (config.vocabulary != english_only_vocabulary) {
        for (size_t id = static_cast<size_t>(vocabulary.first_special); id < vocabulary.tokens.size(); ++id) {
            const std::string code = language_of(vocabulary.tokens[id]);
            if (!code.empty()) generation.languages.emplace(code, static_cast<int32_t>(id));
        }
    }
    generation.suppress = default_suppress(generation, vocabulary);
    const int32_t space = find_token(vocabulary, " ", 0);
    if (space >= 0) generation.begin_suppress.push_back(space);
    generation.begin_suppress.push_back(generation.end_of_text);
    return generation;
}

GenerationConfig parse_hf_generation(std::string_view text, const ModelConfig& config, const Vocabulary& vocabulary,
                                     const std::string& where) {
    const json object = parse_json_object(text, where);
    GenerationConfig generation = derive_generation(config, vocabulary, where);
    const std::vector<int32_t> derived = generation.suppress;
    const json* suppress = find_member(object, "suppress_tokens");
    generation.suppress =
        suppress == nullptr ? std::vector<int32_t>() : token_list(*suppress, "suppress_tokens", config, derived, where);
    const json* begin = find_member(object, "begin_suppress_tokens");
    generation.begin_suppress =
        begin == nullptr ? std::vector<int32_t>() : token_list(*begin, "begin_suppress_tokens", config, {}, where);
    if (find_member(object, "max_initial_timestamp_index") != nullptr) {
        generation.max_initial_timestamp = required_integer(object, "max_initial_timestamp_index", 0, 1 << 20, where);
    }
    if (const json* multilingual = find_member(object, "is_multilingual");
        multilingual != nullptr && *multilingual == false) {
        generation.languages.clear();
    }
    read_alignment_heads(object, config, generation, where);
    return generation;
}

GenerationConfig parse_ctranslate2_generation(std::string_view text, const ModelConfig& config,
                                              const Vocabulary& vocabulary, const std::string& where) {
    const json object = parse_json_object(text, where);
    GenerationConfig generation = derive_generation(config, vocabulary, where);
    if (const json* suppress = find_member(object, "suppress_ids"); suppress != nullptr) {
        generation.suppress = token_list(*suppress, "suppress_ids", config, generation.suppress, where);
    }
    if (const json* begin = find_member(object, "suppress_ids_begin"); begin != nullptr) {
        generation.begin_suppress = token_list(*begin, "suppress_ids_begin", config, {}, where);
    }
    // An empty list of languages is how the converter marks an English-only model.
    if (const json* languages = find_member(object, "lang_ids");
        languages != nullptr && languages->is_array() && languages->empty()) {
        generation.languages.clear();
    }
    read_alignment_heads(object, config, generation, where);
    return generation;
}

}  // namespace ft
