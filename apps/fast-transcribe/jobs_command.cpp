#include "jobs_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "api_client.h"
#include "base/dump_json.h"
#include "base/error.h"
#include "base/user_input.h"
#include "command.h"
#include "jobs_text.h"

namespace ft {

namespace {

using nlohmann::json;

struct JobsOptions {
    ApiAccessFlags access;
    std::string states, search, format = "txt";
    int64_t limit = 50;
    bool as_json = false, help = false;
};

Flag text_flag(const char* name, const char* value, const char* help, std::string& target) {
    return {name, 0, value, "What", help, [&target](const std::string& text) { target = text; }};
}

std::vector<Flag> jobs_flags(JobsOptions& o) {
    std::vector<Flag> flags = {
        text_flag("state", "LIST", "list: only jobs in these states, e.g. queued,running", o.states),
        text_flag("search", "TEXT", "list: found in the id, the file's name or the error", o.search),
        {"limit", 0, "N", "What", "list: most jobs, the newest first (default 50)",
         [&o](const std::string& text) { o.limit = parse_integer("--limit", text, 1, 1000000); }},
        {"output_format", 'f', "FORMAT", "What", "result: json, txt, srt, vtt, tsv, lrc, csv or aws (default txt)",
         [&o](const std::string& text) { o.format = text; }},
        {"json", 0, "", "What", "the server's own words, for programs",
         [&o](const std::string& text) { o.as_json = text == "true"; }},
    };
    for (Flag& flag : api_access_flags(o.access)) flags.push_back(std::move(flag));
    flags.push_back(
        {"help", 'h', "", "Other", "this text", [&o](const std::string& text) { o.help = text == "true"; }});
    return flags;
}

std::string jobs_help() {
    JobsOptions options;
    return "fast-transcribe jobs: the jobs of a server (fast-transcribe serve), or with --cloud of a stack on AWS\n\n"
           "  fast-transcribe jobs list                   newest first\n"
           "  fast-transcribe jobs show ID…               all that is known of a job\n"
           "  fast-transcribe jobs result ID…             its transcript, to standard output\n"
           "  fast-transcribe jobs cancel ID…             also while it is under way\n"
           "  fast-transcribe jobs retry ID…              one that is failed, dead or cancelled is queued again\n"
           "  fast-transcribe jobs deliveries ID…         messages to its callback, with every try\n"
           "  fast-transcribe jobs replay ID [MESSAGE]    sends a message again, or all that were given up\n" +
           flags_help(jobs_flags(options)) +
           "\nExit codes: 0 done; 1 the server refused something, or does not answer; 2 wrong usage.\n";
}

json parse_answer(const std::string& text, const ApiClient& client) {
    json answer = json::parse(text, nullptr, false);
    if (!answer.is_object())
        throw Error(ErrorCode::network, "{} does not answer as fast-transcribe serve does; is the address right?",
                    client.url());
    return answer;
}

std::string job_path(const std::string& id) {
    return "/jobs/" + percent_encode(id);
}

class JobsCommand {
  public:
    JobsCommand(const JobsOptions& options, const ApiCommandParts& parts)
        : options_(options), parts_(parts), client_(find_api_access(options.access, parts.variable), parts.clock) {}

    int run(const std::string& action, const std::vector<std::string>& names) {
        if (action == "list") return list();
        if (action == "replay") return for_each({names.front()}, [&](const std::string& id) { replay(id, names); });
        if (action == "show")
            return for_each(names, [this](const std::string& id) { show(client_.get(job_path(id))); });
        if (action == "result") return for_each(names, [this](const std::string& id) { result(id); });
        if (action == "deliveries") {
            return for_each(names,
                            [this](const std::string& id) { deliveries(client_.get(job_path(id) + "/deliveries")); });
        }
        return for_each(names, [&](const std::string& id) { change(id, action); });
    }

  private:
    /// One that is refused does not keep the others from being asked for.
    int for_each(const std::vector<std::string>& ids, const std::function<void(const std::string& id)>& act) {
        int exit_code = exit_done;
        for (const std::string& id : ids) {
            try {
                act(id);
            } catch (const ApiError& error) {
                print_failure(parts_.err, id + ": " + error.what());
                exit_code = exit_input_failed;
            }
        }
        return exit_code;
    }

    int list() {
        std::string cursor;
        json all = json::array();
        for (int64_t left = options_.limit; left > 0;) {
            const json page =
                parse_answer(client_.get(fmt::format("/jobs?limit={}&state={}&search={}&cursor={}",
                                                     std::min<int64_t>(left, 1000), percent_encode(options_.states),
                                                     percent_encode(options_.search), percent_encode(cursor))),
                             client_);
            const json jobs = page.value("jobs", json::array());
            for (const json& job : jobs) {
                if (options_.as_json)
                    all.push_back(job);
                else
                    parts_.out << job_line(job);
            }
            left -= static_cast<int64_t>(jobs.size());
            if (jobs.empty() || !page.value("next", json()).is_string()) break;
            cursor = page["next"].get<std::string>();
        }
        if (options_.as_json) parts_.out << dump_json(all, 1) << "\n";
        parts_.out << std::flush;
        return exit_done;
    }

    void show(const std::string& answer) {
        parts_.out << (options_.as_json ? answer : job_text(parse_answer(answer, client_))) << std::flush;
    }

    void result(const std::string& id) {
        const std::string format = options_.as_json ? "json" : options_.format;
        parts_.out << client_.result(id, format) << std::flush;
    }

    void change(const std::string& id, const std::string& action) {
        const std::string answer = client_.post(job_path(id) + "/" + action);
        parts_.out << (options_.as_json ? answer : job_line(parse_answer(answer, client_))) << std::flush;
    }

    void deliveries(const std::string& answer) {
        const json all = parse_answer(answer, client_);
        if (options_.as_json) {
            parts_.out << answer << std::flush;
            return;
        }
        for (const json& delivery : all.value("deliveries", json::array())) parts_.out << delivery_text(delivery);
        parts_.out << std::flush;
    }

    void replay(const std::string& id, const std::vector<std::string>& names) {
        const std::string body = names.size() > 1 ? json({{"event_id", names[1]}}).dump() : "";
        deliveries(client_.post(job_path(id) + "/deliveries/replay", body));
    }

    const JobsOptions& options_;
    const ApiCommandParts& parts_;
    ApiClient client_;
};

void check_usage(const std::vector<std::string>& words) {
    const std::vector<std::string> actions = {"list", "show", "result", "cancel", "retry", "deliveries", "replay"};
    if (words.empty())
        throw Error(ErrorCode::invalid_argument, "jobs: what about them? fast-transcribe jobs list shows them");
    const std::string& action = words.front();
    if (std::find(actions.begin(), actions.end(), action) == actions.end()) {
        const std::string guess = nearest_word(action, actions);
        throw Error(ErrorCode::invalid_argument,
                    "jobs {}: is none of list, show, result, cancel, retry, deliveries, replay{}", action,
                    guess.empty() ? "" : "; did you mean " + guess + "?");
    }
    if (action == "list" && words.size() > 1)
        throw Error(ErrorCode::invalid_argument, "jobs list: takes flags only, not \"{}\"; jobs show takes ids",
                    words[1]);
    if (action != "list" && words.size() == 1)
        throw Error(ErrorCode::invalid_argument,
                    "jobs {}: of which job? Give its id; fast-transcribe jobs list shows them", action);
    if (action == "replay" && words.size() > 3)
        throw Error(ErrorCode::invalid_argument, "jobs replay: takes the id of one job, and of one message");
    if (std::find(words.begin(), words.end(), "") != words.end())
        throw Error(ErrorCode::invalid_argument, "jobs {}: an id is empty; is a variable of the script not set?",
                    action);
}

}  // namespace

int jobs(const std::vector<std::string>& arguments, const ApiCommandParts& parts) {
    JobsOptions options;
    const std::vector<std::string> words = parse_flags(arguments, jobs_flags(options));
    if (options.help) {
        parts.out << jobs_help() << std::flush;
        return exit_done;
    }
    check_usage(words);
    return JobsCommand(options, parts).run(words.front(), {words.begin() + 1, words.end()});
}

}  // namespace ft
