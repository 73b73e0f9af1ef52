// Any bytes are either a packed model or an Error. The checksums are repaired first: they would hide everything else.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "base/checksum64.h"
#include "base/error.h"
#include "model/packed_format.h"
#include "model/packed_model_reader.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    std::vector<std::byte> bytes(size);
    if (size > 0) std::memcpy(bytes.data(), data, size);
    ft::PackedHeader header{};
    if (size >= sizeof header) {
        std::memcpy(&header, data, sizeof header);
        header.file_size = size;
        if (header.meta_size <= size - sizeof header) {
            header.meta_checksum = ft::checksum64(std::span(bytes).subspan(sizeof header, header.meta_size));
        }
        header.header_checksum =
            ft::checksum64(std::as_bytes(std::span(&header, 1)).first(offsetof(ft::PackedHeader, header_checksum)));
        std::memcpy(bytes.data(), &header, sizeof header);
    }
    try {
        const auto model = ft::PackedModelReader::parse(bytes, "fuzz", "test-1", false);
        // The checksum reads every byte: a weight outside the file is found by the sanitizer.
        for (const ft::WeightSpec& spec : ft::weight_specs(model.config())) ft::checksum64(model.weight(spec.name));
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::bad_model && error.code() != ft::ErrorCode::unsupported) std::abort();
    }
    return 0;
}
