#include "aws/encoding.h"

#include <algorithm>

#include "net/http_client.h"

namespace ft::aws {

namespace {

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

}  // namespace

std::string percent_decode(std::string_view text) {
    std::string result;
    for (size_t i = 0; i < text.size(); ++i) {
        const bool coded =
            text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0;
        if (!coded) {
            result += text[i];
            continue;
        }
        result += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
        i += 2;
    }
    return result;
}

std::string form_encode(std::string_view text) {
    std::string result = percent_encode(text);
    for (size_t place = result.find("%20"); place != std::string::npos; place = result.find("%20", place)) {
        result.replace(place, 3, "+");
    }
    return result;
}

std::string form_decode(std::string text) {
    std::replace(text.begin(), text.end(), '+', ' ');
    return percent_decode(text);
}

std::string encode_path(std::string_view path) {
    std::string result;
    while (!path.empty()) {
        const size_t slash = path.find('/');
        result += percent_encode(path.substr(0, slash));
        if (slash == std::string_view::npos) break;
        result += '/';
        path.remove_prefix(slash + 1);
    }
    return result;
}

std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (size_t i = 0; i + 1 < hex.size(); i += 2) {
        bytes += static_cast<char>(hex_digit(hex[i]) * 16 + hex_digit(hex[i + 1]));
    }
    return bytes;
}

}  // namespace ft::aws
