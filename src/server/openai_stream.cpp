#include "server/openai_stream.h"

#include "base/log.h"
#include "server/event_stream.h"
#include "server/openai_format.h"
#include "server/results.h"

namespace ft {

namespace {

/// An error reply's body, as an event.
std::string error_event(const ApiReply& reply) {
    return sse_event("", reply.body.substr(0, reply.body.find('\n')));
}

}  // namespace

bool OpenAiStream::send_text(ReplySink& sink, const std::string& text) {
    ++segments_sent_;
    if (text.empty()) return true;
    const std::string gap = anything_sent_ ? " " : "";
    anything_sent_ = true;
    return sink.write(sse_event("", openai_delta(gap + text)));
}

bool OpenAiStream::send_windows(ReplySink& sink) {
    for (auto next = waiting_.find(next_window_); next != waiting_.end(); next = waiting_.find(next_window_)) {
        for (const Segment& segment : next->second.segments) {
            if (!send_text(sink, segment.text)) return false;
        }
        waiting_.erase(next);
        ++next_window_;
    }
    return true;
}

bool OpenAiStream::send_end(ReplySink& sink, const Job& job) {
    if (job.state != JobState::succeeded) {
        const JobError error = error_for_clients(job.error);
        const std::string message =
            error.message.empty() ? "the job is " + std::string(to_string(job.state)) : error.message;
        return sink.write(error_event(error_reply(500, error.code.empty() ? "no_result" : error.code, message)));
    }
    const std::string transcript = read_result(job, objects_, "json");
    const std::vector<std::string> texts = segment_texts(transcript);
    while (segments_sent_ < texts.size()) {
        if (!send_text(sink, texts[segments_sent_])) return false;
    }
    return sink.write(sse_event("", openai_done(transcript)));
}

OpenAiStream::End OpenAiStream::run(ReplySink& sink) {
    try {
        for (;;) {
            JobFollower::News news = follower_.look();
            if (news.gone) {
                sink.write(error_event(error_reply(500, "no_such_job", "the job was deleted meanwhile")));
                return End::told;
            }
            for (FinishedWindow& window : news.windows) waiting_.emplace(window.index, std::move(window));
            if (!send_windows(sink)) return End::client_gone;
            if (is_terminal(news.job.state)) {
                send_end(sink, news.job);
                return End::told;
            }
            if (!sink.wait_ms(follow_ms)) return End::client_gone;
        }
    } catch (const std::exception& error) {
        sink.write(error_event(error_reply(error)));
        return End::told;
    }
}

}  // namespace ft
