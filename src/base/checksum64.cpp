#include "base/checksum64.h"

#include <bit>
#include <cstring>

namespace ft {

namespace {

// Odd constants, so that multiplication is a bijection: the fractional parts of √2, √3, √5 and √7.
constexpr uint64_t seeds[4] = {0x6A09E667F3BCC909, 0xBB67AE8584CAA73B, 0x3C6EF372FE94F82B, 0xA54FF53A5F1D36F1};

uint64_t step(uint64_t lane, uint64_t word) {
    return std::rotl((lane ^ word) * seeds[0], 29);
}

void add_stripe(uint64_t (&lanes)[4], const std::byte* stripe) {
    uint64_t words[4];
    std::memcpy(words, stripe, sizeof words);
    for (int i = 0; i < 4; ++i) lanes[i] = step(lanes[i], words[i]);
}

}  // namespace

uint64_t checksum64(std::span<const std::byte> bytes) {
    uint64_t lanes[4] = {seeds[0], seeds[1], seeds[2], seeds[3]};
    size_t at = 0;
    for (; at + 32 <= bytes.size(); at += 32) add_stripe(lanes, bytes.data() + at);
    if (at < bytes.size()) {
        std::byte rest[32] = {};
        std::memcpy(rest, bytes.data() + at, bytes.size() - at);
        add_stripe(lanes, rest);
    }
    uint64_t result = bytes.size();
    for (const uint64_t lane : lanes) result = step(result, lane);
    result = (result ^ (result >> 32)) * seeds[1];
    return result ^ (result >> 29);
}

}  // namespace ft
