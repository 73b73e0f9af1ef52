// Any bytes in: encoding gives text tokens only, whose bytes are the input again, and decoding gives valid UTF-8.
#include <cstdlib>

#include "base/utf8.h"
#include "decoding/tokenizer.h"

namespace {

ft::Vocabulary bytes_and_some_merges() {
    ft::Vocabulary v;
    for (int byte = 0; byte < 256; ++byte) v.tokens.emplace_back(1, static_cast<char>(byte));
    for (const char* token : {" t", "tt", "ab", "att", " att", "aa", "aaaa", "\xC3\xA5", "  ", "\n\n"}) {
        v.tokens.emplace_back(token);
    }
    v.first_special = static_cast<int32_t>(v.tokens.size());
    v.tokens.emplace_back("<|endoftext|>");
    return v;
}

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    static const ft::Tokenizer tokenizer(bytes_and_some_merges());
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::vector<int32_t> tokens = tokenizer.encode(text);
    std::string bytes;
    for (const int32_t token : tokens) {
        require(!tokenizer.is_special(token));
        bytes += tokenizer.bytes(token);
    }
    require(bytes == text);
    const std::string decoded = tokenizer.decode(tokens);
    require(decoded == ft::valid_utf8(text) && decoded == ft::valid_utf8(decoded));
    // The same bytes as token ids of any value, special and unknown ones too.
    std::vector<int32_t> any(size / 4);
    for (size_t i = 0; i < any.size(); ++i) {
        any[i] = static_cast<int32_t>(uint32_t{data[4 * i]} << 24 | uint32_t{data[4 * i + 1]} << 16 |
                                      uint32_t{data[4 * i + 2]} << 8 | data[4 * i + 3]);
    }
    require(ft::valid_utf8(tokenizer.decode(any)) == tokenizer.decode(any));
    return 0;
}
