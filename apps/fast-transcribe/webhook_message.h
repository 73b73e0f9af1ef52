#pragma once
// A webhook as it was received: from a file, a pipe or a connection.
#include <string>
#include <string_view>

#include "webhook/signature.h"

namespace ft {

struct ReceivedWebhook {
    WebhookHeaders headers;  ///< empty where the message has none
    std::string body;        ///< byte for byte: that is what was signed
};

/// "name: value" lines, an empty line, the body; a first line "POST /path HTTP/1.1" is passed over. Throws
/// Error{invalid_argument}, naming `origin` and the line.
ReceivedWebhook parse_received(std::string_view text, std::string_view origin);
/// Only the lines; an empty one ends them.
WebhookHeaders parse_received_headers(std::string_view text, std::string_view origin);

/// For people: "transcription.completed msg_… job_…", as far as the message says so; always on one line.
std::string summary_of(const ReceivedWebhook& message);

}  // namespace ft
