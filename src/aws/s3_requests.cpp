#include "aws/s3_requests.h"

#include <algorithm>

#include "aws/encoding.h"
#include "aws/times.h"
#include "base/base64.h"

namespace ft::aws {

void check_bucket_and_key(const std::string& bucket, const std::string& key) {
    const bool good = bucket.size() >= 3 && bucket.size() <= 63 && bucket.front() != '.' && bucket.front() != '-' &&
                      bucket.find("..") == std::string::npos &&
                      bucket.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
    if (!good) {
        throw Error(ErrorCode::invalid_argument,
                    "\"{}\" is no name of an S3 bucket (3 to 63 of a-z, 0-9, \"-\" and \".\"); correct it", bucket);
    }
    if (key.size() > 1024) {
        throw Error(ErrorCode::invalid_argument,
                    "an S3 key of {} bytes is too long (at most 1024); shorten the file's name", key.size());
    }
}

ObjectInfo object_info(const HttpResponse& response) {
    ObjectInfo info;
    info.etag = response.header("etag");
    info.version_id = response.header("x-amz-version-id");
    if (info.version_id == "null") info.version_id.clear();
    info.content_type = response.header("content-type");
    info.last_modified = parse_http_time(response.header("last-modified"));
    info.checksum_sha256 = response.header("x-amz-checksum-sha256");
    constexpr std::string_view kPrefix = "x-amz-meta-";
    for (const auto& [name, value] : response.headers) {
        if (name.starts_with(kPrefix)) info.metadata[name.substr(kPrefix.size())] = value;
    }
    return info;
}

std::vector<Header> put_headers(const PutOptions& options) {
    std::vector<Header> headers{{"Content-Type", options.content_type}};
    for (const auto& [name, value] : options.metadata) headers.emplace_back("x-amz-meta-" + name, value);
    return headers;
}

std::vector<Header> condition_headers(const PutOptions& options) {
    std::vector<Header> headers;
    if (options.only_if_absent) headers.emplace_back("If-None-Match", "*");
    if (!options.if_match.empty()) headers.emplace_back("If-Match", options.if_match);
    return headers;
}

std::string sha256_base64(std::string_view body) {
    return to_base64(from_hex(payload_hash(body)));
}

std::optional<uint64_t> parse_size(const std::string& text) {
    if (text.empty() || text.size() > 18 || text.find_first_not_of("0123456789") != std::string::npos) {
        return std::nullopt;
    }
    return std::stoull(text);
}

std::chrono::milliseconds time_for_bytes(uint64_t bytes) {
    return std::chrono::seconds(60 + bytes / (uint64_t{64} << 10));
}

std::optional<ContentRange> parse_content_range(const std::string& text) {
    const size_t dash = text.find('-'), slash = text.find('/');
    if (!text.starts_with("bytes ") || dash == std::string::npos || slash == std::string::npos || slash < dash) {
        return std::nullopt;
    }
    const auto first = parse_size(text.substr(6, dash - 6)), last = parse_size(text.substr(dash + 1, slash - dash - 1)),
               total = parse_size(text.substr(slash + 1));
    if (!first || !last || !total || *last < *first || *last >= *total) return std::nullopt;
    return ContentRange{*first, *last, *total};
}

}  // namespace ft::aws
