#pragma once
// A job as every store keeps it: the record, its states, and what is derived from it.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ft {

/// docs/jobs.md has the picture. succeeded, failed, dead and cancelled are terminal.
enum class JobState {
    queued,      ///< waits for a worker
    launching,   ///< a machine was asked for (never on one machine)
    running,     ///< a worker holds the lease
    succeeded,   ///< the result is committed
    retry_wait,  ///< will be tried again at not_before_ms
    failed,      ///< the input is at fault: trying again would not help
    dead,        ///< given up: attempts or time exhausted; a person may redrive it
    cancelled,   ///< somebody asked for that
};
inline constexpr JobState all_job_states[] = {JobState::queued,    JobState::launching,  JobState::running,
                                              JobState::succeeded, JobState::retry_wait, JobState::failed,
                                              JobState::dead,      JobState::cancelled};

std::string_view to_string(JobState state);
/// Throws Error{invalid_argument}, listing the known ones.
JobState parse_job_state(std::string_view name);
bool is_terminal(JobState state);

/// What a job is about to read.
struct JobInput {
    std::string uri;         ///< "object:<key>" of the object store, or what an implementation knows (s3://…)
    std::string name;        ///< as the user named the file; for people, never a path of ours
    std::string version;     ///< of the object, where the store has versions
    std::string etag;        ///< when not empty, what is fetched must still have it
    int64_t size_bytes = 0;  ///< 0: unknown
};

struct JobError {
    std::string code, message;
};

/// What strangers may know of it: of what is wrong with our own disk or program the code only, as messages name files.
JobError error_for_clients(const JobError& error);

/// Who wants to be told, and of what.
struct JobCallback {
    std::string url;                 ///< empty: nobody
    std::vector<std::string> types;  ///< e.g. "transcription.progress"; empty: the terminal ones
    /// "whsec_…": what signs its messages; two while they are changed; empty: the server's. Never shown to anybody.
    std::vector<std::string> secrets = {};
};

struct JobProgress {
    double done_s = 0;      ///< how much of the recording is finished; it never falls
    double duration_s = 0;  ///< 0: unknown
    int64_t windows_done = 0;
    int64_t windows_resumed = 0;  ///< of them, taken from checkpoints of an earlier attempt
};

struct JobResult {
    std::string prefix;              ///< in the object store: results/<job>/<fence>/
    std::vector<std::string> files;  ///< names below the prefix
    std::string language;
    double audio_s = 0, compute_s = 0;
    std::string model;
    /// JSON: the machine, where its time went, what it cost; empty where nobody pays by the hour.
    std::string run = {};
};

struct TimelineEntry {
    int64_t at_ms = 0;
    JobState state = JobState::queued;
    std::string note;
};

/// All times are Clock::wall_ms(). Texts are UTF-8.
struct Job {
    std::string id;
    JobState state = JobState::queued;
    int attempt = 0;                          ///< claims so far
    int launch_seq = 0;                       ///< machines asked for so far
    int transient_failures = 0, crashes = 0;  ///< of class A, of class B (retry_policy.h)
    int64_t fence = 0;                        ///< grows whenever the right to write the outcome changes hands
    std::string owner;                        ///< of the lease, or of the last one
    int64_t lease_until_ms = 0;
    int64_t not_before_ms = 0;
    int64_t deadline_ms = 0;  ///< no attempt begins later; 0: none
    JobInput input;
    std::string options;   ///< JSON, opaque to the stores
    std::string metadata;  ///< JSON of the client's own, given back unread
    JobCallback callback;
    JobProgress progress;
    JobResult result;  ///< valid when succeeded
    JobError error;    ///< of the last attempt that failed
    std::string idempotency_key, request_digest;
    std::vector<TimelineEntry> timeline;  ///< the first and the latest, at most max_timeline
    int64_t events = 0;                   ///< messages so far
    int64_t created_ms = 0, updated_ms = 0;
};
inline constexpr size_t max_timeline = 64;

/// What a client asks for.
struct NewJob {
    std::string id;  ///< empty: a new one; else [A-Za-z0-9_-]{1,64}, and creating it again is the same job
    JobInput input;
    std::string options, metadata;
    JobCallback callback;
    int64_t deadline_ms = 0;
    int64_t not_before_ms = 0;    ///< nobody claims it sooner; 0: at once. For an input that is still to come
    std::string idempotency_key;  ///< empty: none. The caller puts the client's identity in front
    std::string request_digest;   ///< tells two requests with the same key apart
};

/// Throws Error{invalid_argument} on ids, keys or texts that no store should keep (no UTF-8, zero bytes, too long).
void check_new_job(const NewJob& job);

/// Random, 128 bits: "job_" and 32 hexadecimal digits. Throws Error{io} when the system gives no random bytes.
std::string make_job_id();
/// One id for one version of one object, so that an event delivered twice is one job.
std::string job_id_of_object(std::string_view bucket, std::string_view key, std::string_view version);
bool is_job_id(std::string_view id);

/// When a worker may claim it: not_before_ms or lease_until_ms; nothing for terminal states.
std::optional<int64_t> claimable_from_ms(const Job& job);

/// Lower case (Latin letters) of what a search looks through: id, file name, error.
std::string search_text(const Job& job);
std::string fold_for_search(std::string_view text);

}  // namespace ft
