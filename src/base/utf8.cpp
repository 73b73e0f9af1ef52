#include "base/utf8.h"

namespace ft {
namespace {

struct LeadByte {
    uint8_t length = 0;               // 0: cannot start a character
    uint8_t low = 0x80, high = 0xBF;  // of the second byte: excludes overlong forms, surrogates and > U+10FFFF
};

LeadByte classify(uint8_t lead) {
    if (lead < 0x80) return {1};
    if (lead < 0xC2) return {0};
    if (lead < 0xE0) return {2};
    if (lead == 0xE0) return {3, 0xA0, 0xBF};
    if (lead == 0xED) return {3, 0x80, 0x9F};
    if (lead < 0xF0) return {3};
    if (lead == 0xF0) return {4, 0x90, 0xBF};
    if (lead < 0xF4) return {4};
    if (lead == 0xF4) return {4, 0x80, 0x8F};
    return {0};
}

}  // namespace

Utf8Char decode_utf8(std::string_view text, size_t at) {
    const auto first = static_cast<uint8_t>(text[at]);
    const LeadByte lead = classify(first);
    if (lead.length == 1) return {first, 1, true};
    if (lead.length == 0) return {};
    char32_t code = first & (0x7FU >> lead.length);
    for (uint8_t i = 1; i < lead.length; ++i) {
        const uint8_t low = i == 1 ? lead.low : 0x80, high = i == 1 ? lead.high : 0xBF;
        if (at + i >= text.size()) return {0xFFFD, i, false};
        const auto byte = static_cast<uint8_t>(text[at + i]);
        if (byte < low || byte > high) return {0xFFFD, i, false};
        code = (code << 6) | (byte & 0x3FU);
    }
    return {code, lead.length, true};
}

void append_utf8(std::string& out, char32_t code) {
    const auto put = [&out](char32_t byte) { out.push_back(static_cast<char>(static_cast<uint8_t>(byte))); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0 | (code >> 6));
        put(0x80 | (code & 0x3F));
    } else if (code < 0x10000) {
        put(0xE0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    } else {
        put(0xF0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3F));
        put(0x80 | ((code >> 6) & 0x3F));
        put(0x80 | (code & 0x3F));
    }
}

std::string valid_utf8(std::string_view bytes) {
    std::string out;
    out.reserve(bytes.size());
    for (size_t at = 0; at < bytes.size();) {
        const Utf8Char c = decode_utf8(bytes, at);
        if (c.valid) {
            out.append(bytes.substr(at, c.length));
        } else {
            append_utf8(out, 0xFFFD);
        }
        at += c.length;
    }
    return out;
}

}  // namespace ft
