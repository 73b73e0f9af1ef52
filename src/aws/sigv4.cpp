#include "aws/sigv4.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "aws/encoding.h"
#include "aws/times.h"
#include "base/error.h"
#include "base/hmac.h"
#include "base/sha256.h"
#include "base/text.h"
#include "net/http_client.h"

namespace ft::aws {

namespace {

constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

/// Outer blanks go, inner runs of them (a folded line's too) become one.
std::string squeezed(std::string_view value) {
    std::string result;
    for (const char c : value) {
        const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
        if (!blank) {
            result += c;
        } else if (!result.empty() && result.back() != ' ') {
            result += ' ';
        }
    }
    if (!result.empty() && result.back() == ' ') result.pop_back();
    return result;
}

/// RFC 3986's removal of dots, and of empty segments.
std::string normalised(std::string_view path) {
    std::vector<std::string_view> kept;
    bool folder = true;
    for (size_t begin = 0; begin <= path.size();) {
        const size_t end = std::min(path.find('/', begin), path.size());
        const std::string_view part = path.substr(begin, end - begin);
        folder = part.empty() || part == "." || part == "..";
        if (part == ".." && !kept.empty()) kept.pop_back();
        if (!folder) kept.push_back(part);
        begin = end + 1;
    }
    std::string result;
    for (const std::string_view part : kept) result.append("/").append(part);
    return folder ? result + "/" : result;
}

std::string canonical_path(const SigningRequest& request, const SigningScope& scope) {
    const std::string path = request.path.empty() ? "/" : request.path;
    if (scope.s3_path) return path;
    return encode_path(scope.normalise_path ? normalised(path) : path);
}

/// Sorted by name, then value, both as encoded.
std::string canonical_query(std::string_view query) {
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!query.empty()) {
        const size_t end = std::min(query.find('&'), query.size());
        const std::string_view pair = query.substr(0, end);
        const size_t equals = std::min(pair.find('='), pair.size());
        if (!pair.empty()) {
            const std::string_view value = equals < pair.size() ? pair.substr(equals + 1) : std::string_view();
            pairs.emplace_back(percent_encode(percent_decode(pair.substr(0, equals))),
                               percent_encode(percent_decode(value)));
        }
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    std::sort(pairs.begin(), pairs.end());
    std::string result;
    for (const auto& [name, value] : pairs) result += (result.empty() ? "" : "&") + name + "=" + value;
    return result;
}

struct CanonicalHeaders {
    std::string lines, names;
};

CanonicalHeaders canonical_headers(const std::vector<Header>& headers) {
    std::map<std::string, std::string> sorted;
    for (const auto& [name, value] : headers) {
        const auto [place, fresh] = sorted.emplace(lower_ascii(name), squeezed(value));
        if (!fresh) place->second += "," + squeezed(value);
    }
    CanonicalHeaders result;
    for (const auto& [name, value] : sorted) {
        result.lines += name + ":" + value + "\n";
        result.names += (result.names.empty() ? "" : ";") + name;
    }
    return result;
}

std::string scope_text(const SigningScope& scope) {
    return fmt::format("{}/{}/{}/aws4_request", basic_time(scope.time).substr(0, 8), scope.region, scope.service);
}

std::string sign_text(std::string_view text, const SigningScope& scope, const Credentials& credentials) {
    std::string key = "AWS4" + credentials.secret_access_key.reveal();
    for (const std::string& part :
         {basic_time(scope.time).substr(0, 8), scope.region, scope.service, std::string("aws4_request")}) {
        key = hmac_sha256(key, part);
    }
    const std::string signature = hmac_sha256(key, text);
    return to_hex(std::as_bytes(std::span(signature)));
}

/// Fills in the first three fields.
void sign(Signature& result, const SigningRequest& request, std::string_view query, const CanonicalHeaders& headers,
          const SigningScope& scope, const Credentials& credentials) {
    result.canonical_request = fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, canonical_path(request, scope),
                                           canonical_query(query), headers.lines, headers.names, request.payload_hash);
    result.string_to_sign = fmt::format("{}\n{}\n{}\n{}", kAlgorithm, basic_time(scope.time), scope_text(scope),
                                        payload_hash(result.canonical_request));
    result.signature = sign_text(result.string_to_sign, scope, credentials);
}

}  // namespace

std::string payload_hash(std::string_view body) {
    return sha256_hex(std::as_bytes(std::span(body)));
}

std::string credential_scope(const SigningScope& scope, const Credentials& credentials) {
    return credentials.access_key_id + "/" + scope_text(scope);
}

std::string sign_policy(std::string_view policy_base64, const SigningScope& scope, const Credentials& credentials) {
    return sign_text(policy_base64, scope, credentials);
}

Signature sign_header(const SigningRequest& request, const SigningScope& scope, const Credentials& credentials) {
    Signature result;
    std::vector<Header> signed_headers = request.headers;
    result.headers.emplace_back("X-Amz-Date", basic_time(scope.time));
    signed_headers.push_back(result.headers.back());
    if (!credentials.session_token.empty()) {
        result.headers.emplace_back("X-Amz-Security-Token", credentials.session_token.reveal());
        if (scope.sign_session_token) signed_headers.push_back(result.headers.back());
    }
    const CanonicalHeaders headers = canonical_headers(signed_headers);
    sign(result, request, request.query, headers, scope, credentials);
    result.headers.emplace_back("Authorization",
                                fmt::format("{} Credential={}, SignedHeaders={}, Signature={}", kAlgorithm,
                                            credential_scope(scope, credentials), headers.names, result.signature));
    return result;
}

Signature sign_query(const SigningRequest& request, const SigningScope& scope, const Credentials& credentials,
                     std::chrono::seconds expires) {
    if (expires.count() < 1 || expires > std::chrono::hours(7 * 24)) {
        throw Error(ErrorCode::invalid_argument,
                    "a presigned address cannot be valid for {} s; choose between 1 s and 604800 s (7 days)",
                    expires.count());
    }
    Signature result;
    const CanonicalHeaders headers = canonical_headers(request.headers);
    std::string query = request.query;
    const auto add = [&query](std::string_view name, std::string_view value) {
        query += fmt::format("{}{}={}", query.empty() ? "" : "&", name, percent_encode(value));
    };
    add("X-Amz-Algorithm", kAlgorithm);
    add("X-Amz-Credential", credential_scope(scope, credentials));
    add("X-Amz-Date", basic_time(scope.time));
    add("X-Amz-SignedHeaders", headers.names);
    add("X-Amz-Expires", std::to_string(expires.count()));
    const bool has_token = !credentials.session_token.empty();
    if (has_token && scope.sign_session_token) add("X-Amz-Security-Token", credentials.session_token.reveal());
    sign(result, request, query, headers, scope, credentials);
    if (has_token && !scope.sign_session_token) add("X-Amz-Security-Token", credentials.session_token.reveal());
    add("X-Amz-Signature", result.signature);
    result.query = query;
    return result;
}

}  // namespace ft::aws
