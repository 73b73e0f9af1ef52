#pragma once
// One try to deliver a message of the outbox, as the Standard Webhooks specification says; the outbox decides about the
// next one (jobs/outbox.h).
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "jobs/job_store.h"
#include "jobs/notifier.h"
#include "jobs/object_store.h"
#include "net/address_check.h"
#include "net/http_client.h"
#include "webhook/message.h"
#include "webhook/signature.h"

namespace ft {

/// What signs this event. Throws Error{invalid_argument} when the job's own secrets are none, other Errors when it
/// cannot be known now. Any thread may call it.
using WebhookSecrets = std::function<std::vector<WebhookSecret>(const OutboxEvent& event)>;

/// The job's own secrets (JobCallback::secrets), or else the server's.
WebhookSecrets secrets_of_jobs(JobStore& store, std::vector<WebhookSecret> server);

struct WebhookOptions {
    MessageOptions message;
    AddressPolicy addresses;
    int64_t timeout_ms = 15000;               ///< for all of a try: name, connection, answer
    size_t longest_reply = size_t{64} << 10;  ///< what comes after is not read
    std::string certificates;                 ///< file or folder of trusted ones; empty: the system's
};

struct WebhookParts {
    ObjectStore& objects;
    WebhookSecrets secrets;
    Resolver resolver;
    const Clock& clock;
};

/// Keeps no connection and no state between tries: a receiver is called by few messages, from many machines.
class WebhookNotifier : public Notifier {
  public:
    /// What the parts refer to outlives the notifier. Throws Error{invalid_argument} for a public_url that is none.
    WebhookNotifier(WebhookParts parts, WebhookOptions options);

    Delivery deliver(const OutboxEvent& event) override;

  private:
    HttpRequest make_request(const OutboxEvent& event) const;
    HttpResponse send(HttpRequest request, int64_t timeout_ms) const;

    const WebhookParts parts_;
    WebhookOptions options_;
};

/// What an answer means for the message. `now_s`: for a Retry-After that is a date.
Delivery judge_reply(const HttpResponse& response, int64_t now_s);

}  // namespace ft
