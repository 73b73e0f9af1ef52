#include "base/text.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

TEST(Text, TrimmingTakesBlanksAtTheEndsOnly) {
    EXPECT_EQ(trimmed(" \t a \r\n b\r\n"), "a \r\n b");
    EXPECT_EQ(trimmed("å "), "å");
    EXPECT_EQ(trimmed(" \r\n"), "");
    EXPECT_EQ(trimmed(""), "");
}

TEST(Text, LowerCaseLeavesOtherBytesAlone) {
    EXPECT_EQ(lower_ascii("X-Amz-Date @[Z]"), "x-amz-date @[z]");
    EXPECT_EQ(lower_ascii("Åsa\xff"), "Åsa\xff");
}

TEST(Text, HexadecimalHasTwoDigitsAByte) {
    const std::byte bytes[] = {std::byte{0}, std::byte{0x0a}, std::byte{0xff}};
    EXPECT_EQ(to_hex(bytes), "000aff");
    EXPECT_EQ(to_hex({}), "");
}

}  // namespace
}  // namespace ft
