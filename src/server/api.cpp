#include "server/api.h"

#include <new>
#include <nlohmann/json.hpp>

#include "base/dump_json.h"
#include "base/log.h"

namespace ft {

namespace {

std::string entry(const std::map<std::string, std::string>& all, const std::string& name) {
    const auto found = all.find(name);
    return found == all.end() ? "" : found->second;
}

std::string kind_of(int status) {
    if (status == 401) return "authentication_error";
    if (status == 403) return "permission_error";
    if (status == 429) return "rate_limit_error";
    return status >= 500 ? "server_error" : "invalid_request_error";
}

/// The status for what the engine and the stores throw.
int status_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid_argument:
        case ErrorCode::bad_media:
        case ErrorCode::unsupported:
            return 400;
        case ErrorCode::not_found:
            return 404;
        case ErrorCode::network:
        case ErrorCode::out_of_memory:
        case ErrorCode::device_lost:
        case ErrorCode::cancelled:
        case ErrorCode::permission:
            return 503;
        case ErrorCode::disk_full:
            return 507;
        case ErrorCode::bad_model:
        case ErrorCode::io:
        case ErrorCode::internal:
            return 500;
    }
    return 500;
}

/// Of what is our own fault.
const char* sentence_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::disk_full:
            return "the server's disk is full, and nothing of this was kept; send it again when some room is free";
        case ErrorCode::permission:
            return "the server may not write its data, or not read it: perhaps the disk is read-only; its log says "
                   "more";
        case ErrorCode::io:
            return "the server could not read or keep the data: its log says more";
        default:
            return "the server could not do that now: its log says more";
    }
}

ApiReply reply_to(const Error& error) {
    const int status = status_of(error.code());
    const std::string reason(to_string(error.code()));
    if (status == 400) return error_reply(status, reason, error.what());
    if (status == 404) return error_reply(status, reason, "that is not there any more");
    spdlog::error("a request failed: {}", error.what());
    ApiReply reply = error_reply(status, reason, sentence_of(error.code()));
    if (error.code() == ErrorCode::disk_full) reply.headers.emplace_back("Retry-After", "60");
    return reply;
}

}  // namespace

std::string ApiRequest::header(const std::string& name) const {
    return entry(headers, name);
}

std::string ApiRequest::parameter(const std::string& name) const {
    return entry(query, name);
}

ApiReply error_reply(int status, const std::string& reason, const std::string& sentence) {
    const nlohmann::ordered_json body = {
        {"error", {{"message", sentence}, {"type", kind_of(status)}, {"param", nullptr}, {"code", reason}}}};
    return json_reply(status, dump_json(body) + "\n");
}

ApiReply error_reply(const std::exception& error) {
    if (const auto* refusal = dynamic_cast<const ApiRefusal*>(&error)) {
        ApiReply reply = error_reply(refusal->status(), refusal->reason(), refusal->what());
        if (refusal->retry_after_s())
            reply.headers.emplace_back("Retry-After", std::to_string(*refusal->retry_after_s()));
        return reply;
    }
    if (const auto* known = dynamic_cast<const Error*>(&error)) return reply_to(*known);
    spdlog::error("a request failed: {}", error.what());
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr)
        return error_reply(503, "out_of_memory", "the server has no memory for this now");
    return error_reply(500, "internal", "something unexpected went wrong in the server: its log says more");
}

ApiReply json_reply(int status, std::string json) {
    ApiReply reply;
    reply.status = status;
    reply.body = std::move(json);
    return reply;
}

std::string read_whole_body(const ApiRequest& request, size_t limit_bytes) {
    const auto refuse = [limit_bytes] {
        throw ApiRefusal(413, "too_long",
                         fmt::format("the body has more than the {} bytes that are taken here", limit_bytes));
    };
    if (request.body_bytes > static_cast<int64_t>(limit_bytes)) refuse();
    std::string body;
    request.read_body([&](std::string_view bytes) {
        if (body.size() + bytes.size() > limit_bytes) refuse();
        body += bytes;
    });
    return body;
}

}  // namespace ft
