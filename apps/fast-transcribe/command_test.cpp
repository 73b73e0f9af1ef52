// The whole command with an invented engine: exit codes, files, and what is said where.
#include "command.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <csignal>
#include <sstream>

#include "base/error.h"
#include "base/file.h"
#include "in_temporary_folder.h"
#include "transcribe_command.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

/// An engine whose text for a file is the file's content; some contents are faults.
class CommandTest : public InTemporaryFolder {
  protected:
    Transcript transcribe(const std::string& audio, const TranscribeOptions& options, const ProgressFunction& progress,
                          const std::atomic<bool>* stop) {
        seen_.push_back(options);
        const std::string content = audio == "-" ? "from the pipe" : read_file(audio);
        if (content == "noise") throw Error(ErrorCode::bad_media, "{}: no audio was found in it", audio);
        if (content == "bug") throw std::runtime_error("a bug");
        if (content == "huge") throw std::bad_alloc();
        Transcript t;
        t.duration_s = 60;
        t.coverage.speech_s = 50, t.coverage.transcribed_s = 49, t.coverage.windows = 2;
        if (content == "cut off") t.warnings.push_back("the file ends early");
        if (content == "interrupt" || content == "interrupt at once") interruption_.request(SIGINT);
        if (content != "silence" && content != "interrupt at once") {
            Segment segment;
            segment.text = content;
            segment.end_s = 2;
            t.segments.push_back(segment);
        }
        if (*stop) t.warnings.push_back("interrupted");
        now_s_.store(now_s_.load() + 20);
        if (progress) progress({30, 60, &t.segments});
        return t;
    }

    int run(const std::vector<std::string>& arguments) {
        out_.str("");
        err_.str("");
        const Environment environment{
            .out = out_,
            .err = err_,
            .stdin_is_terminal = stdin_is_terminal_,
            .err_is_terminal = false,
            .err_width = 80,
            .now_s = [this] { return now_s_.load(); },
            .local_time =
                [] {
                    std::tm time = {};
                    time.tm_year = 125, time.tm_mday = 1;
                    return time;
                },
            .interruption = interruption_,
            .catch_signals = false,
            .set_log = [](Verbosity) {},
            .make_engine = [this](const EngineOptions& options, const Notice& notice) -> TranscribeFunction {
                ++engines_;
                if (options.model == "missing")
                    throw Error(ErrorCode::not_found, "missing: run fast-transcribe model pull missing");
                notice("the model is prepared");
                return [this](const auto&... arguments) { return transcribe(arguments...); };
            },
            .doctor_facts = [this](const fs::path&) { return facts_; },
            .add_model_command =
                [](CLI::App& app, int& exit_code) {
                    CLI::App* model = app.add_subcommand("model", "models");
                    model->add_subcommand("pull", "get one")->callback([&exit_code] { exit_code = 1; });
                    model->add_subcommand("list", "what is there");
                    model->add_subcommand("wrong", "")->callback([] {
                        throw Error(ErrorCode::invalid_argument, "no such model");
                    });
                },
            .add_webhook_command = [](CLI::App& app, int&) { app.add_subcommand("webhook", "messages"); },
        };
        return run_command(arguments, environment);
    }

    static void write(const std::string& name, const std::string& content) { write_file_atomically(name, content); }
    std::string out() const { return out_.str(); }
    std::string err() const { return err_.str(); }
    bool said(const std::string& sentence) const { return err().find(sentence) != std::string::npos; }

    std::ostringstream out_, err_;
    Interruption interruption_;
    DoctorFacts facts_;
    std::vector<TranscribeOptions> seen_;
    std::atomic<double> now_s_{0};  // the engine is on a thread of its own
    int engines_ = 0;
    bool stdin_is_terminal_ = false;
};

TEST_F(CommandTest, OneFileWithoutFlagsGivesADatedText) {
    write("a.mp3", "hej");
    EXPECT_EQ(run({"a.mp3"}), 0);
    EXPECT_EQ(out(), "transcription_20250101_000000.txt\n");
    EXPECT_EQ(read_file("transcription_20250101_000000.txt"), "hej\n");
    EXPECT_TRUE(said("a.mp3: 1:00 of audio in 0:20 (3.0x real time); 0:50 of speech, 98.0 % of it transcribed"))
        << err();
    EXPECT_EQ(run({"transcribe", "a.mp3"}), 0);
    EXPECT_EQ(out(), "transcription_20250101_000000_2.txt\n");
}

TEST_F(CommandTest, AFailureDoesNotKeepTheOthersFromBeingDone) {
    write("a.mp3", "hej");
    write("b.mp3", "noise");
    write("c.mp3", "bug");
    write("d.mp3", "huge");
    write("e.mp3", "hopp");
    fs::create_directory("folder");
    EXPECT_EQ(run({"-f", "txt", "a.mp3", "b.mp3", "c.mp3", "d.mp3", "nowhere.mp3", "folder", "e.mp3"}), 1);
    EXPECT_EQ(out(), "./a.txt\n./e.txt\n");
    EXPECT_TRUE(said("fast-transcribe: b.mp3: no audio was found in it\n")) << err();
    EXPECT_TRUE(said("fast-transcribe: c.mp3: something unexpected went wrong: a bug\n")) << err();
    EXPECT_TRUE(said("fast-transcribe: d.mp3: out of memory")) << err();
    EXPECT_TRUE(said("fast-transcribe: nowhere.mp3: there is no such file\n")) << err();
    EXPECT_TRUE(said("fast-transcribe: folder: is a folder")) << err();
    EXPECT_TRUE(said("5 of 7 inputs failed")) << err();
    EXPECT_EQ(engines_, 1) << "the model is loaded once";
    EXPECT_FALSE(fs::exists("b.txt"));
}

TEST_F(CommandTest, NoModelIsLoadedForNothing) {
    EXPECT_EQ(run({"nowhere.mp3"}), 1);
    EXPECT_EQ(engines_, 0);
    EXPECT_EQ(err(), "fast-transcribe: nowhere.mp3: there is no such file\n");
    EXPECT_EQ(out(), "");
}

TEST_F(CommandTest, AMissingModelIsSaidOnce) {
    write("a.mp3", "hej");
    write("b.mp3", "hej");
    EXPECT_EQ(run({"--model", "missing", "a.mp3", "b.mp3"}), 1);
    EXPECT_EQ(err(), "fast-transcribe: missing: run fast-transcribe model pull missing\n");
}

TEST_F(CommandTest, WrongUsageIsTwo) {
    EXPECT_EQ(run({}), 2);
    EXPECT_TRUE(said("no audio file")) << err();
    EXPECT_EQ(run({"--languag", "sv", "a.mp3"}), 2);
    EXPECT_TRUE(said("did you mean --language?")) << err();
    EXPECT_EQ(run({"--diarize", "a.mp3"}), 2);
    EXPECT_EQ(run({"doctor", "--nonsense"}), 2);
    EXPECT_EQ(run({"doctor", "extra"}), 2);
    stdin_is_terminal_ = true;
    EXPECT_EQ(run({"-"}), 2);
    EXPECT_TRUE(said("terminal")) << err();
    EXPECT_EQ(out(), "");
    EXPECT_EQ(engines_, 0);
}

TEST_F(CommandTest, HelpGoesToStandardOutput) {
    for (const char* word : {"--help", "-h", "help"}) {
        EXPECT_EQ(run({word}), 0);
        EXPECT_NE(out().find("Exit codes"), std::string::npos);
        EXPECT_EQ(err(), "");
    }
    EXPECT_EQ(run({"doctor", "--help"}), 0);
    EXPECT_NE(out().find("--json"), std::string::npos) << out();
    EXPECT_EQ(run({"--version"}), 0);
    EXPECT_EQ(out(), "fast-transcribe " FT_VERSION "\n");
}

TEST_F(CommandTest, StandardInputIsCalledStdin) {
    EXPECT_EQ(run({"-f", "txt", "-o", "out", "-"}), 0);
    EXPECT_EQ(out(), "out/stdin.txt\n");
    EXPECT_EQ(read_file("out/stdin.txt"), "from the pipe\n");
    EXPECT_TRUE(said("stdin: 1:00 of audio")) << err();
}

TEST_F(CommandTest, AnUnusableFolderIsFoundOutBeforeTheWork) {
    write("a.mp3", "hej");
    write("file", "");
    EXPECT_EQ(run({"-o", "file", "a.mp3"}), 1);
    EXPECT_EQ(engines_, 0);
    EXPECT_TRUE(said("fast-transcribe: file: the output folder cannot be made")) << err();
}

TEST_F(CommandTest, AResultThatCannotBeWrittenIsAFailureOfItsInput) {
    write("a.mp3", "hej");
    write("b.mp3", "hej");
    fs::create_directories("out/a.txt");  // a folder where the file should be
    EXPECT_EQ(run({"-o", "out", "-f", "txt", "a.mp3", "b.mp3"}), 1);
    EXPECT_EQ(out(), "out/b.txt\n");
    EXPECT_TRUE(said("fast-transcribe: a.mp3: out/a.txt: cannot be written")) << err();
}

TEST_F(CommandTest, QuietLeavesOnlyFailures) {
    write("a.mp3", "cut off");
    EXPECT_EQ(run({"-q", "a.mp3"}), 0);
    EXPECT_EQ(err(), "");
    EXPECT_NE(out(), "");
    EXPECT_EQ(run({"-q", "a.mp3", "nowhere"}), 1);
    EXPECT_EQ(err(), "fast-transcribe: nowhere: there is no such file\n");
}

TEST_F(CommandTest, WarningsAndNoticesAreSaid) {
    write("a.mp3", "cut off");
    EXPECT_EQ(run({"a.mp3"}), 0);
    EXPECT_TRUE(said("a.mp3: warning: the file ends early\n")) << err();
    EXPECT_TRUE(said("the model is prepared\n")) << err();
}

TEST_F(CommandTest, VerboseShowsSegmentsOnStandardError) {
    write("a.mp3", "hej");
    EXPECT_EQ(run({"--verbose", "True", "a.mp3"}), 0);
    EXPECT_TRUE(said("[00:00.000 --> 00:02.000] hej\n")) << err();
    EXPECT_EQ(out().find("hej"), std::string::npos);
}

TEST_F(CommandTest, OptionsReachTheEngine) {
    write("a.mp3", "hej");
    EXPECT_EQ(run({"--language", "English", "--vad-filter", "False", "a.mp3"}), 0);
    ASSERT_EQ(seen_.size(), 1u);
    EXPECT_EQ(seen_[0].decode.language, "en");
    EXPECT_FALSE(seen_[0].vad_filter);
}

TEST_F(CommandTest, InterruptionKeepsWhatIsFinished) {
    write("a.mp3", "hej");
    write("b.mp3", "interrupt");
    write("c.mp3", "hopp");
    EXPECT_EQ(run({"-f", "txt", "a.mp3", "b.mp3", "c.mp3"}), 130);
    EXPECT_EQ(out(), "./a.txt\n./b.txt\n");
    EXPECT_EQ(read_file("b.txt"), "interrupt\n");
    EXPECT_TRUE(said("b.mp3: warning: interrupted")) << err();
    EXPECT_TRUE(said("interrupted: 2 of 3 inputs written, 1 not begun")) << err();
    EXPECT_FALSE(fs::exists("c.txt"));
}

TEST_F(CommandTest, InterruptionWithNothingFinishedKeepsTheEarlierResult) {
    write("a.mp3", "interrupt at once");
    write("a.txt", "from last week");
    EXPECT_EQ(run({"-f", "txt", "a.mp3"}), 130);
    EXPECT_EQ(read_file("a.txt"), "from last week");
    EXPECT_EQ(out(), "");
}

TEST_F(CommandTest, SilenceGivesAnEmptyTextAndSaysSo) {
    write("a.mp3", "silence");
    EXPECT_EQ(run({"-f", "txt", "a.mp3"}), 0);
    EXPECT_EQ(read_file("a.txt"), "");
}

TEST_F(CommandTest, FileNamesCannotDisturbTheTerminal) {
    write("a\x1b[2J\n.mp3", "noise");
    EXPECT_EQ(run({"-f", "txt", "a\x1b[2J\n.mp3"}), 1);
    EXPECT_EQ(err().find('\x1b'), std::string::npos) << err();
    EXPECT_TRUE(said("fast-transcribe: a?[2J .mp3: no audio was found in it\n")) << err();
}

TEST_F(CommandTest, DoctorsExitCodeIsItsJudgement) {
    EXPECT_EQ(run({"doctor"}), 1);
    EXPECT_NE(out().find("FAIL"), std::string::npos);
    facts_.default_model = "kb-whisper-small";
    facts_.cache_writable = true;
    EXPECT_EQ(run({"doctor"}), 0);
    EXPECT_EQ(run({"doctor", "--json"}), 0);
    EXPECT_EQ(out().substr(0, 1), "{");
}

TEST_F(CommandTest, ModelCommandsExitCodeIsItsOwn) {
    EXPECT_EQ(run({"model", "list"}), 0);
    EXPECT_EQ(run({"model", "pull"}), 1);
    EXPECT_EQ(run({"model", "wrong"}), 2);
    EXPECT_EQ(run({"model", "nonsense"}), 2);
    EXPECT_EQ(run({"model", "--help"}), 0);
    EXPECT_NE(out().find("pull"), std::string::npos);
}

TEST_F(CommandTest, StrictFailsWhenSpeechIsMissing) {
    write("a.wav", "hej");  // 98 % of its speech becomes text
    EXPECT_EQ(run({"--strict", "a.wav"}), 0);
    EXPECT_EQ(run({"--strict", "--min_coverage", "0.99", "-f", "txt", "a.wav"}), 1);
    EXPECT_NE(err().find("fast-transcribe: a.wav: the transcript is written, but only 98.0 %"), std::string::npos)
        << err();
    EXPECT_EQ(read_file("a.txt"), "hej\n") << "it is written all the same";
    EXPECT_EQ(run({"--min_coverage", "0.99", "-f", "txt", "a.wav"}), 0) << "only with --strict";
    EXPECT_EQ(run({"--strict", "--min_coverage", "95", "a.wav"}), 2);
}

TEST(Summary, TellsWhatWasDecodedAgainAndLeftOut) {
    Transcript t;
    t.duration_s = 3600;
    t.coverage.speech_s = 3000, t.coverage.transcribed_s = 2997;
    t.coverage.windows = 120, t.coverage.fallback_windows = 3;
    t.coverage.dropped = {{61, 62, "tack", "no speech"}};
    const std::string line = summary("a.mp3", t, 360);
    EXPECT_EQ(line,
              "a.mp3: 1:00:00 of audio in 6:00 (10.0x real time); 50:00 of speech, 99.9 % of it transcribed; 3 of 120 "
              "windows decoded again; "
              "1 stretch left out as no speech or as doubtful, the first at 1:01 (no speech)");
    t.coverage.dropped.clear();
    t.coverage.repaired = {{10, 30, "few words", true}, {40, 50, "loop", false}};
    t.coverage.low_confidence = {{100, 104, 0.2F}, {200, 203, 0.4F}};
    EXPECT_NE(summary("a.mp3", t, 360).find("; 1 stretch repaired; 0:07 of doubtful text"), std::string::npos);
    EXPECT_NE(summary("a.mp3", Transcript{}, 1).find("the transcript is empty"), std::string::npos);
}

}  // namespace
}  // namespace ft
