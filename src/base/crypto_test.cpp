// base64, HMAC-SHA-256, random bytes.
#include <gtest/gtest.h>

#include <set>
#include <span>

#include "base/base64.h"
#include "base/hmac.h"
#include "base/random_bytes.h"
#include "base/text.h"

namespace ft {
namespace {

std::string hex(const std::string& bytes) {
    return to_hex(std::as_bytes(std::span(bytes)));
}

TEST(Base64, GoesBothWays) {
    const std::string bytes("\0\xff\x10 abc", 7);
    for (size_t length = 0; length <= bytes.size(); ++length) {
        EXPECT_EQ(from_base64(to_base64(bytes.substr(0, length))), bytes.substr(0, length)) << length;
    }
    EXPECT_EQ(to_base64("foob"), "Zm9vYg==");
}

TEST(Base64, NothingElseIsTaken) {
    for (const char* text : {"no base64", "!!!!", "Zm9vYg=", "Zm9vYg", "====", "Zm=v", "Zm9v\n", " Zm9", "Zm9=YmFy",
                             "Zm9-", "Z===", "Zm9v====", "Zm9vYg==\nZm9"}) {
        EXPECT_FALSE(from_base64(text)) << text;
    }
}

TEST(Hmac, MatchesRfc4231) {
    EXPECT_EQ(hex(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
              "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    EXPECT_EQ(hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
              "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    // A key longer than SHA-256's block.
    EXPECT_EQ(hex(hmac_sha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")),
              "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Hmac, Equality) {
    EXPECT_TRUE(equal_in_constant_time("", ""));
    EXPECT_TRUE(equal_in_constant_time("same", "same"));
    EXPECT_FALSE(equal_in_constant_time("same", "samf"));
    EXPECT_FALSE(equal_in_constant_time("same", "same "));
}

TEST(RandomBytes, AreNeverTheSame) {
    std::set<std::string> seen;
    for (int i = 0; i < 100; ++i) seen.insert(random_bytes(24));
    EXPECT_EQ(seen.size(), 100U);
    EXPECT_EQ(seen.begin()->size(), 24U);
}

}  // namespace
}  // namespace ft
