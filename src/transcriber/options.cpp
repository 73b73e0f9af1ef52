#include "transcriber/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "base/user_input.h"
#include "decoding/language.h"

namespace ft {

namespace {

using Draft = OptionsDraft;
using Options = TranscribeOptions;
using Kind = TranscribeOption::Kind;

constexpr size_t longest_text = 4096;
constexpr float infinity = std::numeric_limits<float>::infinity();
const char* const decoding = "Decoding";
const char* const speech = "Speech detection";

[[noreturn]] void refuse(const std::string& name, const std::string& text, const std::string& instead) {
    throw Error(ErrorCode::invalid_argument, "{} {}: {}", name, text, instead);
}

bool read_switch(const std::string& name, const std::string& text) {
    const std::string word = lower_ascii(text);
    if (word != "true" && word != "false") refuse(name, text, "must be True or False");
    return word == "true";
}

std::string truth(bool value) {
    return value ? "True" : "False";
}

/// "None" and nothing mean detection, as in other programs.
std::string language_code(const std::string& name, const std::string& text) {
    if (text.empty() || text == "None" || text == "auto") return "auto";
    if (const std::string_view code = find_language(text); !code.empty()) return std::string(code);
    std::vector<std::string> known = {"auto"};
    for (const Language& language : languages()) known.emplace_back(language.name);
    const std::string guess = nearest_word(text, known);
    refuse(name, text,
           "is none that Whisper knows" + (guess.empty() ? "" : " (did you mean " + guess + "?)") +
               "; give a code such as sv, a name such as Swedish, or auto to have it detected");
}

/// One, or several of which one is to be heard.
std::string language_codes(const std::string& name, const std::string& text) {
    std::vector<std::string> codes;
    for (const std::string& part : split_list(text)) {
        const std::string code = language_code(name, part);
        if (code == "auto") return code;
        if (std::find(codes.begin(), codes.end(), code) == codes.end()) codes.push_back(code);
    }
    return codes.empty() ? "auto" : fmt::format("{}", fmt::join(codes, ","));
}

TranscribeOption decode_switch(std::string name, std::string help, bool DecodeOptions::*member) {
    return {name,
            0,
            "",
            Kind::truth,
            decoding,
            std::move(help),
            [=](Draft& d, const std::string& text) { d.options.decode.*member = read_switch(name, text); },
            [=](const Options& o) { return truth(o.decode.*member); }};
}

/// "start,end,start,end,…" in seconds; without the last end, to the end of the file.
std::vector<std::pair<double, double>> read_clips(const std::string& name, const std::string& text) {
    std::vector<std::pair<double, double>> clips;
    if (text == "None" || text == "0") return clips;
    const std::vector<std::string> parts = split_list(text);
    double latest = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        const double at = parse_number(name, parts[i], 0, 1e7);
        if (i > 0 && (at < latest || (i % 2 == 1 && at == latest)))
            refuse(name, text, "times must ascend: start,end,start,end, in seconds");
        latest = at;
        if (i % 2 == 0) {
            clips.emplace_back(at, std::numeric_limits<double>::infinity());
        } else {
            clips.back().second = at;
        }
    }
    if (clips.empty()) refuse(name, text, "give start,end,start,end, in seconds");
    return clips;
}

std::string clips_text(const std::vector<std::pair<double, double>>& clips) {
    std::string text;
    for (const auto& [begin, end] : clips) {
        text += fmt::format("{}{}", text.empty() ? "" : ",", begin);
        if (std::isfinite(end)) text += fmt::format(",{}", end);
    }
    return text;
}

std::vector<TranscribeOption> what_is_heard() {
    return {
        {"channels", 0, "CHOICE", Kind::text, speech,
         "mix: all together; split: each by itself, with its number; auto: split where each has its own speaker "
         "(default mix)",
         [](Draft& d, const std::string& text) {
             if (text != "mix" && text != "split" && text != "auto")
                 refuse("channels", text, "choose mix, split or auto");
             d.options.channels = text == "mix"     ? ChannelChoice::mix
                                  : text == "split" ? ChannelChoice::split
                                                    : ChannelChoice::automatic;
         },
         [](const Options& o) {
             return std::string(o.channels == ChannelChoice::mix     ? "mix"
                                : o.channels == ChannelChoice::split ? "split"
                                                                     : "auto");
         }},
        {"clip_timestamps", 0, "TIMES", Kind::list, speech,
         "only these stretches: start,end,start,end, in seconds; without the last end, to the end of the file",
         [](Draft& d, const std::string& text) { d.options.clips = read_clips("clip_timestamps", text); },
         [](const Options& o) { return clips_text(o.clips); }},
    };
}

/// A number in [min, max], kept as `off` when "None" is given.
TranscribeOption threshold_option(std::string name, std::string metavar, std::string help, double min, double max,
                                  float off, float DecodeOptions::*member) {
    return {name,
            0,
            std::move(metavar),
            Kind::number,
            decoding,
            std::move(help),
            [=](Draft& draft, const std::string& text) {
                const auto number = parse_optional_number(name, text, min, max);
                draft.options.decode.*member = number ? static_cast<float>(*number) : off;
            },
            [=](const Options& options) {
                const float value = options.decode.*member;
                return std::isinf(value) ? std::string("None") : fmt::format("{}", value);
            }};
}

TranscribeOption milliseconds_option(std::string name, std::string help, int VadOptions::*member) {
    return {name,
            0,
            "MS",
            Kind::number,
            speech,
            std::move(help),
            [=](Draft& draft, const std::string& text) {
                draft.options.vad.*member = static_cast<int>(parse_integer(name, text, 0, 60000));
            },
            [=](const Options& options) { return std::to_string(options.vad.*member); }};
}

std::vector<TranscribeOption> what_is_said() {
    return {
        {"language", 'l', "LANGUAGE", Kind::text, decoding,
         "a code or a name, e.g. sv, Swedish, en; auto detects it, several with commas: the one of them that is heard "
         "(default sv)",
         [](Draft& d, const std::string& text) { d.options.decode.language = language_codes("language", text); },
         [](const Options& o) { return o.decode.language; }},
        {"task", 0, "TASK", Kind::text, decoding, "transcribe, or translate into English (default transcribe)",
         [](Draft& d, const std::string& text) {
             if (text != "transcribe" && text != "translate")
                 refuse("task", text, "is no task; choose transcribe or translate");
             d.options.decode.task = text;
         },
         [](const Options& o) { return o.decode.task; }},
        {"initial_prompt", 0, "TEXT", Kind::text, decoding,
         "what might have been said before the file begins: its first window is read as if it had",
         [](Draft& d, const std::string& text) { d.options.decode.initial_prompt = text == "None" ? "" : text; },
         [](const Options& o) { return o.decode.initial_prompt; }},
        decode_switch("carry_initial_prompt",
                      "give the initial prompt to every window, not to the first one only (default False)",
                      &DecodeOptions::carry_initial_prompt),
        {"hotwords", 0, "TEXT", Kind::text, decoding,
         "names and words that the audio contains, to help with their spelling in every window",
         [](Draft& d, const std::string& text) { d.options.decode.hotwords = text == "None" ? "" : text; },
         [](const Options& o) { return o.decode.hotwords; }},
        decode_switch("condition_on_previous_text",
                      "read each window after the text of the one before: slower, as windows wait for each other, and "
                      "a mistake may spread (default False)",
                      &DecodeOptions::condition_on_previous_text),
    };
}

TranscribeOption texts_option(std::string name, std::string help, int SearchOptions::*member) {
    return {name,
            0,
            "N",
            Kind::number,
            decoding,
            std::move(help),
            [=](Draft& d, const std::string& text) {
                d.options.decode.search.*member =
                    text == "None" ? 1 : static_cast<int>(parse_integer(name, text, 1, max_beam_size));
            },
            [=](const Options& o) { return std::to_string(o.decode.search.*member); }};
}

TranscribeOption beam_size_option() {
    TranscribeOption option =
        texts_option("beam_size",
                     "texts followed side by side at temperature 0; 1: greedy (default 2, but one where the model is "
                     "sure: see beam_margin; at most 16)",
                     &SearchOptions::beam_size);
    option.read = [read = option.read](Draft& d, const std::string& text) {
        read(d, text);
        if (!d.beam_margin_given) d.options.decode.search.beam_margin = infinity;
    };
    return option;
}

std::vector<TranscribeOption> how_it_is_searched() {
    return {
        beam_size_option(),
        texts_option("best_of", "texts drawn at temperatures above 0, of which the likeliest is kept (default 1)",
                     &SearchOptions::best_of),
        {"beam_margin", 0, "X", Kind::number, decoding,
         "a text of a beam is given up when it is exp(X) times less likely than the likeliest (default 2; None: "
         "never, which is the default with a beam_size)",
         [](Draft& d, const std::string& text) {
             d.beam_margin_given = true;
             const auto margin = parse_optional_number("beam_margin", text, 0, 1000);
             d.options.decode.search.beam_margin = margin ? static_cast<float>(*margin) : infinity;
         },
         [](const Options& o) {
             const float margin = o.decode.search.beam_margin;
             return std::isinf(margin) ? std::string("None") : fmt::format("{}", margin);
         }},
        {"patience", 0, "X", Kind::number, decoding,
         "a beam ends when N times this many of its texts have ended (default 1)",
         [](Draft& d, const std::string& text) {
             d.options.decode.search.patience =
                 static_cast<float>(parse_optional_number("patience", text, 0.01, 100).value_or(1.0));
         },
         [](const Options& o) { return fmt::format("{}", o.decode.search.patience); }},
        {"length_penalty", 0, "X", Kind::number, decoding,
         "texts of a beam are ranked by log-probability / ((5 + length) / 6)^X (default None: by their mean)",
         [](Draft& d, const std::string& text) {
             const auto number = parse_optional_number("length_penalty", text, 0, 10);
             d.options.decode.search.length_penalty.reset();
             if (number) d.options.decode.search.length_penalty = static_cast<float>(*number);
         },
         [](const Options& o) {
             const std::optional<float>& penalty = o.decode.search.length_penalty;
             return penalty ? fmt::format("{}", *penalty) : std::string("None");
         }},
    };
}

std::vector<TranscribeOption> when_it_is_doubted() {
    return {
        {"temperature", 0, "T", Kind::list, decoding,
         "0 takes the most probable word; above it, words are drawn at random (default 0); several with commas are "
         "tried in turn",
         [](Draft& d, const std::string& text) {
             std::vector<float> all;
             for (const std::string& part : split_list(text))
                 all.push_back(static_cast<float>(parse_number("temperature", part, 0, 1)));
             if (all.empty() || all.size() > 32) refuse("temperature", text, "must be a number from 0 to 1");
             d.temperatures = all;
         },
         [](const Options& o) { return fmt::format("{}", fmt::join(o.decode.temperatures, ",")); }},
        {"temperature_increment_on_fallback", 0, "STEP", Kind::number, decoding,
         "a window whose text looks wrong is decoded again this much warmer, up to 1 (default 0.2; None: never)",
         [](Draft& d, const std::string& text) {
             d.temperature_step = parse_optional_number("temperature_increment_on_fallback", text, 0.01, 1);
         },
         // Several temperatures say it themselves.
         [](const Options& o) { return std::string(o.decode.temperatures.size() == 1 ? "None" : ""); }},
        threshold_option("compression_ratio_threshold", "X",
                         "text that compresses better repeats itself (default 2.4; None: no check)", 0, 1000, infinity,
                         &DecodeOptions::compression_ratio_threshold),
        threshold_option("logprob_threshold", "X",
                         "text less probable than this is doubted (default -1; None: no check)", -1000, 0, -infinity,
                         &DecodeOptions::logprob_threshold),
        threshold_option("no_speech_threshold", "P",
                         "doubted text is dropped as silence above this probability (default 0.6; None: never)", 0, 1,
                         infinity, &DecodeOptions::no_speech_threshold),
    };
}

std::vector<TranscribeOption> how_it_is_written() {
    return {
        {"suppress_tokens", 0, "IDS", Kind::list, decoding,
         "token ids never to be written, with commas; -1 is the model's own list (default -1)",
         [](Draft& d, const std::string& text) {
             std::vector<int32_t> tokens;
             for (const std::string& part : split_list(text))
                 tokens.push_back(static_cast<int32_t>(parse_integer("suppress_tokens", part, -1, 1'000'000)));
             d.options.decode.suppress_tokens = tokens;
         },
         [](const Options& o) { return fmt::format("{}", fmt::join(o.decode.suppress_tokens, ",")); }},
        {"word_timestamps", 0, "", Kind::truth, decoding,
         "when every word is said, in json, and for subtitles that follow the words (default False)",
         [](Draft& d, const std::string& text) { d.word_timestamps = read_switch("word_timestamps", text); },
         [](const Options& o) { return truth(o.decode.word_times); }},
        {"without_timestamps", 0, "", Kind::truth, decoding, "text only: one segment a window",
         [](Draft& d, const std::string& text) {
             d.options.decode.timestamps = !read_switch("without_timestamps", text);
         },
         [](const Options& o) { return truth(!o.decode.timestamps); }},
        {"seed", 0, "N", Kind::number, decoding, "of the random numbers at temperatures above 0 (default 0)",
         [](Draft& d, const std::string& text) {
             d.options.decode.seed =
                 static_cast<uint64_t>(parse_integer("seed", text, 0, std::numeric_limits<int64_t>::max()));
         },
         [](const Options& o) { return std::to_string(o.decode.seed); }},
    };
}

std::vector<TranscribeOption> where_somebody_speaks() {
    return {
        {"vad_filter", 0, "", Kind::truth, speech, "transcribe only where somebody speaks (default True)",
         [](Draft& d, const std::string& text) { d.options.vad_filter = read_switch("vad_filter", text); },
         [](const Options& o) { return truth(o.vad_filter); }},
        {"vad_threshold", 0, "P", Kind::number, speech, "probability from which on it is speech (default 0.5)",
         [](Draft& d, const std::string& text) {
             d.options.vad.threshold = static_cast<float>(parse_number("vad_threshold", text, 0.01, 0.99));
         },
         [](const Options& o) { return fmt::format("{}", o.vad.threshold); }},
        milliseconds_option("vad_min_silence_duration_ms",
                            "a shorter pause does not end a stretch of speech (default 160)",
                            &VadOptions::min_silence_ms),
        milliseconds_option("vad_min_speech_duration_ms", "shorter stretches are not speech (default 100)",
                            &VadOptions::min_speech_ms),
        milliseconds_option("vad_speech_pad_ms", "kept before and after each stretch (default 300)",
                            &VadOptions::speech_pad_ms),
        {"chunk_length", 0, "S", Kind::number, speech,
         "windows of speech, in which the file is decoded, last at most this many seconds (default 27.5, at most 30)",
         [](Draft& d, const std::string& text) {
             d.options.windows.max_window_s = parse_number("chunk_length", text, 1, 30);
         },
         [](const Options& o) { return fmt::format("{}", o.windows.max_window_s); }},
    };
}

TranscribeOption guard_option(std::string name, std::string group, std::string help, bool Options::*member) {
    return {name,
            0,
            "",
            Kind::truth,
            std::move(group),
            std::move(help),
            [=](Draft& d, const std::string& text) { d.options.*member = read_switch(name, text); },
            [=](const Options& o) { return truth(o.*member); }};
}

std::vector<TranscribeOption> what_guards_it() {
    return {
        guard_option(
            "repair", decoding,
            "read again, in other cuts, where words are missing or wrong: too few for the speech there, loops, "
            "another language, the prompt said again (default True)",
            &Options::repair),
        guard_option("drop_inventions", decoding,
                     "leave out phrases that models invent where nobody speaks (default True)",
                     &Options::drop_inventions),
        guard_option(
            "hear_rejected", speech,
            "decode once what is no speech to the detector but stands out; only sure text stays (default True)",
            &Options::hear_rejected),
    };
}

}  // namespace

const std::vector<TranscribeOption>& transcribe_options() {
    static const std::vector<TranscribeOption> all = [] {
        std::vector<TranscribeOption> table;
        for (auto* part : {what_is_said, how_it_is_searched, when_it_is_doubted, how_it_is_written, what_is_heard,
                           where_somebody_speaks, what_guards_it}) {
            std::vector<TranscribeOption> options = part();
            std::move(options.begin(), options.end(), std::back_inserter(table));
        }
        return table;
    }();
    return all;
}

void read_option(OptionsDraft& draft, std::string_view name, const std::string& text) {
    if (text.size() > longest_text)
        throw Error(ErrorCode::invalid_argument, "{}: is longer than {} bytes", name.substr(0, 100), longest_text);
    std::vector<std::string> known;
    for (const TranscribeOption& option : transcribe_options()) {
        if (option.name == name) return option.read(draft, text);
        known.push_back(option.name);
    }
    const std::string guess = nearest_word(name, known);
    throw Error(
        ErrorCode::invalid_argument, "unknown option {}{}", name.substr(0, 100),
        guess.empty() ? fmt::format("; there are {}", fmt::join(known, ", ")) : "; did you mean " + guess + "?");
}

TranscribeOptions finish_options(const OptionsDraft& draft) {
    TranscribeOptions options = draft.options;
    options.decode.word_times = draft.word_timestamps.value_or(options.decode.word_times);
    std::vector<float>& all = options.decode.temperatures;
    all = draft.temperatures;
    if (all.size() > 1 || !draft.temperature_step) return options;
    const double first = all.front();
    for (int i = 1; first + i * *draft.temperature_step <= 1.0 + 1e-6; ++i)
        all.push_back(static_cast<float>(first + i * *draft.temperature_step));
    return options;
}

std::vector<std::pair<std::string, std::string>> options_text(const TranscribeOptions& options) {
    std::vector<std::pair<std::string, std::string>> all;
    for (const TranscribeOption& option : transcribe_options()) {
        if (!options.vad_filter && option.name.starts_with("vad_") && option.name != "vad_filter") continue;
        std::string text = option.write(options);
        if (!text.empty()) all.emplace_back(option.name, std::move(text));
    }
    return all;
}

}  // namespace ft
