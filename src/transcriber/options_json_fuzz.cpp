// Options as a client sends them: read, or refused with a sentence; what was read is written so that it is read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "transcriber/options_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        const ft::TranscribeOptions options = ft::read_options_json({reinterpret_cast<const char*>(data), size});
        ft::OptionsDraft draft;
        for (const auto& [name, value] : ft::options_text(options)) ft::read_option(draft, name, value);
        if (ft::options_text(ft::finish_options(draft)) != ft::options_text(options)) std::abort();
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::invalid_argument) std::abort();
    }
    return 0;
}
