// Every parser of a checkpoint's JSON and text files; the first byte chooses. Any text is accepted or an Error.
#include <cstdlib>

#include "base/error.h"
#include "base/log.h"
#include "model/generation_config.h"
#include "model/model_config.h"
#include "model/testing/tiny_checkpoint.h"
#include "model/vocabulary.h"

namespace {

void parse(int which, std::string_view text) {
    static const ft::TinyCheckpoint tiny = [] {
        spdlog::set_level(spdlog::level::off);
        ft::TinyOptions options;
        options.d_model = 64;
        options.layers = 1;
        return ft::make_tiny_checkpoint(options);
    }();
    ft::TokenNames names;
    switch (which % 8) {
        case 0:
            ft::parse_hf_config(text, "fuzz");
            return;
        case 1:
            ft::parse_hf_generation(text, tiny.config, tiny.vocabulary, "fuzz");
            return;
        case 2:
            ft::parse_ctranslate2_generation(text, tiny.config, tiny.vocabulary, "fuzz");
            return;
        case 3:
            names = ft::parse_tokenizer_json(text, "fuzz");
            break;
        case 4:
            names = ft::parse_token_ids_json(text, "fuzz");
            break;
        case 5:
            names = ft::parse_tokenizer_config_json(text, "fuzz");
            break;
        case 6:
            names = ft::parse_vocabulary_array(text, "fuzz");
            break;
        case 7:
            names = ft::parse_vocabulary_lines(text);
            break;
    }
    const int size = 300;
    const ft::Vocabulary vocabulary = ft::make_vocabulary(names, size, true, "fuzz");
    if (vocabulary.tokens.size() != size || vocabulary.first_special < 0 || vocabulary.first_special >= size)
        std::abort();
    ft::non_speech_tokens(vocabulary);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size == 0) return 0;
    try {
        parse(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
    } catch (const ft::Error& error) {
        if (error.code() != ft::ErrorCode::bad_model && error.code() != ft::ErrorCode::unsupported) std::abort();
    }
    return 0;
}
