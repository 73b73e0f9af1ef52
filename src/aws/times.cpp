#include "aws/times.h"

#include <curl/curl.h>
#include <fmt/format.h>

#include <ctime>

namespace ft::aws {

namespace {

std::tm broken_down(TimePoint time) {
    const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    return parts;
}

/// The number in `count` digits at the beginning of `text`, which loses them.
std::optional<int> take_digits(std::string_view& text, size_t count) {
    if (text.size() < count) return std::nullopt;
    int value = 0;
    for (size_t i = 0; i < count; ++i) {
        if (text[i] < '0' || text[i] > '9') return std::nullopt;
        value = value * 10 + (text[i] - '0');
    }
    text.remove_prefix(count);
    return value;
}

bool take(std::string_view& text, char c) {
    if (text.empty() || text.front() != c) return false;
    text.remove_prefix(1);
    return true;
}

/// "Z", "+hh:mm", "+hhmm" or nothing more; minutes east of Greenwich.
std::optional<int> take_zone(std::string_view& text) {
    if (take(text, 'Z')) return text.empty() ? std::optional(0) : std::nullopt;
    const bool west = !text.empty() && text.front() == '-';
    if (!take(text, '+') && !take(text, '-')) return std::nullopt;
    const auto hours = take_digits(text, 2);
    take(text, ':');
    const auto minutes = take_digits(text, 2);
    if (!hours || !minutes || !text.empty()) return std::nullopt;
    return (west ? -1 : 1) * (*hours * 60 + *minutes);
}

}  // namespace

std::string basic_time(TimePoint time) {
    const std::tm t = broken_down(time);
    return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                       t.tm_min, t.tm_sec);
}

std::string iso_time(TimePoint time) {
    const std::tm t = broken_down(time);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", t.tm_year + 1900, t.tm_mon + 1, t.tm_mday, t.tm_hour,
                       t.tm_min, t.tm_sec);
}

std::optional<TimePoint> parse_iso_time(std::string_view text) {
    const auto year = take_digits(text, 4);
    if (!year || !take(text, '-')) return std::nullopt;
    const auto month = take_digits(text, 2);
    if (!month || !take(text, '-')) return std::nullopt;
    const auto day = take_digits(text, 2);
    if (!day || !take(text, 'T')) return std::nullopt;
    const auto hour = take_digits(text, 2);
    if (!hour || !take(text, ':')) return std::nullopt;
    const auto minute = take_digits(text, 2);
    if (!minute || !take(text, ':')) return std::nullopt;
    const auto second = take_digits(text, 2);
    if (!second || *second > 60 || *minute > 59 || *hour > 23) return std::nullopt;
    if (take(text, '.')) {
        while (take_digits(text, 1)) {
        }
    }
    const auto zone = take_zone(text);
    const std::chrono::year_month_day date(std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day)));
    // Years in which the clock's nanoseconds do not overflow.
    if (!zone || !date.ok() || *year < 1970 || *year > 2200) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute - *zone) +
           std::chrono::seconds(*second);
}

std::optional<TimePoint> parse_http_time(const std::string& text) {
    const std::time_t date = curl_getdate(text.c_str(), nullptr);
    if (text.empty() || date < 0) return std::nullopt;
    return std::chrono::system_clock::from_time_t(date);
}

}  // namespace ft::aws
