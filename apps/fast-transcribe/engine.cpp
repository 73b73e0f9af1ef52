#include "engine.h"

#include <fmt/ranges.h>

#include "base/error.h"
#include "doctor_facts.h"
#include "model_choice.h"
#include "model_store/prepared_model.h"
#include "provenance.h"
#include "transcriber/transcriber.h"

namespace ft {

namespace {

std::filesystem::path find_vad_model(const std::string& given, const ModelStore& store, const Notice& notice) {
    if (given == "energy") return {};
    if (!given.empty()) {
        if (!std::filesystem::is_regular_file(given)) {
            throw Error(ErrorCode::not_found,
                        "--vad_model {}: there is no such file; give a silero_vad_16k.safetensors, or the word energy",
                        given);
        }
        return given;
    }
    std::filesystem::path found = store.voice_activity_model();
    if (found.empty()) {
        notice(
            "silero_vad_16k.safetensors was not found: speech is told from silence by loudness, which noise and music "
            "can "
            "deceive; fast-transcribe doctor says how to get the file");
    }
    return found;
}

/// A loaded model and what is known about it, shared by the copies of the function that transcribes.
struct Engine {
    LocatedModel model;
    PreparedModel prepared;
    std::unique_ptr<Transcriber> transcriber;
    std::filesystem::path vad_model;
    std::string libraries;  ///< "FFmpeg 5.1, oneDNN 2.6.3, …"
    double ready_s = 0;

    Transcript transcribe(const std::string& audio, TranscribeOptions options, const ProgressFunction& progress,
                          const std::atomic<bool>* stop) {
        options.vad_model = vad_model;
        Transcript transcript = transcriber->transcribe(audio, options, {progress, {}, stop, {}});
        add_metadata(transcript, "model", model.name.given);
        add_metadata(transcript, "repository", model.name.repository);
        add_metadata(transcript, "revision", model.name.revision);
        add_metadata(transcript, "commit", model.commit);
        add_metadata(transcript, "model_path", model.path.string());
        add_metadata(transcript, "model_sha256", prepared.source_sha256);
        add_metadata(transcript, "format", prepared.source_format);
        add_metadata(transcript, "version", FT_VERSION);
        add_metadata(transcript, "libraries", libraries);
        add_options(transcript, options);
        if (transcript.timings.ready == 0) transcript.timings.ready = ready_s;
        return transcript;
    }
};

}  // namespace

MakeEngine make_engine_factory(std::function<double()> now_s, double started_s) {
    return [now_s, started_s](const EngineOptions& options, const Notice& notice) -> TranscribeFunction {
        StoreOptions store_options;
        store_options.model_dir = options.model_dir;
        store_options.allow_network = false;
        const ModelStore store(store_options);
        auto engine = std::make_shared<Engine>();
        engine->model = choose_model(
            options.model, [&](const std::string& name) { return store.locate(parse_model_name(name)); }, notice);
        engine->vad_model = find_vad_model(options.vad_model, store, notice);
        std::unique_ptr<Backend> backend = make_backend(options.backend);
        engine->libraries = fmt::format("{}", fmt::join(gather_libraries(backend->info()), ", "));
        engine->prepared = prepare_packed_model(engine->model, store, *backend, notice);
        engine->transcriber =
            std::make_unique<Transcriber>(engine->prepared.file, std::move(backend), options.batch_size, options.width);
        engine->ready_s = now_s() - started_s;
        return [engine](const std::string& audio, const TranscribeOptions& transcribe_options,
                        const ProgressFunction& progress, const std::atomic<bool>* stop) {
            return engine->transcribe(audio, transcribe_options, progress, stop);
        };
    };
}

}  // namespace ft
