#pragma once
// Jobs as clients see them: never a secret of a callback, never where something lies.
#include <string>
#include <vector>

#include "jobs/job_store.h"
#include "transcript/transcript.h"

namespace ft {

std::string job_view(const Job& job);
/// {"jobs": […], "next": cursor or null}
std::string jobs_view(const JobPage& page);

struct EventWithTries {
    OutboxEvent event;
    std::vector<DeliveryAttempt> tries;
};
/// {"deliveries": […]}
std::string deliveries_view(const std::vector<EventWithTries>& events);

/// For streams: how far a job is, and what a window of it says.
std::string progress_view(const Job& job);
std::string window_view(const FinishedWindow& window);

}  // namespace ft
