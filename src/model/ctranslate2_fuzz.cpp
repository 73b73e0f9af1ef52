// Any bytes are either a CTranslate2 Whisper or an Error; whatever is accepted can be decoded.
#include <cstdlib>

#include "base/error.h"
#include "model/source_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        const auto weights = ft::parse_ctranslate2({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
        for (const auto& [name, tensor] : weights.tensors) ft::decode_tensor(tensor).to_f32();
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::bad_model && error.code() != ft::ErrorCode::unsupported) std::abort();
    }
    return 0;
}
