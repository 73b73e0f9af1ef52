#include "service/engine_transcribe.h"

#include "base/error.h"
#include "transcriber/options_json.h"

namespace ft {

namespace {

TranscribeOptions options_of(const Job& job) {
    OptionsDraft draft;
    read_options_json(draft, job.options);
    return finish_options(draft);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size()))
        text.replace(at, what.size(), by);
    return text;
}

}  // namespace

std::string EngineTranscribe::plan(const Job& job) {
    const TranscribeOptions options = options_of(job);
    return holder_.get()->plan(options);
}

Transcript EngineTranscribe::transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                                        const std::atomic<bool>& stop) {
    const std::shared_ptr<Engine> engine = holder_.get();
    const std::string audio = request.audio.string();
    TranscribeHooks hooks;
    hooks.on_window = on_window;
    hooks.stop = &stop;
    hooks.finished = request.finished;
    try {
        Transcript transcript = engine->transcribe(audio, options_of(*request.job), hooks);
        // Told to stop, the engine gives what it has; a job wants all or nothing.
        if (stop.load()) throw Error(ErrorCode::cancelled, "this transcription was told to stop");
        // Results go to strangers, who have no business with our folders.
        std::erase_if(transcript.metadata, [](const auto& entry) { return entry.first == "model_path"; });
        for (auto& [name, value] : transcript.metadata) {
            if (name == "model") value = engine->model();
        }
        return transcript;
    } catch (const Error& error) {
        if (error.code() == ErrorCode::device_lost) lost_(error);
        const std::string name = request.job->input.name.empty() ? "the audio" : request.job->input.name;
        throw Error(error.code(), replaced(error.what(), audio, name));
    }
}

}  // namespace ft
