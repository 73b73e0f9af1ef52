#pragma once
// Pieces of S3's requests and answers, used by the files of S3Client only.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/s3_client.h"

namespace ft::aws {

/// Throws Error{invalid_argument} for a name that no bucket can have (it becomes part of a host's name), and for a key
/// that is longer than 1024 bytes. An empty key is the bucket itself.
void check_bucket_and_key(const std::string& bucket, const std::string& key);

/// All but the size.
ObjectInfo object_info(const HttpResponse& response);
std::vector<Header> put_headers(const PutOptions& options);
std::vector<Header> condition_headers(const PutOptions& options);
/// Base64 of the SHA-256.
std::string sha256_base64(std::string_view body);
std::optional<uint64_t> parse_size(const std::string& text);
/// A time limit that a slow line can keep: a minute, and a second for each 64 KiB.
std::chrono::milliseconds time_for_bytes(uint64_t bytes);

struct ContentRange {
    uint64_t first = 0, last = 0, total = 0;
};
/// "bytes 0-9/100"
std::optional<ContentRange> parse_content_range(const std::string& text);

}  // namespace ft::aws
