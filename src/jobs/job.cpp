#include "jobs/job.h"

#include <algorithm>
#include <iterator>
#include <span>

#include "base/error.h"
#include "base/random_bytes.h"
#include "base/sha256.h"
#include "base/text.h"
#include "base/utf8.h"
#include "jobs/events.h"

namespace ft {

namespace {

constexpr size_t longest_id = 64;
constexpr size_t longest_text = size_t{64} << 10;
constexpr size_t longest_key = 512;

void check_text(std::string_view what, std::string_view text, size_t longest = longest_text) {
    if (text.size() > longest) {
        throw Error(ErrorCode::invalid_argument, "the job's {} is {} bytes long: at most {} are kept", what,
                    text.size(), longest);
    }
    if (text.find('\0') != std::string_view::npos || valid_utf8(text) != text) {
        throw Error(ErrorCode::invalid_argument, "the job's {} must be UTF-8 text without zero bytes", what);
    }
}

}  // namespace

std::string_view to_string(JobState state) {
    switch (state) {
        case JobState::queued:
            return "queued";
        case JobState::launching:
            return "launching";
        case JobState::running:
            return "running";
        case JobState::succeeded:
            return "succeeded";
        case JobState::retry_wait:
            return "retry_wait";
        case JobState::failed:
            return "failed";
        case JobState::dead:
            return "dead";
        case JobState::cancelled:
            return "cancelled";
    }
    return "dead";
}

JobState parse_job_state(std::string_view name) {
    for (const JobState state : all_job_states) {
        if (to_string(state) == name) return state;
    }
    throw Error(ErrorCode::invalid_argument,
                "'{}' is no state of a job: use queued, launching, running, succeeded, retry_wait, failed, dead or "
                "cancelled",
                valid_utf8(name));
}

bool is_terminal(JobState state) {
    return state == JobState::succeeded || state == JobState::failed || state == JobState::dead ||
           state == JobState::cancelled;
}

JobError error_for_clients(const JobError& error) {
    if (error.code == "disk_full") return {error.code, "the disk of the service is full"};
    for (const char* own : {"io", "permission", "bad_model", "internal"}) {
        if (error.code == own) return {error.code, "the service itself failed; its log says more"};
    }
    return error;
}

bool is_job_id(std::string_view id) {
    return !id.empty() && id.size() <= longest_id && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

void check_new_job(const NewJob& job) {
    if (!job.id.empty() && !is_job_id(job.id)) {
        throw Error(ErrorCode::invalid_argument, "'{}' cannot be a job's id: use 1 to {} letters, digits, '_' and '-'",
                    valid_utf8(job.id), longest_id);
    }
    if (job.input.uri.empty()) throw Error(ErrorCode::invalid_argument, "the job has no input: name the audio");
    check_text("input address", job.input.uri, 4096);
    check_text("file name", job.input.name, 1024);
    check_text("input version", job.input.version, 1024);
    check_text("input etag", job.input.etag, 1024);
    check_text("options", job.options);
    check_text("metadata", job.metadata);
    check_text("callback address", job.callback.url, 2048);
    if (job.callback.types.size() > 16) throw Error(ErrorCode::invalid_argument, "the callback names too many types");
    for (const std::string& type : job.callback.types) {
        if (std::find(std::begin(all_event_types), std::end(all_event_types), type) == std::end(all_event_types)) {
            throw Error(ErrorCode::invalid_argument,
                        "'{}' is no type of message: use transcription.queued, .started, .progress, .completed, "
                        ".failed, .dead or .cancelled",
                        valid_utf8(type.substr(0, 100)));
        }
    }
    if (job.callback.secrets.size() > 4)
        throw Error(ErrorCode::invalid_argument, "the callback has {} secrets: at most 4 are kept",
                    job.callback.secrets.size());
    for (const std::string& secret : job.callback.secrets) check_text("callback secret", secret, 128);
    check_text("idempotency key", job.idempotency_key, longest_key);
    check_text("request digest", job.request_digest, longest_key);
}

std::string make_job_id() {
    const std::string bytes = random_bytes(16);
    return "job_" + to_hex(std::as_bytes(std::span(bytes)));
}

std::string job_id_of_object(std::string_view bucket, std::string_view key, std::string_view version) {
    // Lengths stand in front, so that no two triples look alike.
    const std::string all =
        fmt::format("{}:{}{}:{}{}:{}", bucket.size(), bucket, key.size(), key, version.size(), version);
    return "job_" + sha256_hex(std::as_bytes(std::span(all))).substr(0, 32);
}

std::optional<int64_t> claimable_from_ms(const Job& job) {
    if (is_terminal(job.state)) return std::nullopt;
    const bool leased = job.state == JobState::running || job.state == JobState::launching;
    return leased ? job.lease_until_ms : job.not_before_ms;
}

std::string fold_for_search(std::string_view text) {
    std::string folded;
    for (size_t at = 0; at < text.size();) {
        const Utf8Char next = decode_utf8(text, at);
        char32_t code = next.code;
        const bool latin1 = code >= 0xC0 && code <= 0xDE && code != 0xD7;
        if ((code >= 'A' && code <= 'Z') || latin1) code += 32;
        append_utf8(folded, code);
        at += next.length;
    }
    return folded;
}

std::string search_text(const Job& job) {
    return fold_for_search(job.id + "\n" + job.input.name + "\n" + job.error.code + "\n" + job.error.message);
}

}  // namespace ft
