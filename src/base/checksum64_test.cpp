#include "base/checksum64.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ft {
namespace {

std::vector<std::byte> counting(size_t size) {
    std::vector<std::byte> bytes(size);
    for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 7 + 1);
    return bytes;
}

TEST(Checksum64, EveryFlippedBitChangesIt) {
    for (const size_t size : {1u, 7u, 31u, 32u, 33u, 100u}) {
        auto bytes = counting(size);
        const uint64_t before = checksum64(bytes);
        for (size_t bit = 0; bit < 8 * size; ++bit) {
            bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
            EXPECT_NE(checksum64(bytes), before) << size << " bytes, bit " << bit;
            bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
        }
    }
}

TEST(Checksum64, TellsLengthsOfZerosAndOrderApart) {
    std::set<uint64_t> seen;
    const std::vector<std::byte> zeros(200);
    for (size_t size = 0; size <= zeros.size(); ++size) seen.insert(checksum64(std::span(zeros).first(size)));
    EXPECT_EQ(seen.size(), zeros.size() + 1);
    auto bytes = counting(256);
    const uint64_t before = checksum64(bytes);
    std::swap_ranges(bytes.begin(), bytes.begin() + 32, bytes.begin() + 32);
    EXPECT_NE(checksum64(bytes), before);
}

TEST(Checksum64, IsTheSameOnEveryMachine) {
    // Files carry it; the values come from a second implementation, in Python, after the text of docs/formats.md.
    EXPECT_EQ(checksum64({}), 16814435185621859912u);
    EXPECT_EQ(checksum64(counting(100)), 14411352456474589085u);
}

}  // namespace
}  // namespace ft
