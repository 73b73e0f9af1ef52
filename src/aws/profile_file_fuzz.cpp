// Any bytes are a profile file or an Error{invalid_argument} that repeats nothing of it.
#include <cstdlib>
#include <string>

#include "aws/profile_file.h"
#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    try {
        const std::string text(reinterpret_cast<const char*>(data), size);
        for (const auto& [section, profile] : ft::aws::parse_profile_file(text, "f")) {
            for (const auto& [name, value] : profile) {
                if (name.empty() || value.find('\n') != std::string::npos) std::abort();
            }
        }
    } catch (const ft::Error& error) {
        const std::string sentence = error.what();
        if (error.code() != ft::ErrorCode::invalid_argument || sentence.size() > 120) std::abort();
    }
    return 0;
}
