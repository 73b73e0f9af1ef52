// Any bytes are either a whisper.cpp model or an Error; whatever is accepted has a whole vocabulary and can be decoded.
#include <cstdlib>

#include "base/error.h"
#include "model/source_formats.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        const ft::Checkpoint checkpoint = ft::parse_ggml({reinterpret_cast<const std::byte*>(data), size}, "fuzz");
        if (checkpoint.vocabulary.tokens.size() != static_cast<size_t>(checkpoint.config.vocabulary)) std::abort();
        for (const auto& [name, tensor] : checkpoint.tensors) ft::decode_tensor(tensor).to_f32();
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::bad_model && error.code() != ft::ErrorCode::unsupported) std::abort();
    }
    return 0;
}
