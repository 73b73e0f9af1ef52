#include "server/results.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "transcript/writers.h"

namespace ft {

namespace {

constexpr int64_t longest_result = int64_t{256} << 20;

void check_succeeded(const Job& job) {
    if (job.state == JobState::succeeded) return;
    if (!is_terminal(job.state))
        throw ApiRefusal(409, "not_finished",
                         fmt::format("the job is {}: there is no result yet", to_string(job.state)), 1);
    const std::string message = error_for_clients(job.error).message, why = message.empty() ? "" : ": " + message;
    throw ApiRefusal(409, "no_result", fmt::format("the job is {} and has no result{}", to_string(job.state), why));
}

std::string key_of(const Job& job, const std::string& format) {
    const std::string name = "transcript." + format;
    if (std::find(job.result.files.begin(), job.result.files.end(), name) == job.result.files.end())
        throw ApiRefusal(400, "invalid_argument",
                         fmt::format("\"{}\" is no format of a result; there are {}", format.substr(0, 40),
                                     fmt::join(output_formats(), ", ")));
    return job.result.prefix + name;
}

struct ByteRange {
    int64_t first = 0, last = 0;
};

/// "bytes=5-9", "bytes=5-", "bytes=-3"; nothing for what should be passed over.
std::optional<ByteRange> parse_range(std::string_view text, int64_t size) {
    if (!text.starts_with("bytes=")) return std::nullopt;
    text.remove_prefix(6);
    const size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    const auto number = [](std::string_view digits) -> std::optional<int64_t> {
        int64_t value = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
        if (error != std::errc() || end != digits.data() + digits.size() || value < 0) return std::nullopt;
        return value;
    };
    const auto first = number(text.substr(0, dash)), last = number(text.substr(dash + 1));
    if (!first && dash == 0 && last) return ByteRange{std::max<int64_t>(0, size - *last), size - 1};
    if (!first || (!last && dash + 1 != text.size()) || (last && *last < *first)) return std::nullopt;
    return ByteRange{*first, last ? std::min(*last, size - 1) : size - 1};
}

}  // namespace

std::string content_type_of(const std::string& format) {
    if (format == "json") return "application/json";
    if (format == "srt") return "application/x-subrip; charset=utf-8";
    if (format == "vtt") return "text/vtt; charset=utf-8";
    if (format == "tsv") return "text/tab-separated-values; charset=utf-8";
    return "text/plain; charset=utf-8";
}

std::string read_result(const Job& job, ObjectStore& objects, const std::string& format) {
    check_succeeded(job);
    return objects.read(key_of(job, format), 0, longest_result);
}

ApiReply result_reply(const Job& job, ObjectStore& objects, const std::string& format, const std::string& range) {
    ApiReply reply;
    reply.body = read_result(job, objects, format);
    reply.type = content_type_of(format);
    reply.headers.emplace_back("Accept-Ranges", "bytes");
    const auto size = static_cast<int64_t>(reply.body.size());
    const auto part = parse_range(range, size);
    if (!part) return reply;
    if (part->first >= size) {
        ApiReply refusal = error_reply(416, "no_such_range", fmt::format("the result has {} bytes", size));
        refusal.headers.emplace_back("Content-Range", fmt::format("bytes */{}", size));
        return refusal;
    }
    reply.status = 206;
    reply.headers.emplace_back("Content-Range", fmt::format("bytes {}-{}/{}", part->first, part->last, size));
    reply.body = reply.body.substr(static_cast<size_t>(part->first), static_cast<size_t>(part->last - part->first + 1));
    return reply;
}

}  // namespace ft
