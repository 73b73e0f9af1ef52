// Options as a client sends them: read, or refused with a sentence; what was read is written so that it is read again.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "transcriber/options_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        ft::OptionsDraft given, again;
        ft::read_options_json(given, {reinterpret_cast<const char*>(data), size});
        const auto written = ft::options_text(ft::finish_options(given));
        for (const auto& [name, value] : written) ft::read_option(again, name, value);
        if (ft::options_text(ft::finish_options(again)) != written) std::abort();
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::invalid_argument) std::abort();
    }
    return 0;
}
