#include "server/results.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "server/byte_range.h"
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

}  // namespace

std::string result_key(const Job& job, const std::string& format) {
    check_succeeded(job);
    const std::string name = result_file(format);
    if (std::find(job.result.files.begin(), job.result.files.end(), name) == job.result.files.end())
        throw ApiRefusal(400, "invalid_argument",
                         fmt::format("\"{}\" is no format of a result; there are {}", format.substr(0, 40),
                                     fmt::join(result_formats(job), ", ")));
    return job.result.prefix + name;
}

std::vector<std::string> result_formats(const Job& job) {
    std::vector<std::string> formats;
    for (const std::string& format : known_formats()) {
        const auto& files = job.result.files;
        if (std::find(files.begin(), files.end(), result_file(format)) != files.end()) formats.push_back(format);
    }
    return formats;
}

std::string content_type_of(const std::string& format) {
    if (format == "json" || format == "aws") return "application/json";
    if (format == "srt") return "application/x-subrip; charset=utf-8";
    if (format == "vtt") return "text/vtt; charset=utf-8";
    if (format == "tsv") return "text/tab-separated-values; charset=utf-8";
    if (format == "csv") return "text/csv; charset=utf-8";
    return "text/plain; charset=utf-8";
}

std::string read_result(const Job& job, ObjectStore& objects, const std::string& format) {
    return objects.read(result_key(job, format), 0, longest_result);
}

ApiReply result_reply(const Job& job, ObjectStore& objects, const std::string& format, const std::string& range) {
    ApiReply reply;
    reply.body = read_result(job, objects, format);
    reply.type = content_type_of(format);
    reply.headers.emplace_back("Accept-Ranges", "bytes");
    const auto size = static_cast<int64_t>(reply.body.size());
    const auto part = parse_range(range, size);
    if (!part) return reply;
    if (part->first >= size) return no_such_range("the result", size);
    reply.status = 206;
    reply.headers.emplace_back("Content-Range", content_range(*part, size));
    reply.body = reply.body.substr(static_cast<size_t>(part->first), static_cast<size_t>(part->last - part->first + 1));
    return reply;
}

}  // namespace ft
