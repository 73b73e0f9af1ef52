#pragma once
// For tests only: the vocabulary of a Hugging Face tokenizer.json.
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "base/utf8.h"
#include "model/model_source.h"

namespace ft {

/// GPT-2 writes the bytes that cannot be printed as characters from U+0100 on, in the order of the bytes.
inline std::string gpt2_bytes(const std::string& printable) {
    static const auto table = [] {
        std::map<char32_t, char> t;
        char32_t next = 0x100;
        for (int b = 0; b < 256; ++b) {
            const bool shown = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
            t[shown ? static_cast<char32_t>(b) : next++] = static_cast<char>(b);
        }
        return t;
    }();
    std::string bytes;
    for (size_t at = 0; at < printable.size();) {
        const Utf8Char c = decode_utf8(printable, at);
        bytes += table.at(c.code);
        at += c.length;
    }
    return bytes;
}

inline Vocabulary read_test_vocabulary(const std::filesystem::path& tokenizer_json) {
    std::ifstream file(tokenizer_json);
    const auto json = nlohmann::json::parse(file);
    Vocabulary v;
    v.first_special = json.at("added_tokens").at(0).at("id");
    v.tokens.resize(static_cast<size_t>(v.first_special));
    for (const auto& [token, id] : json.at("model").at("vocab").items()) {
        if (id < v.first_special) v.tokens.at(id) = gpt2_bytes(token);
    }
    for (const auto& added : json.at("added_tokens")) v.tokens.push_back(added.at("content"));
    return v;
}

}  // namespace ft
