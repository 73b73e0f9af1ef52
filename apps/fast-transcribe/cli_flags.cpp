#include "cli_flags.h"

#include <algorithm>
#include <limits>
#include <sstream>

#include "base/error.h"
#include "decoding/language.h"
#include "unbuilt_flags.h"

namespace ft {

namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> parts;
    std::stringstream stream(list);
    for (std::string part; std::getline(stream, part, ',');) {
        const size_t begin = part.find_first_not_of(" \t");
        if (begin != std::string::npos) parts.push_back(part.substr(begin, part.find_last_not_of(" \t") - begin + 1));
    }
    return parts;
}

/// "None" and nothing mean detection, as in other programs.
std::string language_code(const std::string& value) {
    if (value.empty() || value == "None") return "auto";
    if (value == "auto") return value;
    if (const std::string_view code = find_language(value); !code.empty()) return std::string(code);
    std::vector<std::string> known = {"auto"};
    for (const Language& language : languages()) known.emplace_back(language.name);
    const std::string guess = nearest_word(value, known);
    refuse("language", value,
           "is none that Whisper knows" + (guess.empty() ? "" : " (did you mean " + guess + "?)") +
               "; give a code such as sv, a name such as Swedish, or auto to have it detected");
}

void add_formats(const std::string& value, GatheredFlags& g) {
    if (!g.formats_given) g.options.output.formats.clear();
    g.formats_given = true;
    std::vector<std::string>& formats = g.options.output.formats;
    const std::vector<std::string>& known = output_formats();
    const std::vector<std::string> wanted = split(value);
    if (wanted.empty()) throw Error(ErrorCode::invalid_argument, "--output_format: needs a format, e.g. srt");
    for (const std::string& name : wanted) {
        const auto add = [&](const std::string& format) {
            if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
        };
        if (name == "all") {
            for (const std::string& format : known) add(format);
        } else if (std::find(known.begin(), known.end(), name) != known.end()) {
            add(name);
        } else {
            std::string list;
            for (const std::string& format : known) list += format + ", ";
            refuse("output_format", name, "is not a format; choose from " + list + "all");
        }
    }
}

void set_suppress_tokens(const std::string& value, std::vector<int32_t>& tokens) {
    tokens.clear();
    for (const std::string& part : split(value)) {
        tokens.push_back(static_cast<int32_t>(parse_integer("suppress_tokens", part, -1, 1'000'000)));
    }
}

std::vector<Flag> model_flags(GatheredFlags& g) {
    EngineOptions& engine = g.options.engine;
    const std::string group = "Model";
    return {
        {"model", 'm', "NAME", group,
         "kb-whisper-{tiny,base,small,medium,large}[@standard|subtitle|strict], "
         "whisper-{tiny,base,small,medium,large-v3,"
         "large-v3-turbo}, owner/repo[@revision], or a folder or file. Default: kb-whisper-small, else whisper-base",
         [&](const std::string& v) {
             if (v.empty()) throw Error(ErrorCode::invalid_argument, "--model: needs a name, e.g. kb-whisper-small");
             engine.model = v;
         }},
        {"model_dir", 0, "DIR", group, "a folder where models are kept and looked for",
         [&](const std::string& v) { engine.model_dir = v; }},
        {"device", 0, "DEVICE", group, "auto or cpu (default auto)", [&](const std::string& v) { g.device = v; }},
        {"compute_type", 0, "TYPE", group, "auto, int8 (fast) or float32 (exact) (default auto: int8)",
         [&](const std::string& v) { g.compute_type = v; }},
        {"threads", 0, "N", group, "threads that compute (default 0: all cores this process may use)",
         [&](const std::string& v) {
             engine.backend.threads = static_cast<int>(parse_integer("threads", v, 0, 1024));
         }},
        {"batch_size", 0, "N", group, "windows decoded together (default 8)",
         [&](const std::string& v) { engine.batch_size = static_cast<int>(parse_integer("batch_size", v, 1, 256)); }},
    };
}

std::vector<Flag> output_flags(GatheredFlags& g) {
    OutputOptions& output = g.options.output;
    const std::string group = "Output";
    const auto layout_number = [](const char* name, int& target) {
        return [name, &target](const std::string& v) {
            target = v == "None" ? 0 : static_cast<int>(parse_integer(name, v, 0, 100000));
        };
    };
    return {
        {"output_dir", 'o', "DIR", group,
         "folder for the results, made if it does not exist (default .); each is called like its input",
         [&](const std::string& v) {
             if (v.empty()) throw Error(ErrorCode::invalid_argument, "--output_dir: needs a folder");
             output.folder = v;
             g.folder_given = true;
         }},
        {"output_format", 'f', "FORMAT", group,
         "txt, vtt, srt, tsv, json or all; several with commas or by repeating the flag (default with -o: all)",
         [&](const std::string& v) { add_formats(v, g); }},
        {"max_line_width", 0, "N", group, "subtitles: most characters in a line",
         layout_number("max_line_width", output.layout.max_line_width)},
        {"max_line_count", 0, "N", group, "subtitles: most lines in a cue, with --max_line_width",
         layout_number("max_line_count", output.layout.max_line_count)},
        {"max_words_per_line", 0, "N", group, "subtitles: most words in a line, without --max_line_width",
         layout_number("max_words_per_line", output.layout.max_words_per_line)},
        {"highlight_words", 0, "", group, "subtitles: underline each word while it is said",
         [&](const std::string& v) { output.layout.highlight_words = v == "true"; }},
        {"verbose", 0, "", group, "show the segments on standard error as they are finished, and more of what is done",
         [&](const std::string& v) { g.verbose = v == "true"; }},
        {"print_progress", 0, "", group,
         "progress on standard error (default: a bar on a terminal, some lines elsewhere)",
         [&](const std::string& v) { g.options.print_progress = v == "true"; }},
        {"quiet", 'q', "", group, "nothing on standard error but failures",
         [&](const std::string& v) { g.quiet = v == "true"; }},
    };
}

std::vector<Flag> decoding_flags(GatheredFlags& g) {
    DecodeOptions& decode = g.options.transcribe.decode;
    const std::string group = "Decoding";
    const auto texts = [](const char* name, int& target) {
        return [name, &target](const std::string& v) {
            target = v == "None" ? 1 : static_cast<int>(parse_integer(name, v, 1, max_beam_size));
        };
    };
    return {
        {"language", 'l', "LANGUAGE", group, "a code or a name, e.g. sv, Swedish, en; auto detects it (default sv)",
         [&](const std::string& v) { decode.language = language_code(v); }},
        {"task", 0, "TASK", group, "transcribe, or translate into English (default transcribe)",
         [&](const std::string& v) {
             if (v != "transcribe" && v != "translate") refuse("task", v, "is no task; choose transcribe or translate");
             decode.task = v;
         }},
        {"initial_prompt", 0, "TEXT", group, "names and words that the audio contains, to help with their spelling",
         [&](const std::string& v) { decode.initial_prompt = v == "None" ? "" : v; }},
        {"temperature", 0, "T", group,
         "0 takes the most probable word; above it, words are drawn at random (default 0)",
         [&](const std::string& v) { g.temperature = parse_number("temperature", v, 0, 1); }},
        {"temperature_increment_on_fallback", 0, "STEP", group,
         "a window whose text looks wrong is decoded again this much warmer, up to 1 (default 0.2; None: never)",
         [&](const std::string& v) {
             g.temperature_step = parse_optional_number("temperature_increment_on_fallback", v, 0.01, 1);
         }},
        {"beam_size", 0, "N", group, "texts followed side by side at temperature 0 (default 1: greedy; at most 16)",
         texts("beam_size", decode.search.beam_size)},
        {"best_of", 0, "N", group, "texts drawn at temperatures above 0, of which the likeliest is kept (default 1)",
         texts("best_of", decode.search.best_of)},
        {"patience", 0, "X", group, "a beam ends when N times this many of its texts have ended (default 1)",
         [&](const std::string& v) {
             decode.search.patience = static_cast<float>(parse_optional_number("patience", v, 0.01, 100).value_or(1.0));
         }},
        {"length_penalty", 0, "X", group,
         "texts of a beam are ranked by log-probability / ((5 + length) / 6)^X (default None: by their mean)",
         [&](const std::string& v) {
             const auto number = parse_optional_number("length_penalty", v, 0, 10);
             decode.search.length_penalty.reset();
             if (number) decode.search.length_penalty = static_cast<float>(*number);
         }},
        {"compression_ratio_threshold", 0, "X", group,
         "text that compresses better repeats itself (default 2.4; None: no check)",
         [&](const std::string& v) {
             const auto number = parse_optional_number("compression_ratio_threshold", v, 0, 1000);
             decode.compression_ratio_threshold = number ? static_cast<float>(*number) : infinity;
         }},
        {"logprob_threshold", 0, "X", group, "text less probable than this is doubted (default -1; None: no check)",
         [&](const std::string& v) {
             const auto number = parse_optional_number("logprob_threshold", v, -1000, 0);
             decode.logprob_threshold = number ? static_cast<float>(*number) : -infinity;
         }},
        {"no_speech_threshold", 0, "P", group,
         "doubted text is dropped as silence above this probability (default 0.6; None: never)",
         [&](const std::string& v) {
             const auto number = parse_optional_number("no_speech_threshold", v, 0, 1);
             decode.no_speech_threshold = number ? static_cast<float>(*number) : infinity;
         }},
        {"suppress_tokens", 0, "IDS", group,
         "token ids never to be written, with commas; -1 is the model's own list (default -1)",
         [&](const std::string& v) { set_suppress_tokens(v, decode.suppress_tokens); }},
        {"word_timestamps", 0, "", group,
         "when every word is said, in json, and for subtitles that follow the words (default False)",
         [&](const std::string& v) { g.word_timestamps = v == "true"; }},
        {"without_timestamps", 0, "", group, "text only: one segment a window",
         [&](const std::string& v) { decode.timestamps = v != "true"; }},
        {"seed", 0, "N", group, "of the random numbers at temperatures above 0 (default 0)",
         [&](const std::string& v) {
             decode.seed = static_cast<uint64_t>(parse_integer("seed", v, 0, std::numeric_limits<int64_t>::max()));
         }},
    };
}

std::vector<Flag> speech_flags(GatheredFlags& g) {
    TranscribeOptions& options = g.options.transcribe;
    VadOptions& vad = options.vad;
    const std::string group = "Speech detection";
    const auto milliseconds = [](const char* name, int& target) {
        return [name, &target](const std::string& v) { target = static_cast<int>(parse_integer(name, v, 0, 60000)); };
    };
    return {
        {"vad_filter", 0, "", group, "transcribe only where somebody speaks (default True)",
         [&](const std::string& v) { options.vad_filter = v == "true"; }},
        {"vad_threshold", 0, "P", group, "probability from which on it is speech (default 0.5)",
         [&](const std::string& v) {
             vad.threshold = static_cast<float>(parse_number("vad_threshold", v, 0.01, 0.99));
         }},
        {"vad_min_silence_duration_ms", 0, "MS", group,
         "a shorter pause does not end a stretch of speech (default 160)",
         milliseconds("vad_min_silence_duration_ms", vad.min_silence_ms)},
        {"vad_min_speech_duration_ms", 0, "MS", group, "shorter stretches are not speech (default 100)",
         milliseconds("vad_min_speech_duration_ms", vad.min_speech_ms)},
        {"vad_speech_pad_ms", 0, "MS", group, "kept before and after each stretch (default 300)",
         milliseconds("vad_speech_pad_ms", vad.speech_pad_ms)},
        {"chunk_length", 0, "S", group,
         "windows of speech, in which the file is decoded, last at most this many seconds (default 27.5, at most 30)",
         [&](const std::string& v) { options.windows.max_window_s = parse_number("chunk_length", v, 1, 30); }},
        {"vad_model", 0, "FILE", group,
         "silero_vad_16k.safetensors; the word energy uses loudness instead (default: where models are)",
         [&](const std::string& v) { g.options.engine.vad_model = v; }},
    };
}

}  // namespace

void refuse(const std::string& flag, const std::string& value, const std::string& instead) {
    throw Error(ErrorCode::invalid_argument, "--{} {}: {}", flag, value, instead);
}

std::vector<Flag> all_flags(GatheredFlags& g) {
    std::vector<Flag> flags = output_flags(g);
    for (auto* more : {decoding_flags, model_flags, speech_flags}) {
        std::vector<Flag> group = more(g);
        std::move(group.begin(), group.end(), std::back_inserter(flags));
    }
    flags.push_back(
        {"help", 'h', "", "Other", "this text", [&](const std::string& v) { g.options.help = v == "true"; }});
    flags.push_back({"version", 0, "", "Other", "the program's version",
                     [&](const std::string& v) { g.options.version = v == "true"; }});
    for (Flag& flag : unbuilt_flags()) flags.push_back(std::move(flag));
    return flags;
}

}  // namespace ft
