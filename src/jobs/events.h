#pragma once
// What receivers of webhooks are told: rows of the outbox, written in the transaction that changes the state.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/job.h"

namespace ft {

inline constexpr std::string_view event_queued = "transcription.queued";
inline constexpr std::string_view event_started = "transcription.started";
inline constexpr std::string_view event_progress = "transcription.progress";
inline constexpr std::string_view event_completed = "transcription.completed";
inline constexpr std::string_view event_failed = "transcription.failed";
inline constexpr std::string_view event_dead = "transcription.dead";
inline constexpr std::string_view event_cancelled = "transcription.cancelled";

inline constexpr std::string_view all_event_types[] = {event_queued, event_started, event_progress, event_completed,
                                                       event_failed, event_dead,    event_cancelled};

enum class EventState { pending, delivered, dead, disabled };
std::string_view to_string(EventState state);
/// Throws Error{internal}: only what to_string wrote is read.
EventState parse_event_state(std::string_view name);

struct OutboxEvent {
    std::string id;  ///< the webhook-id: same for every try, and for the same change of the same job
    std::string job_id, type, url;
    std::string body;  ///< JSON {type, timestamp, data}
    EventState state = EventState::pending;
    int attempts = 0;
    int64_t sequence = 0;  ///< in the order of the job's changes, from 1
    int64_t created_ms = 0;
    int64_t due_ms = 0;  ///< of the next try; while one is under way, when it counts as lost
};

struct DeliveryAttempt {
    int64_t at_ms = 0, duration_ms = 0;
    int http_status = 0;  ///< 0: no answer
    std::string note;     ///< e.g. "the address is private"
};

/// One row of the bill; at most one a job.
struct UsageRow {
    std::string job_id;
    int64_t fence = 0, finished_ms = 0;
    double audio_s = 0, compute_s = 0;
    std::string model;
};

/// The row for `job` as it is after the change; nothing when its callback does not want it. The id depends on job,
/// type, fence and (progress only) windows.
std::optional<OutboxEvent> make_event(const Job& job, std::string_view type, int64_t now_ms);

/// "2026-01-31T12:00:00.123Z"
std::string iso_time(int64_t wall_ms);

}  // namespace ft
