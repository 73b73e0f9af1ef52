#pragma once
// Signatures of the Standard Webhooks specification (symmetric, "v1"): pure functions. docs/webhooks.md tells
// receivers.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/secret.h"

namespace ft {

/// A key that sender and receiver share; its text is "whsec_" and base64 of 24 to 64 bytes.
class WebhookSecret {
  public:
    /// Throws Error{invalid_argument}; the message does not repeat the text.
    static WebhookSecret parse(std::string_view text);
    /// 32 bytes of the system's randomness. Throws Error{io}.
    static WebhookSecret make();

    /// "whsec_…"
    const std::string& reveal() const { return text_.reveal(); }
    /// "v1,…" for one message; `timestamp_s` since 1970.
    std::string sign(std::string_view id, int64_t timestamp_s, std::string_view body) const;

  private:
    WebhookSecret() = default;

    Secret text_, key_;
};

/// One secret a line; empty lines and those that begin with '#' are passed over. Throws Error{invalid_argument}, naming
/// `origin` and the line, also when there is none or there are more than 10.
std::vector<WebhookSecret> parse_webhook_secrets(std::string_view text, std::string_view origin);

/// What stands in a message's headers of that name.
struct WebhookHeaders {
    std::string id;         ///< webhook-id: the same at every try
    std::string timestamp;  ///< webhook-timestamp: of the try, seconds since 1970
    std::string signature;  ///< webhook-signature: one or more "v1,…", divided by blanks
};

/// While secrets are changed there are two; each signs, so that a receiver may know either.
WebhookHeaders sign_webhook(const std::vector<WebhookSecret>& secrets, std::string_view id, int64_t timestamp_s,
                            std::string_view body);

enum class WebhookVerdict {
    valid,
    header_missing,
    bad_timestamp,  ///< no number
    too_old,
    too_new,
    not_signed_so,  ///< by none of the secrets
};
/// A sentence for people.
std::string_view describe(WebhookVerdict verdict);

inline constexpr int64_t webhook_tolerance_s = 300;

/// `tolerance_s`: how far the timestamp may lie from `now_s`, before or after; negative: any distance. An id or
/// timestamp that says something else than what was signed is not_signed_so.
WebhookVerdict verify_webhook(const std::vector<WebhookSecret>& secrets, const WebhookHeaders& headers,
                              std::string_view body, int64_t now_s, int64_t tolerance_s = webhook_tolerance_s);

}  // namespace ft
