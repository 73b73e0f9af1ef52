#include "unbuilt_flags.h"

#include <algorithm>

#include "base/error.h"

namespace ft {

namespace {

struct Unbuilt {
    const char* name;
    bool is_switch;
    std::vector<std::string> harmless;  ///< values that ask for what happens anyway
    const char* sentence;
};

std::vector<Unbuilt> table() {
    return {
        {"hallucination_silence_threshold",
         false,
         {"None"},
         "this build leaves silence out beforehand; see --vad_filter"},
        {"fp16", true, {"false"}, "halves are asked for by --device cuda --compute_type float16"},
        {"diarize", true, {"false"}, "this build does not tell speakers apart"},
    };
}

}  // namespace

std::vector<Flag> unbuilt_flags() {
    std::vector<Flag> flags;
    for (const Unbuilt& unbuilt : table()) {
        const auto apply = [unbuilt](const std::string& value) {
            const std::vector<std::string>& harmless = unbuilt.harmless;
            if (std::find(harmless.begin(), harmless.end(), value) != harmless.end()) return;
            throw Error(ErrorCode::invalid_argument, "--{} {}: {}; leave the flag out", unbuilt.name, value,
                        unbuilt.sentence);
        };
        flags.push_back({unbuilt.name, 0, unbuilt.is_switch ? "" : "VALUE", "", "", apply});
    }
    return flags;
}

}  // namespace ft
