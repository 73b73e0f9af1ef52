#pragma once
// A receiver of webhooks for people who build one: listens on 127.0.0.1 and shows what comes.
#include <functional>
#include <memory>

#include "webhook_message.h"

namespace ft {

/// What the receiver answers.
using WebhookAnswer = std::function<int(const ReceivedWebhook& message)>;

class WebhookListener {
  public:
    /// `answer` gives the HTTP status; it is called by one thread at a time. Port 0: any that is free.
    /// Throws Error{invalid_argument} when the port is taken.
    WebhookListener(int port, WebhookAnswer answer);
    ~WebhookListener();

    int port() const;
    /// Returns after `count` messages (0: never so), all of them answered, or after stop().
    void run(int count);
    /// From any thread, before run() too.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft
