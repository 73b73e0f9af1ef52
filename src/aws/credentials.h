#pragma once
// What signs a request.
#include <functional>
#include <optional>
#include <string>

#include "aws/surroundings.h"
#include "base/secret.h"

namespace ft::aws {

struct Credentials {
    std::string access_key_id;
    Secret secret_access_key;
    Secret session_token;              ///< empty for a user's long-lived keys
    std::optional<TimePoint> expires;  ///< nothing: they do not
    std::string origin;                ///< where they come from, for messages: "the environment"

    bool operator==(const Credentials&) const = default;
};

/// `text` with every occurrence of the secrets replaced by "…": services repeat signed headers in their messages.
std::string without_secrets(std::string text, const Credentials& credentials);

}  // namespace ft::aws
