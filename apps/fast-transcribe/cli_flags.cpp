#include "cli_flags.h"

#include <algorithm>
#include <iterator>

#include "base/error.h"
#include "base/user_input.h"
#include "unbuilt_flags.h"

namespace ft {

namespace {

bool is_in(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

void add_formats(const std::string& value, GatheredFlags& g) {
    if (!g.formats_given) g.options.output.formats.clear();
    g.formats_given = true;
    std::vector<std::string>& formats = g.options.output.formats;
    const std::vector<std::string> wanted = split_list(value);
    if (wanted.empty()) throw Error(ErrorCode::invalid_argument, "--output_format: needs a format, e.g. srt");
    for (const std::string& name : wanted) {
        const auto add = [&](const std::string& format) {
            if (std::find(formats.begin(), formats.end(), format) == formats.end()) formats.push_back(format);
        };
        if (name == "all") {
            for (const std::string& format : output_formats()) add(format);
        } else if (is_in(known_formats(), name)) {
            add(name);
        } else {
            std::string list;
            for (const std::string& format : known_formats()) list += format + ", ";
            refuse("output_format", name, "is not a format; choose from " + list + "all");
        }
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
        {"device", 0, "DEVICE", group, "cpu, cuda, or auto: the GPU where one can be used, else the CPU (default auto)",
         [&](const std::string& v) { g.device = v; }},
        {"device_index", 0, "N", group, "which GPU, from 0 (default 0)",
         [&](const std::string& v) {
             engine.backend.device_index = static_cast<int>(parse_integer("--device_index", v, 0, 1023));
         }},
        {"gpu_memory", 0, "SIZE", group,
         "most of the GPU's memory that is taken, e.g. 800MB or 4GB (default: all it has)",
         [&](const std::string& v) { engine.backend.memory_budget = parse_memory("--gpu_memory", v); }},
        {"compute_type", 0, "TYPE", group,
         "auto, int8 (fast; CPU), float16 (fast; GPU), int8_float16 (GPU: half the memory; its effect on the text is "
         "not measured yet) or float32 (exact) (default auto: int8 or float16)",
         [&](const std::string& v) { g.compute_type = v; }},
        {"threads", 0, "N", group, "threads that compute (default 0: all cores this process may use)",
         [&](const std::string& v) {
             engine.backend.threads = static_cast<int>(parse_integer("--threads", v, 0, 1024));
         }},
        {"batch_size", 0, "N", group, "windows decoded together (default: 8 on a CPU, 32 on a GPU)",
         [&](const std::string& v) { engine.batch_size = static_cast<int>(parse_integer("--batch_size", v, 1, 256)); }},
    };
}

std::vector<Flag> layout_flags(GatheredFlags& g) {
    OutputOptions& output = g.options.output;
    const std::string group = "Output";
    const auto layout_number = [](const char* name, int& target) {
        return [name, &target](const std::string& v) {
            target = v == "None" ? 0 : static_cast<int>(parse_integer("--" + std::string(name), v, 0, 100000));
        };
    };
    return {
        {"max_line_width", 0, "N", group, "subtitles: most characters in a line",
         layout_number("max_line_width", output.layout.max_line_width)},
        {"max_line_count", 0, "N", group, "subtitles: most lines in a cue, with --max_line_width",
         layout_number("max_line_count", output.layout.max_line_count)},
        {"max_words_per_line", 0, "N", group, "subtitles: most words in a line, without --max_line_width",
         layout_number("max_words_per_line", output.layout.max_words_per_line)},
        {"highlight_words", 0, "", group, "subtitles: underline each word while it is said",
         [&](const std::string& v) { output.layout.highlight_words = v == "true"; }},
        // Here and not among the options of a transcription: they change the exit code, never the text.
        {"strict", 0, "", group, "exit code 1 when less of a file's detected speech than --min_coverage became text",
         [&](const std::string& v) { g.options.strict = v == "true"; }},
        {"min_coverage", 0, "SHARE", group, "from 0 to 1, for --strict (default 0.95)",
         [&](const std::string& v) { g.options.min_coverage = parse_number("--min_coverage", v, 0, 1); }},
        {"verbose", 0, "", group, "show the segments on standard error as they are finished, and more of what is done",
         [&](const std::string& v) { g.verbose = v == "true"; }},
        {"print_progress", 0, "", group,
         "progress on standard error (default: a bar on a terminal, some lines elsewhere)",
         [&](const std::string& v) { g.options.print_progress = v == "true"; }},
        {"quiet", 'q', "", group, "nothing on standard error but failures",
         [&](const std::string& v) { g.quiet = v == "true"; }},
    };
}

/// The options that jobs have too, which know no dashes.
std::vector<Flag> option_flags(GatheredFlags& g, const std::string& group) {
    std::vector<Flag> flags;
    for (const TranscribeOption& option : transcribe_options()) {
        if (option.group != group) continue;
        const auto apply = [&g, &option](const std::string& value) {
            try {
                option.read(g.draft, value);
            } catch (const Error& error) {
                throw Error(error.code(), "--{}", error.what());
            }
        };
        flags.push_back({option.name, option.letter, option.value, group, option.help, apply});
    }
    return flags;
}

Flag vad_model_flag(GatheredFlags& g) {
    return {"vad_model",
            0,
            "FILE",
            "Speech detection",
            "silero_vad_16k.safetensors; the word energy uses loudness instead (default: where models are)",
            [&g](const std::string& v) { g.options.engine.vad_model = v; }};
}

}  // namespace

void refuse(const std::string& flag, const std::string& value, const std::string& instead) {
    throw Error(ErrorCode::invalid_argument, "--{} {}: {}", flag, value, instead);
}

std::vector<Flag> output_file_flags(GatheredFlags& g) {
    OutputOptions& output = g.options.output;
    const std::string group = "Output";
    return {
        {"output_dir", 'o', "DIR", group,
         "folder for the results, made if it does not exist (default .); each is called like its input",
         [&](const std::string& v) {
             if (v.empty()) throw Error(ErrorCode::invalid_argument, "--output_dir: needs a folder");
             output.folder = v;
             g.folder_given = true;
         }},
        {"output_format", 'f', "FORMAT", group,
         "txt, vtt, srt, tsv, json, or all for these five; lrc, csv, aws (Amazon Transcribe's JSON); several with "
         "commas "
         "or by repeating the flag (default with -o: all)",
         [&](const std::string& v) { add_formats(v, g); }},
    };
}

std::vector<Flag> job_option_flags(GatheredFlags& g) {
    std::vector<Flag> flags = option_flags(g, "Decoding");
    for (Flag& flag : option_flags(g, "Speech detection")) flags.push_back(std::move(flag));
    return flags;
}

std::vector<Flag> engine_flags(GatheredFlags& g) {
    std::vector<Flag> flags = option_flags(g, "Decoding");
    const auto add = [&flags](std::vector<Flag> more) {
        std::move(more.begin(), more.end(), std::back_inserter(flags));
    };
    add(model_flags(g));
    add(option_flags(g, "Speech detection"));
    flags.push_back(vad_model_flag(g));
    return flags;
}

std::vector<Flag> all_flags(GatheredFlags& g) {
    std::vector<Flag> flags = output_file_flags(g);
    for (Flag& flag : layout_flags(g)) flags.push_back(std::move(flag));
    for (Flag& flag : engine_flags(g)) flags.push_back(std::move(flag));
    flags.push_back(
        {"help", 'h', "", "Other", "this text", [&](const std::string& v) { g.options.help = v == "true"; }});
    flags.push_back({"version", 0, "", "Other", "the program's version",
                     [&](const std::string& v) { g.options.version = v == "true"; }});
    for (Flag& flag : unbuilt_flags()) flags.push_back(std::move(flag));
    return flags;
}

}  // namespace ft
