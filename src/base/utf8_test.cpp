#include "base/utf8.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

TEST(Utf8, ReadsEveryLength) {
    const std::string text = "aå€😀";
    const char32_t codes[] = {U'a', U'å', U'€', U'😀'};
    size_t at = 0;
    for (const char32_t code : codes) {
        const Utf8Char c = decode_utf8(text, at);
        EXPECT_TRUE(c.valid);
        EXPECT_EQ(c.code, code);
        at += c.length;
    }
    EXPECT_EQ(at, text.size());
}

TEST(Utf8, EveryScalarValueSurvivesTheRoundTrip) {
    for (char32_t code = 0; code <= 0x10FFFF; ++code) {
        if (code >= 0xD800 && code <= 0xDFFF) continue;
        std::string text;
        append_utf8(text, code);
        const Utf8Char c = decode_utf8(text, 0);
        ASSERT_TRUE(c.valid && c.code == code && c.length == text.size()) << static_cast<uint32_t>(code);
    }
}

// The right-hand side is what Python 3's bytes.decode("utf-8", errors="replace") gives; R is U+FFFD.
TEST(Utf8, ReplacesInvalidSequencesAsPythonDoes) {
    const std::string r = "\xEF\xBF\xBD";
    const std::pair<std::string, std::string> cases[] = {
        {"", ""},
        {"\x80", r},
        {"a\xC3", "a" + r},           // cut off
        {"\xC3(", r + "("},           // continuation missing
        {"\xC0\xAF", r + r},          // overlong
        {"\xE0\x80\xAF", r + r + r},  // overlong
        {"\xE2\x82", r},              // two of three bytes: one replacement
        {"\xE2\x82x", r + "x"},
        {"\xF0\x9F\x98", r},
        {"\xF0\x9F\x98\xF0\x9F\x98\x80", r + "😀"},
        {"\xED\xA0\x80", r + r + r},          // surrogate
        {"\xF4\x90\x80\x80", r + r + r + r},  // beyond U+10FFFF
        {"\xF5\xFF\xFE", r + r + r},
        {std::string("a\0b", 3), std::string("a\0b", 3)},
    };
    for (const auto& [bytes, expected] : cases) EXPECT_EQ(valid_utf8(bytes), expected);
}

}  // namespace
}  // namespace ft
