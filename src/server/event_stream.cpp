#include "server/event_stream.h"

#include <fmt/format.h>

#include "base/log.h"
#include "server/job_follower.h"
#include "server/job_view.h"

namespace ft {

namespace {

constexpr int64_t comment_ms = 15000;

/// One line of JSON, without the line end of replies.
std::string line(std::string json) {
    if (!json.empty() && json.back() == '\n') json.pop_back();
    return json;
}

/// What is new, as events; `over` when nothing will follow.
std::string events_of(const JobFollower::News& news, bool& over) {
    std::string events;
    over = news.gone || is_terminal(news.job.state);
    if (news.gone) return sse_event("end", "{}");
    if (news.new_state) events += sse_event("state", line(job_view(news.job)));
    if (news.new_progress) events += sse_event("progress", progress_view(news.job));
    for (const FinishedWindow& window : news.windows) events += sse_event("text", window_view(window));
    if (over) events += sse_event("end", fmt::format("{{\"state\":\"{}\"}}", to_string(news.job.state)));
    return events;
}

/// Whether it was followed to its end.
bool stream_job(JobFollower& follower, ReplySink& sink) {
    int64_t silent_ms = 0;
    for (bool over = false; !over;) {
        const std::string events = events_of(follower.look(), over);
        silent_ms = events.empty() ? silent_ms + follow_ms : 0;
        if (!events.empty() && !sink.write(events)) return false;
        if (silent_ms >= comment_ms) {
            silent_ms = 0;
            if (!sink.write(": still here\n\n")) return false;
        }
        if (!over && !sink.wait_ms(follow_ms)) return false;
    }
    return true;
}

}  // namespace

std::string sse_event(std::string_view name, std::string_view data) {
    return name.empty() ? fmt::format("data: {}\n\n", data) : fmt::format("event: {}\ndata: {}\n\n", name, data);
}

ApiReply follow_job(const ApiParts& parts, const std::string& job_id) {
    find_job(parts.store, job_id);
    ApiReply reply;
    reply.type = "text/event-stream";
    reply.headers.emplace_back("Cache-Control", "no-store");
    const std::shared_ptr<ClientLimits::Place> place = take_waiting_place(parts);
    auto follower = std::make_shared<JobFollower>(parts.store, parts.objects, parts.transcribe, job_id);
    reply.stream = [follower, job_id, place](ReplySink& sink) {
        try {
            return stream_job(*follower, sink);
        } catch (const std::exception& error) {
            spdlog::error("job {}: its events end: {}", job_id, error.what());
            return false;
        }
    };
    return reply;
}

}  // namespace ft
