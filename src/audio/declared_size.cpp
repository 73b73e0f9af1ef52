#include "audio/declared_size.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace ft {

namespace {

constexpr int most_chunks = 64;

/// Up to `count` bytes at `offset`; shorter at the end or after a failure.
std::string bytes_at(ByteSource& source, int64_t offset, size_t count) {
    std::string bytes(count, '\0');
    size_t filled = 0;
    while (filled < count) {
        const int64_t got = source.read_at(offset + static_cast<int64_t>(filled),
                                           reinterpret_cast<uint8_t*>(bytes.data()) + filled, count - filled);
        if (got <= 0) break;
        filled += static_cast<size_t>(got);
    }
    bytes.resize(filled);
    return bytes;
}

uint64_t little_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
    return value;
}

uint64_t big_endian(std::string_view bytes) {
    uint64_t value = 0;
    for (const char byte : bytes) value = value << 8 | static_cast<unsigned char>(byte);
    return value;
}

/// `start` plus a declared length; nothing when the length is a placeholder (0, -1, almost 2 or 4 GiB in 32 bits) or
/// absurd.
std::optional<int64_t> end_of(int64_t start, uint64_t length) {
    constexpr uint64_t absurd = uint64_t{1} << 60;
    const auto near = [length](uint64_t limit) { return length > limit - 65536 && length <= limit; };
    if (length == 0 || length >= absurd || near(uint64_t{1} << 31) || near(uint64_t{1} << 32)) return std::nullopt;
    return start + static_cast<int64_t>(length);
}

/// RIFF, RF64: up to the end of the data chunk. (The length in the first header is wrong in too many healthy files.)
std::optional<int64_t> wav_end(ByteSource& source) {
    std::optional<uint64_t> long_length;
    int64_t at = 12;
    for (int i = 0; i < most_chunks; ++i) {
        const std::string head = bytes_at(source, at, 8 + 16);
        if (head.size() < 8) return std::nullopt;
        const std::string_view view(head);
        const uint64_t length = little_endian(view.substr(4, 4));
        if (view.starts_with("ds64") && head.size() == 24) long_length = little_endian(view.substr(16, 8));
        if (view.starts_with("data")) return end_of(at + 8, length == 0xFFFFFFFF ? long_length.value_or(0) : length);
        at += 8 + static_cast<int64_t>(length + (length & 1));
    }
    return std::nullopt;
}

std::optional<int64_t> caf_end(ByteSource& source) {
    int64_t at = 8;
    for (int i = 0; i < most_chunks; ++i) {
        const std::string head = bytes_at(source, at, 12);
        if (head.size() < 12) return std::nullopt;
        const uint64_t length = big_endian(std::string_view(head).substr(4));
        const std::optional<int64_t> end = end_of(at + 12, length);
        if (head.starts_with("data") || !end) return end;
        at = *end;
    }
    return std::nullopt;
}

/// The "file properties" object holds the size of the file 40 bytes after its start.
std::optional<int64_t> asf_end(ByteSource& source) {
    constexpr std::string_view file_properties("\xA1\xDC\xAB\x8C\x47\xA9\xCF\x11\x8E\xE4\x00\xC0\x0C\x20\x53\x65", 16);
    const std::string header = bytes_at(source, 0, 1 << 16);
    const size_t at = header.find(file_properties);
    if (at == std::string::npos || at + 48 > header.size()) return std::nullopt;
    return end_of(0, little_endian(std::string_view(header).substr(at + 40, 8)));
}

}  // namespace

std::optional<int64_t> declared_bytes(ByteSource& source) {
    const std::string head = bytes_at(source, 0, 24);
    if (head.size() < 24) return std::nullopt;
    const std::string_view view(head);
    const std::string_view kind = view.substr(8, 4);
    const bool riff = view.starts_with("RIFF") || view.starts_with("RF64") || view.starts_with("BW64");
    if (riff && kind == "WAVE") return wav_end(source);
    if (riff && kind == "AVI ") return end_of(8, little_endian(view.substr(4, 4)));
    if (view.starts_with("riff\x2E\x91\xCF\x11")) return end_of(0, little_endian(view.substr(16, 8)));
    if (view.starts_with("caff")) return caf_end(source);
    if (view.starts_with("\x30\x26\xB2\x75\x8E\x66\xCF\x11")) return asf_end(source);
    return std::nullopt;
}

bool refers_to_other_files(ByteSource& source) {
    constexpr uint64_t longest_index = uint64_t{4} << 20;
    int64_t at = 0;
    for (int i = 0; i < most_chunks; ++i) {
        const std::string head = bytes_at(source, at, 16);
        if (head.size() < 16) return false;
        const std::string_view view(head);
        const uint64_t length = big_endian(view.substr(0, 4));
        if (view.substr(4, 4) == "moov") {
            const std::string index = bytes_at(source, at, static_cast<size_t>(std::min(length, longest_index)));
            // A list of references: version, count, then each with length, type and flags, 1 meaning "in this file".
            for (size_t list = index.find("dref"); list != std::string::npos; list = index.find("dref", list + 4)) {
                if (list + 24 > index.size()) return false;
                const std::string_view entry = std::string_view(index).substr(list + 12, 12);
                const bool elsewhere = (entry[11] & 1) == 0 && big_endian(entry.substr(0, 4)) > 12;
                if (elsewhere && (entry.substr(4, 4) == "alis" || entry.substr(4, 3) == "url")) return true;
            }
            return false;
        }
        const std::optional<int64_t> end = end_of(at, length == 1 ? big_endian(view.substr(8)) : length);
        if (!end || *end <= at) return false;
        at = *end;
    }
    return false;
}

bool ogg_is_cut(ByteSource& source) {
    const std::optional<int64_t> size = source.size();
    if (!size) return false;
    constexpr int64_t longest_page = 27 + 255 + 255 * 255;
    const int64_t start = std::max<int64_t>(0, *size - 2 * longest_page);
    const std::string tail = bytes_at(source, start, static_cast<size_t>(*size - start));
    const size_t page = tail.rfind("OggS");
    if (page == std::string::npos || page + 27 > tail.size()) return true;
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(tail[page + at]); };
    constexpr unsigned last_page_flag = 4;
    const size_t segments = byte(26);
    size_t end = page + 27 + segments;
    if (end > tail.size()) return true;
    for (size_t i = 0; i < segments; ++i) end += byte(27 + i);
    return (byte(5) & last_page_flag) == 0 || end > tail.size();
}

}  // namespace ft
