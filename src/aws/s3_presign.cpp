// Presigned addresses and forms: nothing is sent.
#include <nlohmann/json.hpp>

#include "aws/s3_client.h"
#include "aws/s3_requests.h"
#include "aws/times.h"
#include "base/base64.h"

namespace ft::aws {

namespace {

/// For a header inside of an address: quotes and line breaks would end it early, and only ASCII is plain there.
std::string disposition(const std::string& file_name) {
    std::string plain;
    for (const char c : file_name) {
        const bool good =
            static_cast<unsigned char>(c) >= 0x20 && static_cast<unsigned char>(c) < 0x7f && c != '"' && c != '\\';
        plain += good ? c : '_';
    }
    return "attachment; filename=\"" + plain + "\"; filename*=UTF-8''" + percent_encode(file_name);
}

}  // namespace

std::string S3Client::presign_get(const std::string& bucket, const std::string& key, std::chrono::seconds expires,
                                  const std::string& file_name) {
    const ServiceRequest get = request("GetObject", "GET", bucket, key);
    const std::string url = with_host_prefix(client_.endpoint(), get.host_prefix);
    SigningRequest to_sign;
    to_sign.method = "GET";
    to_sign.path = get.path;
    if (!file_name.empty()) to_sign.query = "response-content-disposition=" + percent_encode(disposition(file_name));
    to_sign.headers.emplace_back("Host", authority_of(url));
    to_sign.payload_hash = kUnsignedPayload;
    const Credentials credentials = client_.session()->credentials().get();
    return url + get.path + "?" + sign_query(to_sign, client_.scope(), credentials, expires).query;
}

PresignedPost S3Client::presign_post(const std::string& bucket, const std::string& key, const PostLimits& limits) {
    if (limits.longest == 0 || limits.longest < limits.shortest || limits.expires.count() < 1 ||
        limits.expires > std::chrono::hours(7 * 24)) {
        throw Error(ErrorCode::invalid_argument,
                    "a presigned upload of {} to {} bytes, valid for {} s, makes no sense; correct these limits",
                    limits.shortest, limits.longest, limits.expires.count());
    }
    const ServiceRequest post = request("PostObject", "POST", bucket, "");
    const Credentials credentials = client_.session()->credentials().get();
    const SigningScope scope = client_.scope();
    PresignedPost result;
    result.url = with_host_prefix(client_.endpoint(), post.host_prefix) + post.path;
    result.fields = limits.fields;
    result.fields["key"] = key;
    result.fields["x-amz-algorithm"] = "AWS4-HMAC-SHA256";
    result.fields["x-amz-credential"] = credential_scope(scope, credentials);
    result.fields["x-amz-date"] = basic_time(scope.time);
    if (!credentials.session_token.empty()) result.fields["x-amz-security-token"] = credentials.session_token.reveal();

    nlohmann::json conditions = nlohmann::json::array({{{"bucket", bucket}}});
    conditions.push_back({"content-length-range", limits.shortest, limits.longest});
    for (const auto& [name, value] : result.fields) conditions.push_back({{name, value}});
    const nlohmann::json policy = {{"expiration", iso_time(scope.time + limits.expires)}, {"conditions", conditions}};
    result.fields["policy"] = to_base64(policy.dump());
    result.fields["x-amz-signature"] = sign_policy(result.fields["policy"], scope, credentials);
    return result;
}

}  // namespace ft::aws
