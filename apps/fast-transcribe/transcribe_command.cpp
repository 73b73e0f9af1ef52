#include "transcribe_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <new>

#include "base/error.h"
#include "files_under_way.h"
#include "input_names.h"
#include "output_files.h"
#include "progress.h"

namespace ft {

namespace {

ProgressStyle progress_style(const CommandOptions& options, const Environment& environment) {
    ProgressStyle style;
    const bool wanted = options.print_progress.value_or(true) && options.verbosity != Verbosity::quiet;
    style.bar = wanted && environment.err_is_terminal;
    style.segments = options.verbosity == Verbosity::verbose;
    // Segments show how far it is: lines between them only for who asks for them.
    style.lines = wanted && !environment.err_is_terminal && (!style.segments || options.print_progress.has_value());
    style.width = environment.err_width;
    return style;
}

/// One run over all inputs.
class Run {
  public:
    Run(const CommandOptions& options, const Environment& environment)
        : options_(options),
          env_(environment),
          files_(options.output, options.audio, environment.local_time),
          printer_(environment.err, progress_style(options, environment), environment.now_s),
          failed_(options.audio.size(), false) {}

    int go() {
        if (env_.catch_signals) env_.interruption.catch_signals(interruption_notice());
        files_.prepare();
        for (const std::string& note : files_.notes()) say(note);
        for (size_t i = 0; i < options_.audio.size(); ++i) {
            const std::string reason = early_reason(options_.audio[i]);
            if (!reason.empty()) fail(i, reason);
        }
        transcribe_all();
        return finish();
    }

  private:
    bool stopped() const { return env_.interruption.stop(); }

    std::function<void()> interruption_notice() {
        if (options_.verbosity == Verbosity::quiet) return {};
        return [&err = env_.err] {
            err << "\nstopping when the windows under way are done; once more stops at once" << std::endl;
        };
    }

    /// Something that a user who does not want silence should know.
    void say(const std::string& sentence) {
        if (options_.verbosity == Verbosity::quiet) return;
        printer_.clear();
        env_.err << printable(sentence) << std::endl;
    }

    void fail(size_t index, const std::string& reason) {
        failed_[index] = true;
        printer_.clear();
        print_failure(env_.err, with_name(options_.audio[index], reason));
    }

    /// "2/5 talk.mp3": short, as the bar wants the room.
    std::string progress_label(size_t index) const {
        const size_t count = options_.audio.size();
        const std::string name = std::filesystem::path(shown_name(options_.audio[index])).filename().string();
        return count > 1 ? fmt::format("{}/{} {}", index + 1, count, name) : name;
    }

    void transcribe_all() {
        const auto next_good = [this](size_t from) {
            while (from < failed_.size() && failed_[from]) ++from;
            return from;
        };
        size_t next = next_good(0);
        if (next == failed_.size()) return;
        // The model is loaded for the first input that is there, and not for none.
        const int batch_size = options_.engine.batch_size;
        FilesUnderWay files(env_.make_engine(options_.engine, [this](const std::string& sentence) { say(sentence); }),
                            options_.transcribe, &env_.interruption.stop(),
                            static_cast<size_t>(batch_size == 0 ? default_batch_size("cuda") : batch_size));
        std::vector<double> begun_s(failed_.size(), 0.0);
        bool front_is_shown = false;
        for (;;) {
            while (next < failed_.size() && !stopped() && files.wants_more()) {
                begun_s[next] = env_.now_s();
                files.start(next, options_.audio[next]);
                next = next_good(next + 1);
            }
            if (files.empty()) return;
            const size_t index = files.front();
            if (!front_is_shown) printer_.begin(progress_label(index), begun_s[index]);
            front_is_shown = true;
            const bool more = next < failed_.size() && !stopped();
            if (!files.watch([this](const Progress& progress) { printer_.update(progress); }, more)) continue;
            take(files, begun_s[index]);
            front_is_shown = false;
        }
    }

    /// The first file is over: its result, or why there is none.
    void take(FilesUnderWay& files, double begun_s) {
        const size_t index = files.front();
        try {
            Transcript transcript = files.take();
            printer_.clear();
            transcript.file = shown_name(options_.audio[index]);
            keep(index, transcript, env_.now_s() - begun_s);
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled && stopped()) return;
            fail(index, error.what());
        } catch (const std::bad_alloc&) {
            fail(index, "out of memory; a smaller --batch_size or model needs less");
        } catch (const std::exception& error) {
            fail(index, std::string("something unexpected went wrong: ") + error.what());
        }
    }

    void keep(size_t index, const Transcript& transcript, double elapsed_s) {
        // An interrupted run that has nothing to show must not replace an earlier result by an empty one.
        if (stopped() && transcript.segments.empty()) return;
        const std::vector<std::string> names = files_.write(index, transcript);
        ++written_;
        for (const std::string& name : names) env_.out << name << "\n";
        env_.out << std::flush;
        const std::string name = shown_name(options_.audio[index]);
        say(summary(name, transcript, elapsed_s));
        for (const std::string& warning : transcript.warnings) say(name + ": warning: " + warning);
        const double share = transcript.coverage.share();
        if (!options_.strict || share >= options_.min_coverage) return;
        ++incomplete_;
        printer_.clear();
        print_failure(env_.err, fmt::format("{}: the transcript is written, but only {:.1f} % of the detected speech "
                                            "became text, less than --min_coverage {}; the json's coverage says where",
                                            name, share * 100, options_.min_coverage));
    }

    int finish() {
        printer_.clear();
        const auto failures = std::count(failed_.begin(), failed_.end(), true);
        if (stopped()) {
            const size_t left = failed_.size() - static_cast<size_t>(failures) - written_;
            say(fmt::format(
                "interrupted: {} of {} inputs written{}", written_, failed_.size(),
                left > 0 ? fmt::format(", {} not begun or without a finished window", left) : std::string()));
            return env_.interruption.exit_code();
        }
        if (failures > 0 && failed_.size() > 1) say(fmt::format("{} of {} inputs failed", failures, failed_.size()));
        return failures > 0 || incomplete_ > 0 ? exit_input_failed : exit_done;
    }

    const CommandOptions& options_;
    const Environment& env_;
    OutputFiles files_;
    ProgressPrinter printer_;
    std::vector<bool> failed_;
    size_t written_ = 0, incomplete_ = 0;
};

}  // namespace

int transcribe_files(const CommandOptions& options, const Environment& environment) {
    const bool reads_stdin = std::find(options.audio.begin(), options.audio.end(), "-") != options.audio.end();
    if (reads_stdin && environment.stdin_is_terminal) {
        throw Error(ErrorCode::invalid_argument,
                    "-: standard input is a terminal; pipe audio into it, e.g. cat talk.mp3 | fast-transcribe -");
    }
    return Run(options, environment).go();
}

std::string summary(const std::string& name, const Transcript& transcript, double elapsed_s) {
    std::string text =
        fmt::format("{}: {} of audio in {}", name, format_clock(transcript.duration_s), format_clock(elapsed_s));
    if (elapsed_s > 0 && transcript.duration_s > 0)
        text += fmt::format(" ({:.1f}x real time)", transcript.duration_s / elapsed_s);
    const Coverage& coverage = transcript.coverage;
    if (coverage.speech_s > 0) {
        text += fmt::format("; {} of speech, {:.1f} % of it transcribed", format_clock(coverage.speech_s),
                            coverage.share() * 100);
    } else if (transcript.segments.empty()) {
        text += "; no speech was found, the transcript is empty";
    }
    if (coverage.fallback_windows > 0)
        text += fmt::format("; {} of {} windows decoded again", coverage.fallback_windows, coverage.windows);
    const auto replaced = std::count_if(coverage.repaired.begin(), coverage.repaired.end(),
                                        [](const Coverage::Repair& repair) { return repair.replaced; });
    if (replaced > 0) text += fmt::format("; {} {} repaired", replaced, replaced == 1 ? "stretch" : "stretches");
    if (!coverage.low_confidence.empty()) {
        double doubtful_s = 0;
        for (const Coverage::Doubtful& span : coverage.low_confidence) doubtful_s += span.end_s - span.start_s;
        text += fmt::format("; {} of doubtful text", format_clock(doubtful_s));
    }
    if (!coverage.dropped.empty()) {
        const Coverage::Dropped& first = coverage.dropped.front();
        text += fmt::format(
            "; {} left out as no speech or as doubtful, the first at {} ({})",
            coverage.dropped.size() == 1 ? "1 stretch" : fmt::format("{} stretches", coverage.dropped.size()),
            format_clock(first.start_s), first.reason);
    }
    return text;
}

}  // namespace ft
