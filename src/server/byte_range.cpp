#include "server/byte_range.h"

#include <algorithm>
#include <charconv>

namespace ft {

std::optional<ByteRange> parse_range(std::string_view text, int64_t size) {
    if (!text.starts_with("bytes=")) return std::nullopt;
    text.remove_prefix(6);
    const size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto number = [](std::string_view digits) -> std::optional<int64_t> {
        int64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
        return value;
    };
    const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
    // The last 0 bytes are none: what lies past the end.
    if (!first && dash == 0 && last) return ByteRange{*last == 0 ? size : std::max<int64_t>(0, size - *last), size - 1};
    if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return std::nullopt;
    return ByteRange{*first, last ? std::min(*last, size - 1) : size - 1};
}

ApiReply no_such_range(const std::string& what, int64_t size) {
    ApiReply refusal = error_reply(416, "no_such_range", fmt::format("{} has {} bytes", what, size));
    refusal.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
    return refusal;
}

std::string content_range(const ByteRange& range, int64_t size) {
    return fmt::format("bytes {}-{}/{}", range.first, range.last, size);
}

}  // namespace ft
