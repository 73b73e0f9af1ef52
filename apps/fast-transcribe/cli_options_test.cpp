#include "cli_options.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"

namespace ft {
namespace {

using Words = std::vector<std::string>;

CommandOptions parse(const Words& flags) {
    Words arguments{"a.mp3"};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    return parse_command_line(arguments);
}

std::string failure(const Words& arguments) {
    try {
        parse_command_line(arguments);
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        return error.what();
    }
    return "";
}

TEST(CommandLine, DefaultsAreThoseOfTheHelp) {
    const CommandOptions o = parse({});
    EXPECT_EQ(o.audio, Words{"a.mp3"});
    EXPECT_TRUE(o.output.dated);
    EXPECT_EQ(o.engine.backend.threads, 0);
    EXPECT_EQ(o.engine.batch_size, 0);
    EXPECT_EQ(o.transcribe.decode.language, "sv");
    EXPECT_EQ(o.transcribe.decode.task, "transcribe");
    EXPECT_EQ(o.transcribe.decode.temperatures.size(), 6u);
    EXPECT_NEAR(o.transcribe.decode.temperatures[5], 1.0, 1e-6);
    EXPECT_EQ(o.transcribe.decode.suppress_tokens, std::vector<int32_t>{-1});
    EXPECT_TRUE(o.transcribe.decode.timestamps);
    EXPECT_TRUE(o.transcribe.vad_filter);
    EXPECT_FALSE(o.print_progress.has_value());
    EXPECT_EQ(o.verbosity, Verbosity::normal);
}

TEST(CommandLine, EveryFlagReachesItsOption) {
    const CommandOptions o = parse({"--model",
                                    "m",
                                    "--model_dir",
                                    "d",
                                    "--device",
                                    "cpu",
                                    "--compute_type",
                                    "float32",
                                    "--language",
                                    "Swedish",
                                    "--task",
                                    "translate",
                                    "--compression_ratio_threshold",
                                    "3",
                                    "--logprob_threshold",
                                    "-0.5",
                                    "--no_speech_threshold",
                                    "0.7",
                                    "--initial_prompt",
                                    "Örebro, Åre",
                                    "--suppress_tokens",
                                    "-1, 5,6",
                                    "--without_timestamps",
                                    "True",
                                    "--max_line_width",
                                    "40",
                                    "--max_line_count",
                                    "2",
                                    "--batch_size",
                                    "4",
                                    "--vad_filter",
                                    "False",
                                    "--vad_threshold",
                                    "0.4",
                                    "--vad_min_silence_duration_ms",
                                    "200",
                                    "--vad_min_speech_duration_ms",
                                    "50",
                                    "--vad_speech_pad_ms",
                                    "100",
                                    "--chunk_length",
                                    "25.5",
                                    "--vad_model",
                                    "energy",
                                    "--threads",
                                    "3",
                                    "--seed",
                                    "7",
                                    "--verbose",
                                    "--print_progress",
                                    "False"});
    EXPECT_EQ(o.engine.model, "m");
    EXPECT_EQ(o.engine.model_dir, "d");
    EXPECT_EQ(o.engine.backend.precision, Precision::float32);
    EXPECT_EQ(o.engine.backend.threads, 3);
    EXPECT_EQ(o.engine.vad_model, "energy");
    const DecodeOptions& d = o.transcribe.decode;
    EXPECT_EQ(d.language, "sv");
    EXPECT_EQ(d.task, "translate");
    EXPECT_FLOAT_EQ(d.compression_ratio_threshold, 3);
    EXPECT_FLOAT_EQ(d.logprob_threshold, -0.5);
    EXPECT_FLOAT_EQ(d.no_speech_threshold, 0.7F);
    EXPECT_EQ(d.initial_prompt, "Örebro, Åre");
    EXPECT_EQ(d.suppress_tokens, (std::vector<int32_t>{-1, 5, 6}));
    EXPECT_FALSE(d.timestamps);
    EXPECT_EQ(o.engine.batch_size, 4);
    EXPECT_EQ(d.seed, 7u);
    EXPECT_EQ(o.output.layout.max_line_width, 40);
    EXPECT_EQ(o.output.layout.max_line_count, 2);
    EXPECT_FALSE(o.transcribe.vad_filter);
    EXPECT_FLOAT_EQ(o.transcribe.vad.threshold, 0.4F);
    EXPECT_EQ(o.transcribe.vad.min_silence_ms, 200);
    EXPECT_EQ(o.transcribe.vad.min_speech_ms, 50);
    EXPECT_EQ(o.transcribe.vad.speech_pad_ms, 100);
    EXPECT_EQ(o.transcribe.windows.max_window_s, 25.5);
    EXPECT_EQ(o.verbosity, Verbosity::verbose);
    EXPECT_EQ(o.print_progress, std::optional<bool>(false));
}

TEST(CommandLine, FormatsComeInListsAndRepeatedly) {
    EXPECT_EQ(parse({"-f", "srt,txt", "-f", "srt"}).output.formats, (Words{"srt", "txt"}));
    EXPECT_EQ(parse({"-f", "all"}).output.formats, output_formats());
    EXPECT_EQ(parse({"-o", "x"}).output.formats, output_formats());
    const CommandOptions o = parse({"--output-format", "json"});
    EXPECT_FALSE(o.output.dated);
    EXPECT_EQ(o.output.folder, ".");
    EXPECT_EQ(o.output.formats, Words{"json"});
    EXPECT_NE(failure({"a", "-f", "srt,docx"}).find("docx"), std::string::npos);
    EXPECT_NE(failure({"a", "-f", ","}), "");
}

TEST(CommandLine, TemperaturesRiseToOne) {
    const auto temperatures = [](const Words& flags) { return parse(flags).transcribe.decode.temperatures; };
    EXPECT_EQ(temperatures({"--temperature_increment_on_fallback", "None"}), std::vector<float>{0.0F});
    EXPECT_EQ(temperatures({"--temperature", "0.5", "--temperature_increment_on_fallback", "0.25"}),
              (std::vector<float>{0.5F, 0.75F, 1.0F}));
    EXPECT_EQ(temperatures({"--temperature", "1"}), std::vector<float>{1.0F});
}

TEST(CommandLine, NoneTurnsAThresholdOff) {
    const DecodeOptions d =
        parse({"--compression_ratio_threshold", "None", "--logprob_threshold", "None", "--no_speech_threshold", "None"})
            .transcribe.decode;
    EXPECT_GT(d.compression_ratio_threshold, 1e30);
    EXPECT_LT(d.logprob_threshold, -1e30);
    EXPECT_GT(d.no_speech_threshold, 1.0F);
    EXPECT_TRUE(parse({"--suppress_tokens", ""}).transcribe.decode.suppress_tokens.empty());
}

TEST(CommandLine, TheGpuIsTakenWhenAskedFor) {
    const BackendOptions half = parse({"--device", "cuda", "--device_index", "1"}).engine.backend;
    EXPECT_EQ(half.name, "cuda");
    EXPECT_EQ(half.precision, Precision::float16);
    EXPECT_EQ(half.device_index, 1);
    EXPECT_EQ(half.memory_budget, 0U);
    EXPECT_EQ(parse({"--device", "cuda", "--gpu_memory", "800MB"}).engine.backend.memory_budget, 800'000'000U);
    EXPECT_EQ(parse({"--gpu_memory", "1.5GiB"}).engine.backend.memory_budget, size_t{3} << 29);
    EXPECT_EQ(parse({"--device", "cuda", "--compute_type", "float32"}).engine.backend.precision, Precision::float32);
    EXPECT_FALSE(parse({"--device", "cuda"}).engine.otherwise);
    EXPECT_EQ(parse({"--device", "cuda", "--compute_type", "int8_float16"}).engine.backend.precision,
              Precision::int8_float16);
}

TEST(CommandLine, AutoTriesTheGpuFirst) {
    const auto devices = [](const Words& words) {
        const EngineOptions engine = parse(words).engine;
        const auto name = [](const BackendOptions& o) { return o.name + " " + std::string(to_string(o.precision)); };
        return name(engine.backend) + (engine.otherwise ? ", " + name(*engine.otherwise) : "");
    };
    EXPECT_EQ(devices({}), "cuda float16, cpu int8");
    EXPECT_EQ(devices({"--compute_type", "float16"}), "cuda float16, cpu int8");
    EXPECT_EQ(devices({"--compute_type", "int8_float16"}), "cuda int8_float16, cpu int8");
    EXPECT_EQ(devices({"--compute_type", "float32"}), "cuda float32, cpu float32");
    EXPECT_EQ(devices({"--compute_type", "int8"}), "cpu int8") << "int8 is the CPU's";
    EXPECT_EQ(devices({"--device", "cpu"}), "cpu int8");
    EXPECT_EQ(devices({"--device", "cuda"}), "cuda float16");
    const EngineOptions engine = parse({"--threads", "3", "--device_index", "1"}).engine;
    EXPECT_EQ(engine.otherwise->threads, 3);
    EXPECT_EQ(engine.backend.device_index, 1);
}

TEST(CommandLine, RefusesWhatItCannotDo) {
    const std::pair<Words, const char*> cases[] = {
        {{}, "no audio file"},
        {{""}, "empty"},
        {{"a", "--device", "cuda", "--compute_type", "int8"}, "choose one of them, or --device cpu"},
        {{"a", "--device", "cpu", "--compute_type", "int8_float16"}, "--device cuda"},
        {{"a", "--device", "cuda", "--compute_type", "int8_bfloat16"}, "int8_float16 (half the memory) or float32"},
        {{"a", "--device", "cpu", "--compute_type", "int9"}, "the CPU computes in int8 (fast) or float32 (exact)"},
        {{"a", "--device", "cpu", "--device_index", "1"}, "--device cuda"},
        {{"a", "--device_index", "-1"}, "whole number from 0"},
        {{"a", "--device", "cpu", "--gpu_memory", "4GB"}, "--device cuda"},
        {{"a", "--gpu_memory", "4"}, "800MB or 4GB"},
        {{"a", "--gpu_memory", "GB"}, "800MB or 4GB"},
        {{"a", "--gpu_memory", "-1GB"}, "800MB or 4GB"},
        {{"a", "--gpu_memory", "nanGB"}, "800MB or 4GB"},
        {{"a", "--device", "tpu"}, "no device"},
        {{"a", "--device", "cpu", "--compute_type", "float16"}, "int8"},
        {{"a", "--compute_type", "int9"}, "choose auto, int8, int8_float16"},
        {{"a", "--compute_type", "bfloat16"}, "nothing here computes in it"},
        {{"a", "--beam_size", "0"}, "whole number from 1"},
        {{"a", "--beam_size", "17"}, "to 16"},
        {{"a", "--best-of", "x"}, "whole number from 1"},
        {{"a", "--patience", "0"}, "must be a number"},
        {{"a", "--length_penalty", "-1"}, "must be a number"},
        {{"a", "--highlight_words", "--word_timestamps", "False"}, "--highlight_words: needs the times of words"},
        {{"a", "--word_timestamps", "False", "--max_words_per_line", "3"}, "--max_words_per_line: needs"},
        {{"a", "--max_words_per_line", "3", "--max_line_width", "40"}, "no effect"},
        {{"a", "--clip_timestamps", "20,10"}, "must ascend"},
        {{"a", "--clip_timestamps", "x"}, "must be a number"},
        {{"a", "--channels", "left"}, "choose mix, split or auto"},
        {{"a", "--language", "sv,klingon"}, "none that Whisper knows"},
        {{"a", "-f", "docx"}, "lrc, csv, aws"},
        {{"a", "--fp16"}, "--compute_type"},
        {{"a", "--language", "Swedis"}, "swedish"},
        {{"a", "--task", "summarize"}, "no task"},
        {{"a", "--threads", "-1"}, "whole number from 0"},
        {{"a", "--batch_size", "0"}, "whole number from 1"},
        {{"a", "--vad_threshold", "nan"}, "must be a number"},
        {{"a", "--temperature", "1.5"}, "from 0 to 1"},
        {{"a", "--temperature_increment_on_fallback", "0"}, "must be a number"},
        {{"a", "--seed", "x"}, "whole number"},
        {{"a", "--suppress_tokens", "1,x"}, "whole number"},
        {{"a", "--max_line_count", "2"}, "--max_line_width"},
        {{"a", "-q", "--verbose"}, "exclude each other"},
        {{"-", "b", "-"}, "once"},
        {{"a", "--output_dir", ""}, "needs a folder"},
    };
    for (const auto& [arguments, sentence] : cases) {
        const std::string said = failure(arguments);
        EXPECT_NE(said.find(sentence), std::string::npos) << "said: " << said << ", expected: " << sentence;
    }
}

TEST(CommandLine, WordTimesAreForWhoeverWantsThem) {
    EXPECT_FALSE(parse({}).transcribe.decode.word_times);
    EXPECT_FALSE(parse({"--max_line_width", "40", "--max_line_count", "2"}).transcribe.decode.word_times);
    EXPECT_TRUE(parse({"--word_timestamps"}).transcribe.decode.word_times);
    EXPECT_FALSE(parse({"--word-timestamps", "False"}).transcribe.decode.word_times);
    const CommandOptions highlighted = parse({"--highlight_words", "True"});
    EXPECT_TRUE(highlighted.transcribe.decode.word_times);
    EXPECT_TRUE(highlighted.output.layout.highlight_words);
    const CommandOptions groups = parse({"--max_words_per_line", "3"});
    EXPECT_TRUE(groups.transcribe.decode.word_times);
    EXPECT_EQ(groups.output.layout.max_words_per_line, 3);
    EXPECT_FALSE(parse({"--max_words_per_line", "None"}).transcribe.decode.word_times);
}

TEST(CommandLine, AcceptsOtherProgramsFlagsWhereTheyChangeNothing) {
    EXPECT_NO_THROW(parse({"--beam_size", "None", "--word_timestamps", "False", "--condition_on_previous_text", "False",
                           "--fp16", "False", "--device_index", "0", "--hallucination_silence_threshold", "None",
                           "--compute_type", "default", "--device", "auto"}));
}

TEST(CommandLine, HelpAndVersionNeedNoFile) {
    EXPECT_TRUE(parse_command_line({"--help"}).help);
    EXPECT_TRUE(parse_command_line({"-h"}).help);
    EXPECT_TRUE(parse_command_line({"--version"}).version);
    const std::string help = command_help();
    for (const char* flag :
         {"--model ", "--output_dir", "--vad_filter", "--temperature ", "--quiet", "Examples", "Exit codes"}) {
        EXPECT_NE(help.find(flag), std::string::npos) << flag;
    }
    EXPECT_EQ(help.find("diarize"), std::string::npos) << "flags of parts that are not built are not advertised";
}

TEST(CommandLine, LanguagesAreFoundByCodeAndName) {
    const std::pair<const char*, const char*> cases[] = {
        {"sv", "sv"},      {"SV", "sv"},       {"Swedish,en,sv", "sv,en"}, {"Swedish", "sv"},
        {"svenska", "sv"}, {"auto", "auto"},   {"None", "auto"},           {"", "auto"},
        {"haw", "haw"},    {"Mandarin", "zh"}, {"Burmese", "my"},          {"norwegian", "no"},
        {"nynorsk", "nn"}};
    for (const auto& [name, code] : cases)
        EXPECT_EQ(parse({"--language", name}).transcribe.decode.language, code) << name;
    EXPECT_NE(failure({"a", "--language", "klingon"}).find("none that Whisper knows"), std::string::npos);
}

}  // namespace
}  // namespace ft
