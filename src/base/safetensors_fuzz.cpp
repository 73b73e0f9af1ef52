// Any bytes are either a safetensors file or an Error{bad_model}; whatever is accepted lies inside the file.
#include <cstdlib>

#include "base/error.h"
#include "base/safetensors.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        const auto header = ft::parse_safetensors({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
        for (const ft::SafetensorsEntry& entry : header.entries) {
            if (entry.begin > entry.end || entry.end > size || header.find(entry.name) != &entry) std::abort();
        }
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::bad_model) std::abort();
    }
    return 0;
}
