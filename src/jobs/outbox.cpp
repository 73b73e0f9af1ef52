#include "jobs/outbox.h"

#include "base/error.h"
#include "base/log.h"
#include "base/utf8.h"
#include "jobs/retry_policy.h"

namespace ft {

namespace {

DeliveryUpdate update_of(const Delivery& delivery, int attempts, int64_t now_ms, double random) {
    if (delivery.verdict == Delivery::Verdict::delivered) return {EventState::delivered, now_ms};
    if (delivery.verdict == Delivery::Verdict::disabled) return {EventState::disabled, now_ms};
    if (delivery.verdict == Delivery::Verdict::refused) return {EventState::dead, now_ms};
    const auto wait_ms = webhook_wait_ms(attempts, delivery.retry_after_ms, random);
    if (!wait_ms) return {EventState::dead, now_ms};
    return {EventState::pending, now_ms + *wait_ms};
}

}  // namespace

OutboxRun deliver_due(JobStore& store, Notifier& notifier, const Clock& clock, const Random& random,
                      const OutboxOptions& options) {
    OutboxRun run;
    const int64_t called_ms = clock.boot_ms();
    for (int tries = 0; tries < options.limit; ++tries) {
        if (options.budget_ms > 0 && clock.boot_ms() - called_ms > options.budget_ms) break;
        // One by one: whoever dies holds up one event, not a hundred.
        const std::vector<OutboxEvent> due = store.claim_events(1, options.lease_ms, options.job_id);
        if (due.empty()) break;
        const OutboxEvent& event = due.front();
        const int64_t began_ms = clock.boot_ms(), at_ms = clock.wall_ms();
        Delivery delivery;
        try {
            delivery = notifier.deliver(event);
        } catch (const Error& error) {
            spdlog::warn("webhook {}: could not be tried: {}", event.id, error.what());
            break;
        }
        const DeliveryUpdate update = update_of(delivery, event.attempts + 1, clock.wall_ms(), random());
        const DeliveryAttempt attempt{at_ms, clock.boot_ms() - began_ms, delivery.http_status,
                                      valid_utf8(delivery.note)};
        store.record_delivery(event, attempt, update);
        if (update.state == EventState::delivered) {
            ++run.delivered;
            continue;
        }
        ++(update.state == EventState::pending ? run.again : run.given_up);
        if (options.stop_at_failure) break;
    }
    return run;
}

}  // namespace ft
