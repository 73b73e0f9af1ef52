#include "server/access.h"

#include <gtest/gtest.h>

#include <span>

#include "base/error.h"
#include "base/sha256.h"

namespace ft {
namespace {

std::string digest(std::string_view key) {
    return sha256_hex(std::as_bytes(std::span(key)));
}

TEST(Access, LoopbackHasManyNames) {
    for (const char* host : {"localhost", "LocalHost", "127.0.0.1", "127.8.7.6", "::1", "[::1]"})
        EXPECT_TRUE(is_loopback_host(host)) << host;
    for (const char* host :
         {"", "example.org", "localhost.example.org", "127.0.0.1.example.org", "10.0.0.1", "0.0.0.0"})
        EXPECT_FALSE(is_loopback_host(host)) << host;
}

TEST(Access, WithoutKeysOnlyLoopbackNamesAreAnswered) {
    EXPECT_EQ(foreign_page("127.0.0.1:8080", "", true), "");
    EXPECT_EQ(foreign_page("[::1]:8080", "", true), "");
    EXPECT_NE(foreign_page("evil.example:8080", "", true), "") << "a name that leads here";
    EXPECT_EQ(foreign_page("transcribe.example", "", false), "");
    EXPECT_NE(foreign_page("", "", false), "");
}

TEST(Access, PagesOfOthersMayNotAsk) {
    EXPECT_EQ(foreign_page("localhost:8080", "http://localhost:8080", true), "");
    EXPECT_NE(foreign_page("localhost:8080", "http://localhost:3000", true), "");
    EXPECT_NE(foreign_page("localhost:8080", "https://evil.example", true), "");
    EXPECT_NE(foreign_page("localhost:8080", "null", true), "");
    EXPECT_EQ(foreign_page("transcribe.example", "https://transcribe.example", false), "") << "behind a proxy with TLS";
    EXPECT_NE(foreign_page("transcribe.example", "https://evil.transcribe.example", false), "");
}

TEST(Access, KeysAreKnownByTheirDigests) {
    const ApiKeys keys =
        ApiKeys::parse("# people\n" + digest("first") + " anna\n\n" + digest("second") + "\tbo\r\n", "f");
    EXPECT_EQ(keys.name_of("Bearer first"), "anna");
    EXPECT_EQ(keys.name_of("bearer  second"), "bo");
    for (const char* bad :
         {"", "Bearer", "Bearer ", "first", "Basic first", "Bearer third", "Bearer firs", "Bearer first x"})
        EXPECT_EQ(keys.name_of(bad), "") << bad;
    EXPECT_EQ(keys.name_of("Bearer " + digest("first")), "") << "the digest is no key";
}

TEST(Access, ABadKeyFileIsRefusedWithoutRepeatingIt) {
    for (const std::string& bad :
         std::vector<std::string>{"", "# nothing\n", "sk-secret anna\n", digest("x") + "\n", digest("x") + " a b\n"}) {
        try {
            ApiKeys::parse(bad, "keys.txt");
            ADD_FAILURE() << bad;
        } catch (const Error& error) {
            EXPECT_EQ(std::string(error.what()).find("sk-secret"), std::string::npos);
            EXPECT_NE(std::string(error.what()).find("keys.txt"), std::string::npos);
        }
    }
}

TEST(Access, EachClientHasItsOwnPlaces) {
    ClientLimits limits(2);
    auto first = limits.take("anna"), second = limits.take("anna");
    EXPECT_TRUE(first && second);
    EXPECT_FALSE(limits.take("anna"));
    EXPECT_TRUE(limits.take("bo"));
    first.reset();
    EXPECT_TRUE(limits.take("anna"));
    EXPECT_FALSE(ClientLimits(0).take("anna"));
}

}  // namespace
}  // namespace ft
