#include "cli_options.h"

#include <algorithm>

#include "base/error.h"
#include "cli_flags.h"

namespace ft {

namespace {

bool cpu_computes_in(const std::string& type) {
    return type == "auto" || type == "default" || type == "int8" || type == "int8_float32" || type == "float32";
}

bool gpu_computes_in(const std::string& type) {
    return type == "auto" || type == "default" || type == "float16" || type == "int8_float16" || type == "float32";
}

/// On the GPU. Whether there is one is found out when it is opened.
void set_gpu_compute_type(BackendOptions& backend, const std::string& type) {
    if (!gpu_computes_in(type))
        refuse("compute_type", type,
               std::string("the GPU computes in float16 (fast), int8_float16 (half the memory) or float32 (exact); "
                           "choose one of them") +
                   (cpu_computes_in(type) ? ", or --device cpu" : ""));
    backend.name = "cuda";
    // No GPU has shown yet what int8 does to the text: it is for those who ask.
    backend.precision = type == "float32"        ? Precision::float32
                        : type == "int8_float16" ? Precision::int8_float16
                                                 : Precision::float16;
}

void set_cpu_compute_type(BackendOptions& backend, const std::string& type) {
    if (!cpu_computes_in(type))
        refuse("compute_type", type,
               std::string("the CPU computes in int8 (fast) or float32 (exact); choose one of them") +
                   (gpu_computes_in(type) ? ", or --device cuda" : ""));
    backend.name = "cpu";
    backend.precision = type == "float32" ? Precision::float32 : Precision::int8;
}

/// The GPU, and the CPU where there is none; whoever asks for int8 means the CPU.
void set_devices(EngineOptions& engine, const std::string& type) {
    if (!cpu_computes_in(type) && !gpu_computes_in(type))
        refuse("compute_type", type,
               "nothing here computes in it; choose auto, int8, int8_float16, float16 or float32");
    if (!gpu_computes_in(type)) return set_cpu_compute_type(engine.backend, type);
    set_gpu_compute_type(engine.backend, type);
    engine.otherwise = cpu_instead_of(engine.backend);
}

void set_backend(GatheredFlags& g) {
    BackendOptions& backend = g.options.engine.backend;
    const std::string& type = g.compute_type;
    if (g.device == "cuda") return set_compute_type(backend, g.device, type);
    if (g.device == "auto") return set_devices(g.options.engine, type);
    if (backend.device_index != 0)
        refuse("device_index", std::to_string(backend.device_index), "counts GPUs; give --device cuda as well");
    if (backend.memory_budget != 0)
        throw Error(ErrorCode::invalid_argument,
                    "--gpu_memory: limits what is taken of a GPU; give --device cuda or auto as well");
    // "reference" is the slow scalar backend of the tests: not in the help, as nobody wants to wait for it.
    if (g.device == "reference") {
        backend.name = "reference";
        backend.precision = Precision::float32;
        if (type != "auto" && type != "default" && type != "float32") {
            refuse("compute_type", type, "the reference backend computes in float32 only");
        }
        return;
    }
    if (g.device != "cpu") refuse("device", g.device, "is no device; choose auto, cpu or cuda");
    set_compute_type(backend, g.device, type);
}

/// Layouts that follow the words ask for their times.
void set_word_times(GatheredFlags& g) {
    const WriterOptions& layout = g.options.output.layout;
    const char* needs = layout.highlight_words          ? "highlight_words"
                        : layout.max_words_per_line > 0 ? "max_words_per_line"
                                                        : "";
    if (*needs != '\0' && g.draft.word_timestamps == false) {
        throw Error(ErrorCode::invalid_argument, "--{}: needs the times of words; leave --word_timestamps False out",
                    needs);
    }
    if (layout.max_words_per_line > 0 && layout.max_line_width > 0) {
        throw Error(ErrorCode::invalid_argument,
                    "--max_words_per_line: has no effect together with --max_line_width; give one of them");
    }
    if (*needs != '\0') g.draft.word_timestamps = true;
}

}  // namespace

BackendOptions cpu_instead_of(const BackendOptions& gpu) {
    BackendOptions cpu = gpu;
    cpu.name = "cpu";
    cpu.precision = gpu.precision == Precision::float32 ? Precision::float32 : Precision::int8;
    return cpu;
}

int default_batch_size(std::string_view backend) {
    return backend == "cuda" ? 32 : 8;
}

void set_compute_type(BackendOptions& backend, const std::string& device, const std::string& type) {
    if (device == "cuda") {
        set_gpu_compute_type(backend, type);
    } else {
        set_cpu_compute_type(backend, type);
    }
}

void finish_engine(GatheredFlags& g) {
    set_backend(g);
    g.options.transcribe = finish_options(g.draft);
    const DecodeOptions& decode = g.options.transcribe.decode;
    g.options.engine.width = widest(decode.search, decode.temperatures);
}

void finish_service_engine(GatheredFlags& g) {
    finish_engine(g);
    EngineOptions& engine = g.options.engine;
    const int least = engine.batch_size == 0 ? default_batch_size("cpu") : engine.batch_size;
    engine.width = std::max(engine.width, (max_beam_size + least - 1) / least);
}

void finish_output(GatheredFlags& g) {
    OutputOptions& output = g.options.output;
    output.dated = !g.folder_given && !g.formats_given;
    if (g.folder_given && !g.formats_given) output.formats = output_formats();
}

CommandOptions parse_command_line(const std::vector<std::string>& arguments) {
    GatheredFlags g;
    g.options.audio = parse_flags(arguments, all_flags(g));
    if (g.options.help || g.options.version) return g.options;
    if (g.options.audio.empty()) {
        throw Error(ErrorCode::invalid_argument, "no audio file was given; try: fast-transcribe interview.mp3");
    }
    if (std::count(g.options.audio.begin(), g.options.audio.end(), "-") > 1) {
        throw Error(ErrorCode::invalid_argument, "-: standard input can be read once only; give it once");
    }
    if (std::count(g.options.audio.begin(), g.options.audio.end(), "") > 0) {
        throw Error(ErrorCode::invalid_argument,
                    "one of the file names is empty; is a variable of the script not set?");
    }
    if (g.quiet && g.verbose)
        throw Error(ErrorCode::invalid_argument, "--quiet and --verbose exclude each other; give one of them");
    g.options.verbosity = g.quiet ? Verbosity::quiet : g.verbose ? Verbosity::verbose : Verbosity::normal;
    set_word_times(g);
    finish_engine(g);
    finish_output(g);
    const OutputOptions& output = g.options.output;
    if (output.layout.max_line_count > 0 && output.layout.max_line_width == 0) {
        throw Error(ErrorCode::invalid_argument, "--max_line_count: works together with --max_line_width; give both");
    }
    return g.options;
}

std::string command_help() {
    GatheredFlags g;
    return "fast-transcribe: Swedish speech to text\n\n"
           "  fast-transcribe [flags] FILE…      audio or video files to text; - reads standard input\n"
           "  fast-transcribe model …            get, list, check and remove models (fast-transcribe model --help)\n"
           "  fast-transcribe doctor             what this machine can do, what is missing, and what to do about it\n"
           "  fast-transcribe serve              jobs and OpenAI's API over HTTP (fast-transcribe serve --help)\n"
           "  fast-transcribe submit FILE…       the same by such a server (fast-transcribe submit --help)\n"
           "  fast-transcribe jobs …             its jobs: list, show, cancel, retry (fast-transcribe jobs --help)\n"
           "  fast-transcribe webhook …          for those who build a receiver (fast-transcribe webhook --help)\n\n"
           "Without -o and -f the text of each file goes to transcription_<date>_<time>.txt in the current folder.\n"
           "The names of the files written go to standard output, everything else to standard error.\n"
           "Flags may be written with - or _; switches may be followed by True or False.\n" +
           flags_help(all_flags(g)) +
           "\nExamples:\n"
           "  fast-transcribe interview.mp3\n"
           "  fast-transcribe -f srt -o subtitles film1.mkv film2.mp4\n"
           "  fast-transcribe --model kb-whisper-medium --language auto -f txt,json meeting.m4a\n"
           "  ffmpeg -i rtsp://camera/1 -t 60 -f wav - | fast-transcribe -\n"
           "\nExit codes: 0 all done; 1 some input failed (the others are written); 2 wrong usage; 130 interrupted "
           "with Ctrl-C\n"
           "(what was finished is written), 143 ended by SIGTERM (likewise).\n";
}

}  // namespace ft
