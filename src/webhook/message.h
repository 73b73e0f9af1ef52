#pragma once
// What a receiver gets: the outbox row's body, made complete when it is sent.
#include <cstddef>
#include <string>

#include "jobs/events.h"
#include "jobs/object_store.h"

namespace ft {

struct MessageOptions {
    std::string public_url;                   ///< where receivers reach the job routes, without "/" at the end
    size_t longest_body = size_t{256} << 10;  ///< with the text inside; a longer one goes without it
};

/// Adds links and, to a completed transcription, the text. Always the same for one event, as results never change; only
/// when the text cannot be read (deleted meanwhile, a disk that fails) does the body go without it, as a longer one
/// would. Throws Error{invalid_argument} for a row whose body is no message of ours.
std::string message_body(const OutboxEvent& event, ObjectStore& objects, const MessageOptions& options);

}  // namespace ft
