#include "model/vocabulary.h"

#include <array>
#include <charconv>

#include "base/error.h"
#include "model/json_reading.h"

namespace ft {

namespace {

using nlohmann::json;

constexpr int32_t largest_id = 1 << 20;
constexpr std::string_view end_of_text_name = "<|endoftext|>";

/// Two names for one id are as wrong as one name too few: which one the network learnt cannot be known.
void add(TokenNames& names, int32_t id, const std::string& name, const std::string& where) {
    const auto [entry, added] = names.emplace(id, name);
    if (!added && entry->second != name) {
        throw Error(ErrorCode::bad_model, "{}: gives token {} two names; fetch the file again", where, id);
    }
}

std::array<char32_t, 256> printable_characters() {
    std::array<char32_t, 256> table{};
    char32_t next = 0x100;
    for (int byte = 0; byte < 256; ++byte) {
        const bool printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
        table[static_cast<size_t>(byte)] = printable ? static_cast<char32_t>(byte) : next++;
    }
    return table;
}

/// Two-byte UTF-8, which is all that the table needs above ASCII.
void append_utf8(std::string& out, char32_t character) {
    if (character < 0x80) {
        out += static_cast<char>(character);
    } else {
        out += static_cast<char>(0xC0 | (character >> 6));
        out += static_cast<char>(0x80 | (character & 0x3F));
    }
}

}  // namespace

std::string to_printable(std::string_view bytes) {
    static const auto table = printable_characters();
    std::string out;
    for (const char byte : bytes) append_utf8(out, table[static_cast<unsigned char>(byte)]);
    return out;
}

std::string from_printable(std::string_view text) {
    static const auto byte_of = [] {
        std::array<int, 0x200> table{};
        table.fill(-1);
        const auto characters = printable_characters();
        for (size_t byte = 0; byte < 256; ++byte) table[characters[byte]] = static_cast<int>(byte);
        return table;
    }();
    std::string out;
    for (size_t i = 0; i < text.size();) {
        const auto lead = static_cast<unsigned char>(text[i]);
        const bool two = lead >= 0xC2 && lead < 0xC8 && i + 1 < text.size() && (text[i + 1] & 0xC0) == 0x80;
        const unsigned character = two ? (lead & 0x1FU) << 6 | (text[i + 1] & 0x3FU) : lead;
        const int byte = two || lead < 0x80 ? byte_of[character] : -1;
        if (byte >= 0) {
            out += static_cast<char>(byte);
        } else {
            out.append(text, i, two ? 2 : 1);
        }
        i += two ? 2 : 1;
    }
    return out;
}

std::string timestamp_name(int index) {
    return fmt::format("<|{}.{:02}|>", index / 50, index % 50 * 2);
}

int32_t find_token(const Vocabulary& vocabulary, std::string_view name, int32_t first) {
    for (size_t id = static_cast<size_t>(std::max(first, 0)); id < vocabulary.tokens.size(); ++id) {
        if (vocabulary.tokens[id] == name) return static_cast<int32_t>(id);
    }
    return -1;
}

TokenNames parse_token_ids_json(std::string_view text, const std::string& where) {
    TokenNames names;
    const json object = parse_json_object(text, where);
    for (const auto& [name, id] : object.items()) {
        add(names, checked_integer(id, 0, largest_id, "the id of a token", where), name, where);
    }
    return names;
}

TokenNames parse_tokenizer_json(std::string_view text, const std::string& where) {
    const json object = parse_json_object(text, where);
    const json* model = find_member(object, "model");
    const json* vocab = model != nullptr && model->is_object() ? find_member(*model, "vocab") : nullptr;
    if (vocab == nullptr || !vocab->is_object()) {
        throw Error(ErrorCode::bad_model, "{}: has no \"vocab\" of a byte-level BPE; is this Whisper's tokenizer?",
                    where);
    }
    TokenNames names;
    for (const auto& [name, id] : vocab->items()) {
        add(names, checked_integer(id, 0, largest_id, "the id of a token", where), name, where);
    }
    if (const json* added = find_member(object, "added_tokens"); added != nullptr && added->is_array()) {
        for (const json& token : *added) {
            const json* content = token.is_object() ? find_member(token, "content") : nullptr;
            if (content == nullptr || !content->is_string()) {
                throw Error(ErrorCode::bad_model,
                            "{}: an entry of \"added_tokens\" has no \"content\"; fetch the file again", where);
            }
            add(names, required_integer(token, "id", 0, largest_id, where), content->get<std::string>(), where);
        }
    }
    return names;
}

TokenNames parse_tokenizer_config_json(std::string_view text, const std::string& where) {
    TokenNames names;
    const json object = parse_json_object(text, where);
    const json* decoder = find_member(object, "added_tokens_decoder");
    if (decoder == nullptr || !decoder->is_object()) return names;
    for (const auto& [key, token] : decoder->items()) {
        int32_t id = -1;
        const auto [end, error] = std::from_chars(key.data(), key.data() + key.size(), id);
        const json* content = token.is_object() ? find_member(token, "content") : nullptr;
        if (error != std::errc() || end != key.data() + key.size() || id < 0 || id > largest_id || content == nullptr ||
            !content->is_string()) {
            throw Error(ErrorCode::bad_model,
                        "{}: an entry of \"added_tokens_decoder\" is malformed; fetch the file again", where);
        }
        add(names, id, content->get<std::string>(), where);
    }
    return names;
}

TokenNames parse_vocabulary_lines(std::string_view text) {
    TokenNames names;
    for (int32_t id = 0; !text.empty(); ++id) {
        const size_t end = text.find('\n');
        names.emplace(id, text.substr(0, end));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return names;
}

TokenNames parse_vocabulary_array(std::string_view text, const std::string& where) {
    json array;
    try {
        array = json::parse(text.begin(), text.end());
    } catch (const json::exception&) {
        throw Error(ErrorCode::bad_model, "{}: is no valid JSON; fetch the file again", where);
    }
    TokenNames names;
    if (!array.is_array())
        throw Error(ErrorCode::bad_model, "{}: is no JSON array of tokens; fetch the file again", where);
    for (const json& token : array) {
        if (!token.is_string())
            throw Error(ErrorCode::bad_model, "{}: holds a token that is no string; fetch the file again", where);
        names.emplace_hint(names.end(), static_cast<int32_t>(names.size()), token.get<std::string>());
    }
    return names;
}

Vocabulary make_vocabulary(const TokenNames& names, int size, bool printable, const std::string& where) {
    if (!names.empty() && names.rbegin()->first >= size) {
        throw Error(ErrorCode::bad_model,
                    "{}: has token {}, but the network only knows {} tokens; these files do not belong together", where,
                    names.rbegin()->first, size);
    }
    Vocabulary vocabulary;
    vocabulary.first_special = -1;
    int32_t timestamp_begin = size;
    for (const auto& [id, name] : names) {
        if (name == end_of_text_name) vocabulary.first_special = id;
        if (name == "<|notimestamps|>") timestamp_begin = id + 1;
    }
    if (vocabulary.first_special < 0) {
        throw Error(ErrorCode::bad_model, "{}: has no token {}; is this Whisper's tokenizer?", where, end_of_text_name);
    }
    vocabulary.tokens.resize(static_cast<size_t>(size));
    for (int32_t id = 0; id < size; ++id) {
        std::string& token = vocabulary.tokens[static_cast<size_t>(id)];
        const auto found = names.find(id);
        if (found != names.end()) {
            token = printable && id < vocabulary.first_special ? from_printable(found->second) : found->second;
        } else if (id < vocabulary.first_special) {
            throw Error(ErrorCode::bad_model, "{}: has no token {}; fetch the file again", where, id);
        } else {
            token = id >= timestamp_begin ? timestamp_name(id - timestamp_begin) : fmt::format("<|unused_{}|>", id);
        }
    }
    return vocabulary;
}

}  // namespace ft
