#include "base/sha256.h"

#include <gtest/gtest.h>

namespace ft {
namespace {

TEST(Sha256, MatchesFips180Examples) {
    EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    const char abc[] = "abc";
    EXPECT_EQ(sha256_hex(std::as_bytes(std::span(abc, 3))),
              "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace ft
