#pragma once
// THE DEPLOYMENT SEAM, part 3: who tells the client. The outbox decides when; this makes one try.
#include <cstdint>
#include <optional>
#include <string>

#include "jobs/events.h"

namespace ft {

struct Delivery {
    enum class Verdict {
        delivered,  ///< 2xx
        again,      ///< may pass by itself: no answer, 5xx, 429 …
        disabled,   ///< the receiver wants no more (410): its pending events are not tried again
        refused,    ///< nothing was sent and no retry would: the callback's address is none that may be called
    };
    Verdict verdict = Verdict::again;
    int http_status = 0;  ///< 0: no answer
    std::optional<int64_t> retry_after_ms;
    std::string note;  ///< for the log of deliveries: why it did not work
};

/// Threads: every function may be called by any thread at once.
class Notifier {
  public:
    virtual ~Notifier() = default;
    /// One try, of at most 15 s. What the receiver does wrong is a Delivery, never an exception; throws Error only
    /// where nothing could be tried (then the try does not count). May be repeated: receivers know messages by
    /// event.id.
    virtual Delivery deliver(const OutboxEvent& event) = 0;
};

}  // namespace ft
