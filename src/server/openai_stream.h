#pragma once
// stream=true: the text as it comes, in the order of time.
#include <cstdint>
#include <map>
#include <string>

#include "server/api.h"
#include "server/job_follower.h"

namespace ft {

/// Follows one job to its end. What was sent, put together, is the transcript's text.
class OpenAiStream {
  public:
    OpenAiStream(JobFollower follower, ObjectStore& objects) : follower_(std::move(follower)), objects_(objects) {}

    enum class End { told, client_gone };
    /// Throws nothing: what goes wrong is told in the stream.
    End run(ReplySink& sink);

  private:
    bool send_windows(ReplySink& sink);
    bool send_text(ReplySink& sink, const std::string& text);
    bool send_end(ReplySink& sink, const Job& job);

    JobFollower follower_;
    ObjectStore& objects_;
    std::map<int64_t, FinishedWindow> waiting_;  // for one in front of them
    int64_t next_window_ = 0;
    size_t segments_sent_ = 0;  // with those that have no text
    bool anything_sent_ = false;
};

}  // namespace ft
