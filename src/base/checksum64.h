#pragma once
// A fast 64-bit checksum against damage (not against malice): some 10 GB/s, far faster than a disk.
#include <cstddef>
#include <cstdint>
#include <span>

namespace ft {

/// Four 64-bit lanes over 32-byte stripes (docs/formats.md, "Packed model", gives the algorithm). Every step is a
/// bijection of the lane for a given input word, so a change within one word of the input always changes the result.
uint64_t checksum64(std::span<const std::byte> bytes);

}  // namespace ft
