#pragma once
// The header of a safetensors file: which tensor lies where. The format: 8 bytes little endian = length of a JSON
// object {name: {dtype, shape, data_offsets: [begin, end)}}, that object, then the tensors' bytes without gaps.
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace ft {

struct SafetensorsEntry {
    std::string name;
    std::string dtype;           ///< as written: "F32", "F16", "BF16", "I64", …
    std::vector<int64_t> shape;  ///< each ≥ 0; the product and its bytes do not overflow; empty for a scalar
    size_t begin = 0;  ///< bytes from the start of the file; need not be aligned to anything: copy, do not cast
    size_t end = 0;    ///< past the last byte

    size_t size() const { return end - begin; }
};

struct SafetensorsHeader {
    std::vector<SafetensorsEntry> entries;        ///< sorted by name, names unique
    std::map<std::string, std::string> metadata;  ///< "__metadata__", empty when there is none

    /// nullptr when there is none of that name.
    const SafetensorsEntry* find(const std::string& name) const;
};

/// Checks everything: every range lies inside the file, fits its dtype and shape, and the ranges cover the data without
/// gap or overlap. `path` is only named in errors. Headers over 16 MiB are refused.
/// Throws Error{bad_model}, whatever the bytes are; reads nothing outside `file`.
SafetensorsHeader parse_safetensors(std::span<const std::byte> file, const std::string& path);

/// Bytes of one element, 0 for a dtype that is not known (its size is then not checked against its shape).
size_t safetensors_dtype_size(const std::string& dtype);

}  // namespace ft
