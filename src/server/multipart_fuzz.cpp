// Bodies of strangers: read or refused with a sentence, and the same parts however the bytes come.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "server/multipart.h"

namespace {

struct Recorder : ft::PartSink {
    std::string all;
    void begin_part(const ft::PartHead& head) override {
        all += "<" + head.name + "|" + head.filename.value_or("-") + "|" + head.content_type + ">";
    }
    void part_bytes(std::string_view bytes) override { all += bytes; }
    void end_part() override { all += "</>"; }
};

/// What came of it; with the sentence when it was refused.
std::string outcome(std::string_view body, size_t step) {
    Recorder recorder;
    try {
        ft::MultipartParser parser("XX", recorder);
        for (size_t at = 0; at < body.size(); at += step) parser.push(body.substr(at, step));
        parser.finish();
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::invalid_argument) std::abort();
        // How much of a part was handed on before depends on the steps.
        return "refused";
    }
    return recorder.all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const std::string whole = outcome(body, size + 1);
    if (outcome(body, 1) != whole || outcome(body, 13) != whole) std::abort();
    try {
        ft::multipart_boundary(std::string(body));
    } catch (const ft::Error&) {
    }
    return 0;
}
