// Writes one small valid input for each fuzz target of the model's files: FOLDER/ctranslate2/tiny and so on.
// From nothing, a fuzzer would take days to invent a whole Whisper.
#include <cstdio>

#include "base/error.h"
#include "base/file.h"
#include "model/packed_model.h"
#include "model/testing/plain_packer.h"
#include "model/testing/tiny_checkpoint.h"

namespace fs = std::filesystem;

namespace {

ft::TinyCheckpoint smallest_checkpoint() {
    ft::TinyOptions options;
    options.d_model = 64;
    options.layers = 1;
    options.n_mels = 8;
    ft::TinyCheckpoint tiny = ft::make_tiny_checkpoint(options);
    tiny.config.audio_positions = tiny.config.text_positions = 2;
    for (const char* name : {"model.encoder.embed_positions.weight", "model.decoder.embed_positions.weight"}) {
        tiny.tensors.at(name) = {{2, 64}, std::vector<float>(128)};
    }
    return tiny;
}

void write_seeds(const fs::path& folder) {
    const ft::TinyCheckpoint tiny = smallest_checkpoint();
    const fs::path work = folder / "work";
    const auto seed = [&](const char* target, const char* name, const fs::path& file, const std::string& prefix) {
        ft::write_file_atomically(folder / target / name, prefix + ft::read_file(file));
    };
    ft::write_tiny_folder(tiny, work / "hf");
    ft::write_packed_model(*ft::open_model_source(work / "hf"), ft::PlainPacker(), work / "packed");
    seed("packed_model", "tiny", work / "packed", "");
    seed("safetensors", "tiny", work / "hf" / "model.safetensors", "");
    seed("config_json", "config", work / "hf" / "config.json", std::string(1, '\0'));
    seed("config_json", "generation", work / "hf" / "generation_config.json", "\1");
    seed("config_json", "tokenizer", work / "hf" / "tokenizer.json", "\3");
    ft::write_tiny_ctranslate2(tiny, work / "ct2", ft::Encoding::i8_rows);
    seed("ctranslate2", "tiny", work / "ct2" / "model.bin", "");
    seed("config_json", "ctranslate2", work / "ct2" / "config.json", "\2");
    seed("config_json", "vocabulary", work / "ct2" / "vocabulary.txt", "\7");
    ft::write_tiny_ggml(tiny, work / "ggml.bin", ft::Encoding::q4_0);
    seed("ggml", "tiny", work / "ggml.bin", "");
    fs::remove_all(work);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: make_fuzz_seeds FOLDER\n");
        return 2;
    }
    try {
        write_seeds(argv[1]);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "make_fuzz_seeds: %s\n", error.what());
        return 1;
    }
    return 0;
}
