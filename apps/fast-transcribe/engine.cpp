#include "engine.h"

#include <fmt/ranges.h>

#include "backends/device_choice.h"
#include "base/error.h"
#include "base/start_timeline.h"
#include "base/thread_pool.h"
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

std::string name_for_clients(const ModelName& name) {
    if (name.path.empty()) return name.given;
    // "." and "models/base/" have names, too.
    const std::filesystem::path whole = std::filesystem::absolute(name.path / "").lexically_normal();
    return whole.parent_path().filename().string();
}

/// A loaded model and what is known about it.
class LoadedEngine : public Engine {
  public:
    LoadedEngine(const EngineOptions& options, const Notice& notice)
        : threads_(options.backend.threads == 0 ? usable_cores() : options.backend.threads) {
        StoreOptions store_options;
        store_options.model_dir = options.model_dir;
        store_options.allow_network = false;
        const ModelStore store(store_options);
        model_ = choose_model(
            options.model, [&](const std::string& name) { return store.locate(parse_model_name(name)); }, notice);
        vad_model_ = find_vad_model(options.vad_model, store, notice);
        device_note_ = use_backend(options.backend, options.otherwise, [&](std::unique_ptr<Backend> backend) {
            const BackendInfo info = backend->info();
            libraries_ = fmt::format("{}", fmt::join(gather_libraries(info), ", "));
            prepared_ = prepare_packed_model(model_, store, backend->packer(), notice);
            const int batch = options.batch_size == 0 ? default_batch_size(info.name) : options.batch_size;
            transcriber_ = std::make_unique<Transcriber>(prepared_.file, std::move(backend), batch, options.width);
        });
        if (!device_note_.empty()) notice("no GPU is used: " + device_note_);
    }

    std::string model() const override { return name_for_clients(model_.name); }

    std::string device_note() const override { return device_note_; }

    std::string plan(TranscribeOptions options) override {
        options.vad_model = vad_model_;
        return transcriber_->plan(options);
    }

    Transcript transcribe(const std::string& audio, TranscribeOptions options, const TranscribeHooks& hooks) override {
        options.vad_model = vad_model_;
        options.audio_threads = threads_;
        Transcript transcript = transcriber_->transcribe(audio, options, hooks);
        add_metadata(transcript, "no_gpu", device_note_);
        add_metadata(transcript, "model", model_.name.given);
        add_metadata(transcript, "repository", model_.name.repository);
        add_metadata(transcript, "revision", model_.name.revision);
        add_metadata(transcript, "commit", model_.commit);
        add_metadata(transcript, "model_path", model_.path.string());
        add_metadata(transcript, "model_sha256", prepared_.source_sha256);
        add_metadata(transcript, "format", prepared_.source_format);
        add_metadata(transcript, "version", FT_VERSION);
        add_metadata(transcript, "libraries", libraries_);
        add_options(transcript, options);
        return transcript;
    }

  private:
    LocatedModel model_;
    PreparedModel prepared_;
    const int threads_;
    std::unique_ptr<Transcriber> transcriber_;
    std::filesystem::path vad_model_;
    std::string device_note_;
    std::string libraries_;  // "FFmpeg 5.1, oneDNN 2.6.3, …"
};

}  // namespace

std::shared_ptr<Engine> load_engine(const EngineOptions& options, const Notice& notice) {
    return std::make_shared<LoadedEngine>(options, notice);
}

MakeEngine make_engine_factory() {
    return [](const EngineOptions& options, const Notice& notice) -> TranscribeFunction {
        const std::shared_ptr<Engine> engine = load_engine(options, notice);
        const double ready_s = start_timeline().now_s();
        return [engine, ready_s](const std::string& audio, const TranscribeOptions& transcribe_options,
                                 const ProgressFunction& progress, const std::atomic<bool>* stop) {
            Transcript transcript = engine->transcribe(audio, transcribe_options, {progress, {}, stop, {}});
            if (transcript.timings.ready == 0) transcript.timings.ready = ready_s;
            for (const StartTimeline::Moment& moment : start_timeline().moments())
                transcript.timings.start.emplace_back(moment.name, moment.at_s);
            return transcript;
        };
    };
}

}  // namespace ft
