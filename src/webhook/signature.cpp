#include "webhook/signature.h"

#include <charconv>

#include "base/base64.h"
#include "base/error.h"
#include "base/hmac.h"
#include "base/random_bytes.h"
#include "base/text.h"

namespace ft {

namespace {

constexpr std::string_view kSecretPrefix = "whsec_";
constexpr size_t kShortestKey = 24, kLongestKey = 64, kKey = 32;
constexpr size_t kMostSecrets = 10;

/// The part up to the next `divider`, which `rest` loses.
std::string_view take_until(std::string_view& rest, char divider) {
    const size_t end = std::min(rest.find(divider), rest.size());
    const std::string_view part = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return part;
}

bool parse_seconds(std::string_view text, int64_t& value) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
    // The text itself is signed, so that it has one form; beyond 2^53 a difference of two could overflow.
    return failure == std::errc() && end == text.data() + text.size() && value >= 0 && value < (int64_t{1} << 53) &&
           std::to_string(value) == text;
}

}  // namespace

WebhookSecret WebhookSecret::parse(std::string_view text) {
    if (!text.starts_with(kSecretPrefix))
        throw Error(ErrorCode::invalid_argument,
                    "a webhook secret begins with whsec_; make one with: fast-transcribe webhook secret");
    const auto key = from_base64(text.substr(kSecretPrefix.size()));
    if (!key)
        throw Error(ErrorCode::invalid_argument,
                    "what follows whsec_ in a webhook secret is base64; this one was cut or changed");
    if (key->size() < kShortestKey || key->size() > kLongestKey)
        throw Error(ErrorCode::invalid_argument, "a webhook secret holds {} to {} bytes, not {}", kShortestKey,
                    kLongestKey, key->size());
    WebhookSecret secret;
    secret.text_ = Secret(std::string(text));
    secret.key_ = Secret(*key);
    return secret;
}

WebhookSecret WebhookSecret::make() {
    return parse(std::string(kSecretPrefix) + to_base64(random_bytes(kKey)));
}

std::string WebhookSecret::sign(std::string_view id, int64_t timestamp_s, std::string_view body) const {
    std::string signed_text = fmt::format("{}.{}.", id, timestamp_s);
    signed_text += body;
    return "v1," + to_base64(hmac_sha256(key_.reveal(), signed_text));
}

std::vector<WebhookSecret> parse_webhook_secrets(std::string_view text, std::string_view origin) {
    std::vector<WebhookSecret> secrets;
    for (int number = 1; !text.empty(); ++number) {
        const std::string line = trimmed(take_until(text, '\n'));
        if (line.empty() || line.front() == '#') continue;
        try {
            secrets.push_back(WebhookSecret::parse(line));
        } catch (const Error& error) {
            throw Error(error.code(), "{}, line {}: {}", origin, number, error.what());
        }
    }
    if (secrets.empty())
        throw Error(ErrorCode::invalid_argument,
                    "{}: no webhook secret is in it; make one with: fast-transcribe webhook secret", origin);
    if (secrets.size() > kMostSecrets)
        throw Error(ErrorCode::invalid_argument, "{}: {} webhook secrets are too many; keep the newest two", origin,
                    secrets.size());
    return secrets;
}

WebhookHeaders sign_webhook(const std::vector<WebhookSecret>& secrets, std::string_view id, int64_t timestamp_s,
                            std::string_view body) {
    WebhookHeaders headers{std::string(id), std::to_string(timestamp_s), ""};
    for (const WebhookSecret& secret : secrets) {
        if (!headers.signature.empty()) headers.signature += ' ';
        headers.signature += secret.sign(id, timestamp_s, body);
    }
    return headers;
}

std::string_view describe(WebhookVerdict verdict) {
    switch (verdict) {
        case WebhookVerdict::valid:
            return "the signature holds";
        case WebhookVerdict::header_missing:
            return "webhook-id, webhook-timestamp or webhook-signature is missing";
        case WebhookVerdict::bad_timestamp:
            return "webhook-timestamp is no number of seconds since 1970";
        case WebhookVerdict::too_old:
            return "webhook-timestamp lies more than 5 minutes back: the message was sent again by a stranger, or a "
                   "clock is wrong";
        case WebhookVerdict::too_new:
            return "webhook-timestamp lies more than 5 minutes ahead: a clock is wrong";
        case WebhookVerdict::not_signed_so:
            return "the signature does not hold: another secret, or id, time or body are not as they were sent";
    }
    return "";
}

WebhookVerdict verify_webhook(const std::vector<WebhookSecret>& secrets, const WebhookHeaders& headers,
                              std::string_view body, int64_t now_s, int64_t tolerance_s) {
    if (headers.id.empty() || headers.timestamp.empty() || headers.signature.empty())
        return WebhookVerdict::header_missing;
    int64_t timestamp_s = 0;
    if (!parse_seconds(headers.timestamp, timestamp_s)) return WebhookVerdict::bad_timestamp;
    if (tolerance_s >= 0 && timestamp_s < now_s - tolerance_s) return WebhookVerdict::too_old;
    if (tolerance_s >= 0 && timestamp_s > now_s + tolerance_s) return WebhookVerdict::too_new;
    bool valid = false;
    for (const WebhookSecret& secret : secrets) {
        const std::string expected = secret.sign(headers.id, timestamp_s, body);
        // Other versions ("v1a") are other schemes' and never equal.
        for (std::string_view rest = headers.signature; !rest.empty();) {
            if (equal_in_constant_time(take_until(rest, ' '), expected)) valid = true;
        }
    }
    return valid ? WebhookVerdict::valid : WebhookVerdict::not_signed_so;
}

}  // namespace ft
