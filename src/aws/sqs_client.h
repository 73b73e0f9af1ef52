#pragma once
// Amazon SQS.
#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "aws/session.h"

namespace ft::aws {

struct QueueMessage {
    std::string id, receipt_handle, body;
    int receive_count = 0;                ///< how often it has been received, this time included; 0: not told
    std::optional<TimePoint> first_sent;  ///< nothing: not told
};

/// One thread at a time. Queues are named by their addresses. Failures: ServiceClient::call; a queue that does not
/// exist is Error{not_found}.
class SqsClient {
  public:
    explicit SqsClient(std::shared_ptr<Session> session);
    ~SqsClient();
    SqsClient(SqsClient&&) noexcept;

    std::string queue_url(const std::string& name);
    /// The message's id. A lost answer may make it twice: whoever receives it must bear that.
    std::string send(const std::string& queue_url, const std::string& body, std::chrono::seconds delay = {});
    /// Up to `most` (1 to 10) messages, hidden from others for `visibility`; waits up to `wait` (20 s) for the first.
    std::vector<QueueMessage> receive(const std::string& queue_url, int most, std::chrono::seconds wait,
                                      std::chrono::seconds visibility);
    void remove(const std::string& queue_url, const std::string& receipt_handle);
    /// From now; 0 shows it again at once.
    void change_visibility(const std::string& queue_url, const std::string& receipt_handle,
                           std::chrono::seconds visibility);
    /// "ApproximateNumberOfMessages" and so on; all when no names are given.
    std::map<std::string, std::string> attributes(const std::string& queue_url, std::vector<std::string> names = {});

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft::aws
