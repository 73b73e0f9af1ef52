// Where every millisecond of a file goes, and how far each operation is from what this machine could do at most:
//     profile [--model M] [--vad_model F] [--precision int8|float32] [--threads N] [--batch_size N] [--beam_size N]
//     [--words] FILE
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "base/error.h"
#include "base/stopwatch.h"
#include "model_store/prepared_model.h"
#include "report.h"
#include "transcriber/transcriber.h"
#include "transcript/writers.h"

namespace {

struct Settings {
    std::string file, model = "kb-whisper-small", vad_model, precision = "int8", instruction_set;
    int threads = 2, batch_size = 8, beam_size = 1;
    bool word_times = false;
};

Settings read_settings(int argc, char** argv) {
    Settings settings;
    CLI::App app("Where every millisecond of a file goes");
    app.add_option("file", settings.file)->required();
    app.add_option("--model", settings.model, "a name or a folder");
    app.add_option("--vad_model", settings.vad_model, "silero_vad_16k.safetensors; default: the store's");
    app.add_option("--precision", settings.precision)->check(CLI::IsMember({"int8", "float32"}));
    app.add_option("--instruction_set", settings.instruction_set, "at most: sse2, avx2, avx512, avx512-vnni");
    app.add_option("--threads", settings.threads)->check(CLI::Range(1, 1024));
    app.add_option("--batch_size", settings.batch_size)->check(CLI::Range(1, 64));
    app.add_option("--beam_size", settings.beam_size)->check(CLI::Range(1, 16));
    app.add_flag("--words", settings.word_times, "words' times, too");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        std::exit(app.exit(error));
    }
    return settings;
}

void profile(const Settings& settings) {
    ft::StoreOptions store_options;
    store_options.allow_network = false;
    const ft::ModelStore store(store_options);
    const ft::LocatedModel model = store.locate(ft::parse_model_name(settings.model));
    ft::BackendOptions backend_options;
    backend_options.precision = settings.precision == "int8" ? ft::Precision::int8 : ft::Precision::float32;
    backend_options.threads = settings.threads;
    backend_options.instruction_set = settings.instruction_set;
    std::unique_ptr<ft::Backend> backend = ft::make_backend(backend_options);
    const ft::PreparedModel prepared = ft::prepare_packed_model(
        model, store, backend->packer(), [](const std::string& sentence) { fmt::print(stderr, "{}\n", sentence); });

    const ft::bench::MachinePeaks peaks = ft::bench::measure_peaks(settings.threads);
    ft::bench::Costs costs;
    ft::TranscribeOptions options;
    options.vad_model = settings.vad_model;
    if (options.vad_model.empty()) options.vad_model = store.voice_activity_model();
    options.decode.search.beam_size = settings.beam_size;
    options.decode.word_times = settings.word_times;
    const int width = ft::widest(options.decode.search, options.decode.temperatures);
    ft::Transcriber transcriber(prepared.file, ft::bench::make_profiled_backend(std::move(backend), costs),
                                settings.batch_size, width);
    const ft::Transcript transcript = transcriber.transcribe(settings.file, options);
    const ft::Stopwatch watch;
    for (const std::string& format : ft::output_formats()) (void)ft::write_transcript(transcript, format);
    const double writing_s = watch.seconds();
    fmt::print("{}\n{}", transcriber.backend().device, ft::bench::profile_report(transcript, costs, peaks, writing_s));
}

}  // namespace

int main(int argc, char** argv) {
    try {
        profile(read_settings(argc, argv));
    } catch (const ft::Error& error) {
        fmt::print(stderr, "profile: {}\n", error.what());
        return 1;
    }
}
