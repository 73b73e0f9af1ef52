#include "server/audio_ticket.h"

#include <fmt/format.h>

#include <charconv>
#include <span>

#include "base/hmac.h"
#include "base/random_bytes.h"
#include "base/text.h"

namespace ft {

AudioTickets::AudioTickets(const Clock& clock) : clock_(clock), secret_(random_bytes(32)) {}

/// None of the parts has a line end.
std::string AudioTickets::signature(std::string_view expires, std::string_view client, std::string_view job_id) const {
    const std::string code = hmac_sha256(secret_, fmt::format("audio\n{}\n{}\n{}", job_id, expires, client));
    return to_hex(std::as_bytes(std::span(code)));
}

std::string AudioTickets::make(std::string_view job_id, std::string_view client) const {
    // By the clock that nobody sets: the secret is no older than the process.
    const std::string expires = std::to_string(clock_.boot_ms() + lasts_ms);
    return fmt::format("{}.{}.{}", expires, signature(expires, client, job_id), client);
}

std::string AudioTickets::client_of(std::string_view ticket, std::string_view job_id) const {
    const size_t first = ticket.find('.');
    const size_t second = first == std::string_view::npos ? first : ticket.find('.', first + 1);
    if (second == std::string_view::npos) return "";
    const std::string_view expires = ticket.substr(0, first), client = ticket.substr(second + 1);
    const std::string_view given = ticket.substr(first + 1, second - first - 1);
    if (!equal_in_constant_time(given, signature(expires, client, job_id))) return "";
    int64_t until_ms = 0;
    std::from_chars(expires.data(), expires.data() + expires.size(), until_ms);
    return clock_.boot_ms() < until_ms ? std::string(client) : "";
}

std::string job_of_audio_path(std::string_view path) {
    constexpr std::string_view before = "/jobs/", after = "/audio";
    if (path.size() <= before.size() + after.size() || !path.starts_with(before) || !path.ends_with(after)) return "";
    return std::string(path.substr(before.size(), path.size() - before.size() - after.size()));
}

}  // namespace ft
