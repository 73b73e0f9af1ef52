// The product's pipeline from a recording to text, with nothing that a foreign machine may lack: decoding, speech,
// windows, log-mel, model, transcript; the CPU's and the GPU's backends. Prints one JSON object.
//     gpu_transcribe --model FOLDER [--device cpu|cuda|reference] [--device_index N] [--threads N] [--batch_size N]
//         [--compute_type float16|int8_float16|float32|int8] [--vad_model FILE|energy|none] [--chunk_length S]
//         [--packed FILE] [--plain] [--repeat N] [--audio_threads N] FILE…
// --model: any checkpoint, packed on the spot into --packed (default: FOLDER/packed-<layout>), which is taken as it is
// when it is of the same checkpoint. --plain: greedy, no fallback, no repair, no timestamps: what random weights and
// comparisons of speed need. --repeat: the files so many times over, the first time apart in the timings.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/start_timeline.h"
#include "base/stopwatch.h"
#include "model/packed_model.h"
#include "transcriber/transcriber.h"

namespace ft {
namespace {

using nlohmann::json;

struct Settings {
    BackendOptions backend{"cuda", Precision::float16, 0, ""};
    std::string model, packed, vad_model = "energy";
    int batch_size = 64, repeat = 1, audio_threads = 1;
    double chunk_length_s = 0;
    bool plain = false;
    std::vector<std::string> files;
};

/// The packed file of the model, made when there is none of this checkpoint.
std::string packed_model(const Settings& settings, const WeightPacker& packer) {
    const std::string& packing = packer.packing();
    const std::string file =
        settings.packed.empty() ? fmt::format("{}/packed-{}", settings.model, packing) : settings.packed;
    try {
        if (PackedModel::open(file, packing).source_fingerprint() == fingerprint(settings.model)) return file;
    } catch (const Error&) {
        // Not there yet, or of another version.
    }
    write_packed_model(*open_model_source(settings.model), packer, file);
    return file;
}

TranscribeOptions options_of(const Settings& settings) {
    TranscribeOptions options;
    options.audio_threads = settings.audio_threads;
    options.vad_filter = settings.vad_model != "none";
    if (options.vad_filter && settings.vad_model != "energy") options.vad_model = settings.vad_model;
    if (settings.chunk_length_s > 0) options.windows.max_window_s = settings.chunk_length_s;
    if (!settings.plain) return options;
    options.windows.cut_search_s = 0.1;  // at full length, in a pause or not: as many windows as others have
    options.decode.temperatures = {0.0F};
    options.decode.timestamps = false;
    options.decode.search = {};
    options.repair = options.hear_rejected = options.drop_inventions = false;
    return options;
}

json result_of(const Transcript& transcript, double wall_s) {
    json tokens = json::array(), logprobs = json::array();
    for (const Segment& segment : transcript.segments) {
        for (const int32_t token : segment.tokens) tokens.push_back(token);
        logprobs.push_back(segment.avg_logprob);
    }
    const Timings& t = transcript.timings;
    return {{"file", transcript.file},
            {"duration_s", transcript.duration_s},
            {"wall_s", wall_s},
            {"times_real_time", transcript.duration_s / wall_s},
            {"windows", transcript.coverage.windows},
            {"text", transcript.text()},
            {"tokens", tokens},
            {"avg_logprobs", logprobs},
            {"stages_s",
             {{"audio", t.audio}, {"vad", t.vad}, {"mel", t.mel}, {"encoder", t.encoder}, {"decoder", t.decoder}}},
            {"warnings", transcript.warnings}};
}

json run(const Settings& settings) {
    std::unique_ptr<Backend> backend = make_backend(settings.backend);
    const std::string packed = packed_model(settings, backend->packer());
    start_timeline().reached("packed");
    const TranscribeOptions options = options_of(settings);
    Transcriber transcriber(packed, std::move(backend), settings.batch_size, settings.plain ? 1 : 2);
    json results = json::array();
    for (int turn = 0; turn < settings.repeat; ++turn) {
        for (const std::string& file : settings.files) {
            const Stopwatch watch;
            const Transcript transcript = transcriber.transcribe(file, options);
            results.push_back(result_of(transcript, watch.seconds()));
            start_timeline().reached("first_file");
        }
    }
    const BackendInfo& info = transcriber.backend();
    json timeline = json::object();
    for (const StartTimeline::Moment& moment : start_timeline().moments()) timeline[moment.name] = moment.at_s;
    return {{"device", info.device},
            {"backend", info.name},
            {"libraries", info.libraries},
            {"compute_type", to_string(info.precision)},
            {"batch_size", settings.batch_size},
            {"audio_threads", settings.audio_threads},
            {"plain", settings.plain},
            {"timeline_s", timeline},
            {"results", results}};
}

template <typename T>
T number(const std::string& flag, const std::string& text, T least, T most) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
        throw Error(ErrorCode::invalid_argument, "{} must be {} to {}, not '{}'", flag, least, most, text);
    return value;
}

Precision precision_named(const std::string& name) {
    for (const Precision precision :
         {Precision::float32, Precision::int8, Precision::float16, Precision::int8_float16}) {
        if (name == to_string(precision)) return precision;
    }
    throw Error(ErrorCode::invalid_argument, "--compute_type must be float16, int8_float16, float32 or int8, not '{}'",
                name);
}

void read_flag(Settings& settings, const std::string& flag, const std::string& value) {
    if (flag == "--model") {
        settings.model = value;
    } else if (flag == "--packed") {
        settings.packed = value;
    } else if (flag == "--vad_model") {
        settings.vad_model = value;
    } else if (flag == "--device") {
        settings.backend.name = value;
    } else if (flag == "--compute_type") {
        settings.backend.precision = precision_named(value);
    } else if (flag == "--device_index") {
        settings.backend.device_index = number(flag, value, 0, 64);
    } else if (flag == "--threads") {
        settings.backend.threads = number(flag, value, 0, 1024);
    } else if (flag == "--batch_size") {
        settings.batch_size = number(flag, value, 1, 1024);
    } else if (flag == "--audio_threads") {
        settings.audio_threads = number(flag, value, 1, 1024);
    } else if (flag == "--repeat") {
        settings.repeat = number(flag, value, 1, 1000);
    } else if (flag == "--chunk_length") {
        settings.chunk_length_s = number(flag, value, 1.0, 30.0);
    } else {
        throw Error(ErrorCode::invalid_argument, "{}: no such flag; see the top of transcribe.cpp", flag);
    }
}

Settings read_arguments(int count, char** arguments) {
    Settings settings;
    for (int i = 1; i < count; ++i) {
        const std::string argument = arguments[i];
        if (argument == "--plain") {
            settings.plain = true;
        } else if (argument.rfind("--", 0) != 0) {
            settings.files.push_back(argument);
        } else if (i + 1 < count) {
            read_flag(settings, argument, arguments[++i]);
        } else {
            throw Error(ErrorCode::invalid_argument, "{} needs a value", argument);
        }
    }
    if (settings.model.empty() || settings.files.empty())
        throw Error(ErrorCode::invalid_argument, "give --model FOLDER and at least one recording");
    return settings;
}

}  // namespace
}  // namespace ft

int main(int count, char** arguments) {
    ft::start_timeline().reached("main");
    ft::set_up_log(ft::Verbosity::normal);
    try {
        const nlohmann::json report = ft::run(ft::read_arguments(count, arguments));
        fmt::print("{}\n", report.dump(1, ' ', false, nlohmann::json::error_handler_t::replace));
        return 0;
    } catch (const ft::Error& error) {
        fmt::print(stderr, "gpu_transcribe: {}\n", error.what());
        return error.code() == ft::ErrorCode::invalid_argument ? 2 : 1;
    }
}
