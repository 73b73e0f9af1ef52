#include "submit_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "api_client.h"
#include "base/dump_json.h"
#include "base/error.h"
#include "base/file.h"
#include "base/random_bytes.h"
#include "base/text.h"
#include "command.h"
#include "input_names.h"
#include "output_files.h"
#include "progress.h"
#include "submit_options.h"
#include "webhook/signature.h"

namespace ft {

namespace {

using nlohmann::json;

constexpr int most_tries = 3;

std::string callback_of(const SubmitOptions& options) {
    json callback = {{"url", options.callback_url}};
    if (!options.callback_types.empty()) callback["types"] = options.callback_types;
    if (!options.callback_secret_file.empty()) {
        const std::string name = options.callback_secret_file.string();
        for (const WebhookSecret& secret : parse_webhook_secrets(read_file(name, size_t{64} << 10), name))
            callback["secrets"].push_back(secret.reveal());
    }
    return dump_json(callback);
}

std::string make_idempotency_key() {
    const std::string bytes = random_bytes(16);
    return "submit-" + to_hex(std::as_bytes(std::span(bytes)));
}

json parse_job(const std::string& text, const std::string& url) {
    json job = json::parse(text, nullptr, false);
    if (!job.is_object() || !job.value("job_id", json()).is_string() || !job.value("state", json()).is_string())
        throw Error(ErrorCode::network, "{} does not answer as fast-transcribe serve does; is the address right?", url);
    return job;
}

double number_at(const json& object, const char* part, const char* name) {
    const json inner = object.value(part, json::object());
    return inner.is_object() && inner.contains(name) && inner[name].is_number() ? inner[name].get<double>() : 0.0;
}

bool is_over(const std::string& state) {
    return state == "succeeded" || state == "failed" || state == "dead" || state == "cancelled";
}

/// One run over all inputs.
class Submission {
  public:
    Submission(SubmitOptions options, const ApiCommandParts& parts)
        : options_(std::move(options)),
          parts_(parts),
          access_(find_api_access(options_.access, parts.variable)),
          client_(access_, parts.clock, [this] { check_stopped(); }),
          files_(options_.output, options_.audio, parts.local_time),
          printer_(parts.err, progress_style(), [this] { return now_s(); }),
          jobs_(options_.audio.size()) {
        if (!options_.callback_url.empty()) options_.fields.emplace_back("callback", callback_of(options_));
    }

    int go() {
        if (parts_.catch_signals) parts_.interruption.catch_signals(notice());
        if (is_key_exposed(access_))
            say("warning: the key goes to " + access_.url +
                " unencrypted; use https:// where others share the network");
        if (options_.wait) {
            files_.prepare();
            for (const std::string& note : files_.notes()) say(note);
        }
        try {
            send_all();
            if (options_.wait) await_all();
        } catch (const Error& error) {
            if (error.code() != ErrorCode::cancelled || !stopped()) throw;
        }
        return finish();
    }

  private:
    struct Sent {
        std::string id;
        double begun_s = 0;
        bool over = false;
    };

    double now_s() const { return static_cast<double>(parts_.clock.boot_ms()) / 1000; }
    bool stopped() const { return parts_.interruption.stop(); }
    void check_stopped() const {
        if (stopped()) throw Error(ErrorCode::cancelled, "interrupted");
    }

    ProgressStyle progress_style() const {
        const bool wanted = options_.wait && options_.verbosity != Verbosity::quiet;
        ProgressStyle style;
        style.bar = wanted && parts_.err_is_terminal;
        style.lines = wanted && !parts_.err_is_terminal;
        style.width = parts_.err_width;
        return style;
    }

    std::function<void()> notice() const {
        if (options_.verbosity == Verbosity::quiet) return {};
        return [&err = parts_.err] { err << "\nstopping; jobs that are made go on at the server" << std::endl; };
    }

    void say(const std::string& sentence) {
        if (options_.verbosity == Verbosity::quiet) return;
        printer_.clear();
        parts_.err << printable(sentence) << std::endl;
    }

    void fail(size_t index, const std::string& reason) {
        jobs_[index].over = true;
        ++failed_;
        printer_.clear();
        print_failure(parts_.err, with_name(options_.audio[index], reason));
    }

    void pause(int64_t duration_ms) const {
        const int64_t until_ms = parts_.clock.boot_ms() + duration_ms;
        for (int64_t left = duration_ms; left > 0; left = until_ms - parts_.clock.boot_ms()) {
            check_stopped();
            parts_.clock.sleep_ms(std::min<int64_t>(left, 100));
        }
        check_stopped();
    }

    /// Before another try.
    void wait(int64_t asked_ms) const { pause(std::min(std::max<int64_t>(asked_ms, 1000), parts_.longest_wait_ms)); }

    void send_all() {
        for (size_t i = 0; i < jobs_.size(); ++i) {
            const std::string& audio = options_.audio[i];
            const std::string reason = is_web_address(audio) ? "" : early_reason(audio);
            if (!reason.empty()) fail(i, reason);
        }
        for (size_t i = 0; i < jobs_.size(); ++i) {
            if (!jobs_[i].over) send(i);
        }
    }

    void send(size_t index) {
        check_stopped();
        try {
            Sent& sent = jobs_[index];
            sent.begun_s = now_s();
            sent.id = make_job(index);
            const std::string name = shown_name(options_.audio[index]);
            if (options_.wait)
                say(name + ": is job " + sent.id);
            else
                parts_.out << sent.id << "  " << printable(name) << std::endl;
        } catch (const Error& error) {
            if (error.code() == ErrorCode::cancelled && stopped()) throw;
            fail(index, error.what());
        }
    }

    /// As often as makes sense: the server knows a repeated request by its key.
    std::string make_job(size_t index) {
        const bool once = options_.audio[index] == "-";  // it cannot be read again
        const ApiClient::NewUpload upload{options_.audio[index], options_.fields, make_idempotency_key()};
        for (int tries = 1;;) {
            try {
                return parse_job(client_.make_job(upload, parts_.in), client_.url())["job_id"].get<std::string>();
            } catch (const ApiError& error) {
                const bool full = error.status() == 429;
                if (once || (!full && (error.status() < 500 || tries++ == most_tries))) throw;
                if (full && !told_full_) say(std::string("waiting for a place: ") + error.what());
                told_full_ |= full;
                wait(error.retry_after_ms());
            } catch (const Error& error) {
                if (once || error.code() != ErrorCode::network || tries++ == most_tries) throw;
                wait(0);
            }
        }
    }

    void await_all() {
        for (size_t i = 0; i < jobs_.size(); ++i) {
            if (jobs_[i].over) continue;
            try {
                take(i, await_end(i));
            } catch (const Error& error) {
                if (error.code() == ErrorCode::cancelled && stopped()) throw;
                fail(i, error.what());
            }
        }
    }

    json await_end(size_t index) {
        const Sent& sent = jobs_[index];
        const std::string name = std::filesystem::path(shown_name(options_.audio[index])).filename().string();
        printer_.begin(jobs_.size() > 1 ? fmt::format("{}/{} {}", index + 1, jobs_.size(), name) : name, sent.begun_s);
        for (;;) {
            const json job = ask(sent.id);
            if (is_over(job["state"].get<std::string>())) return job;
            const double done_s = number_at(job, "progress", "done_s");
            if (done_s > 0) printer_.update({done_s, number_at(job, "progress", "duration_s"), nullptr, true});
            pause(poll_ms());
        }
    }

    json ask(const std::string& id) {
        return patiently(id, [&] { return parse_job(client_.get("/jobs/" + id), client_.url()); });
    }

    /// What `question` gives; a server that is started again meanwhile is given some time.
    template <typename Question>
    auto patiently(const std::string& id, const Question& question) -> decltype(question()) {
        const int64_t until_ms = parts_.clock.boot_ms() + parts_.patience_ms;
        for (bool told = false;;) {
            try {
                return question();
            } catch (const Error& error) {
                if (error.code() != ErrorCode::network) throw;
                if (parts_.clock.boot_ms() >= until_ms)
                    throw Error(error.code(), "{}; the job may still go on: fast-transcribe jobs show {}{}",
                                error.what(), id, access_.signer ? " --cloud" : "");
                if (!told) say(std::string(error.what()) + "; trying again for a while");
                told = true;
                pause(std::max<int64_t>(poll_ms(), 100));
            }
        }
    }

    int64_t poll_ms() const { return access_.signer ? parts_.cloud_poll_ms : parts_.poll_ms; }

    void take(size_t index, const json& job) {
        const std::string state = job["state"], id = job["job_id"];
        if (state != "succeeded") {
            const json error = job.value("error", json());
            const bool has_message = error.is_object() && error.value("message", json()).is_string();
            return fail(index, has_message ? error["message"].get<std::string>() : "the job was " + state);
        }
        const std::vector<std::string> names = files_.write(index, [&](const std::string& format) {
            return patiently(id, [&] { return client_.result(id, format); });
        });
        jobs_[index].over = true;
        for (const std::string& name : names) parts_.out << name << "\n";
        parts_.out << std::flush;
        printer_.clear();
        say(fmt::format("{}: {} of audio in {}", shown_name(options_.audio[index]),
                        format_clock(number_at(job, "result", "audio_s")),
                        format_clock(now_s() - jobs_[index].begun_s)));
    }

    int finish() {
        printer_.clear();
        if (stopped()) {
            for (size_t i = 0; i < jobs_.size(); ++i) {
                if (!jobs_[i].id.empty() && !jobs_[i].over && options_.wait)
                    say(shown_name(options_.audio[i]) + ": goes on as job " + jobs_[i].id);
            }
            return parts_.interruption.exit_code();
        }
        if (failed_ > 0 && jobs_.size() > 1) say(fmt::format("{} of {} inputs failed", failed_, jobs_.size()));
        return failed_ > 0 ? exit_input_failed : exit_done;
    }

    SubmitOptions options_;
    const ApiCommandParts& parts_;
    const ApiAccess access_;
    ApiClient client_;
    OutputFiles files_;
    ProgressPrinter printer_;
    std::vector<Sent> jobs_;
    size_t failed_ = 0;
    bool told_full_ = false;
};

}  // namespace

int submit(const std::vector<std::string>& arguments, const ApiCommandParts& parts) {
    const SubmitOptions options = parse_submit_arguments(arguments);
    if (options.help) {
        parts.out << submit_help() << std::flush;
        return exit_done;
    }
    const bool reads_stdin = std::count(options.audio.begin(), options.audio.end(), "-") > 0;
    if (reads_stdin && parts.stdin_is_terminal)
        throw Error(
            ErrorCode::invalid_argument,
            "-: standard input is a terminal; pipe audio into it, e.g. cat talk.mp3 | fast-transcribe submit -");
    return Submission(options, parts).go();
}

}  // namespace ft
