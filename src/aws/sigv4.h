#pragma once
// AWS Signature Version 4: pure functions over OpenSSL. Tested with the official vectors and against botocore.
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "aws/surroundings.h"

namespace ft::aws {

using Header = std::pair<std::string, std::string>;

/// What is signed of a request.
struct SigningRequest {
    std::string method;
    std::string path;             ///< as on the wire, percent-encoded, beginning with "/"
    std::string query;            ///< as on the wire, without "?"
    std::vector<Header> headers;  ///< Host, and every further one that the signature is to cover
    std::string payload_hash;     ///< hex SHA-256 of the body, or kUnsignedPayload
};

inline constexpr std::string_view kUnsignedPayload = "UNSIGNED-PAYLOAD";

struct SigningScope {
    std::string region, service;
    TimePoint time;
    bool s3_path = false;            ///< S3 takes paths as they are; others normalise and encode them once more
    bool normalise_path = true;      ///< "/a/../b" → "/b"; without meaning for S3
    bool sign_session_token = true;  ///< false: the token is added after signing, as a few services want it
};

struct Signature {
    std::string canonical_request, string_to_sign, signature;  ///< intermediate results, for tests
    std::vector<Header> headers;  ///< to add to the request: X-Amz-Date, X-Amz-Security-Token, Authorization
    std::string query;            ///< presigning: the whole query, with X-Amz-Signature
};

/// Signs by an Authorization header.
Signature sign_header(const SigningRequest& request, const SigningScope& scope, const Credentials& credentials);

/// Signs by query parameters: whoever has the address may send the request until it expires (at most 7 days).
/// Throws Error{invalid_argument} for another time.
Signature sign_query(const SigningRequest& request, const SigningScope& scope, const Credentials& credentials,
                     std::chrono::seconds expires);

/// Signature of a presigned POST's policy: `policy_base64` is its JSON in base64.
std::string sign_policy(std::string_view policy_base64, const SigningScope& scope, const Credentials& credentials);

/// "AKID/20150830/us-east-1/service/aws4_request"
std::string credential_scope(const SigningScope& scope, const Credentials& credentials);

/// Hex SHA-256, of a body for instance.
std::string payload_hash(std::string_view body);

}  // namespace ft::aws
