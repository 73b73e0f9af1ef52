#include "decoding/compression_ratio.h"

#include <zlib.h>

#include <vector>

#include "base/error.h"

namespace ft {

float compression_ratio(std::string_view text) {
    if (text.empty()) return 0.0F;
    uLongf compressed = compressBound(static_cast<uLong>(text.size()));
    std::vector<Bytef> buffer(compressed);
    const int status = compress(buffer.data(), &compressed, reinterpret_cast<const Bytef*>(text.data()),
                                static_cast<uLong>(text.size()));
    if (status != Z_OK) {
        throw Error(status == Z_MEM_ERROR ? ErrorCode::out_of_memory : ErrorCode::internal,
                    "zlib could not compress {} bytes of text (its code {})", text.size(), status);
    }
    return static_cast<float>(static_cast<double>(text.size()) / static_cast<double>(compressed));
}

}  // namespace ft
