#pragma once
// Little-endian numbers from bytes that nobody vouches for: a read past the end is an Error, never a read.
#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace ft {

class ByteReader {
  public:
    /// `where` is named in errors and must outlive the reader.
    ByteReader(std::span<const std::byte> bytes, const std::string& where) : bytes_(bytes), where_(where) {}

    template <typename Number>
    Number number() {
        Number value{};
        std::memcpy(&value, take(sizeof value).data(), sizeof value);
        return value;
    }
    std::span<const std::byte> take(uint64_t size) {
        if (size > left()) {
            throw Error(ErrorCode::bad_model, "{}: ends early: {} bytes wanted at byte {} of {}; fetch the file again",
                        where_, size, at_, bytes_.size());
        }
        const auto taken = bytes_.subspan(at_, static_cast<size_t>(size));
        at_ += static_cast<size_t>(size);
        return taken;
    }
    std::string_view text(uint64_t size) {
        const auto raw = take(size);
        return {reinterpret_cast<const char*>(raw.data()), raw.size()};
    }
    /// A name of a tensor: printable ASCII (zeros at its end are left off), so that it may stand in an error's text.
    std::string name(uint64_t size) {
        std::string_view raw = text(size);
        raw = raw.substr(0, raw.find('\0'));
        if (raw.size() > 256 || std::any_of(raw.begin(), raw.end(), [](char c) { return c < ' ' || c > '~'; })) {
            throw Error(ErrorCode::bad_model,
                        "{}: holds no name where one should be, before byte {}; the file is damaged", where_, at_);
        }
        return std::string(raw);
    }
    size_t left() const { return bytes_.size() - at_; }
    size_t at() const { return at_; }

  private:
    std::span<const std::byte> bytes_;
    const std::string& where_;
    size_t at_ = 0;
};

}  // namespace ft
