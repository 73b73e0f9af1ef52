// Against signatures that botocore made: testing/make_sigv4_cases.py.
#include "aws/sigv4.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "aws/encoding.h"
#include "aws/service_client.h"
#include "aws/times.h"
#include "base/error.h"
#include "base/file.h"

namespace ft::aws {
namespace {

using Json = nlohmann::json;

Json cases() {
    return Json::parse(read_file(std::string(FT_SOURCE_DIR) + "/src/aws/testing/sigv4_cases.json"));
}

Credentials credentials_of(const Json& json) {
    Credentials result;
    result.access_key_id = json.at("credentials").at("access_key_id");
    result.secret_access_key = Secret(json.at("credentials").at("secret_access_key"));
    result.session_token = Secret(json.at("credentials").at("session_token"));
    return result;
}

SigningScope scope_of(const Json& json) {
    SigningScope scope;
    scope.region = json.at("region");
    scope.service = json.at("service");
    scope.time = parse_iso_time(json.at("time").get<std::string>()).value();
    scope.s3_path = scope.service == "s3";
    return scope;
}

SigningRequest request_of(const Json& json) {
    const std::string url = json.at("url");
    const std::string rest = url.substr(url.find('/', url.find("://") + 3));
    SigningRequest request;
    request.method = json.at("method");
    request.path = rest.substr(0, rest.find('?'));
    if (rest.find('?') != std::string::npos) request.query = rest.substr(rest.find('?') + 1);
    for (const auto& [name, value] : json.at("headers").items()) request.headers.emplace_back(name, value);
    request.headers.emplace_back("Host", authority_of(url));
    request.payload_hash = payload_hash(json.at("body").get<std::string>());
    return request;
}

TEST(SigV4, HeadersAreSignedAsBotocoreDoes) {
    int count = 0;
    for (const Json& json : cases()) {
        if (json.at("kind") != "header") continue;
        SCOPED_TRACE(json.at("name").get<std::string>());
        SigningRequest request = request_of(json);
        if (json.at("service") == "s3") {
            EXPECT_EQ(json.at("payload_hash"), request.payload_hash);
            request.headers.emplace_back("X-Amz-Content-SHA256", request.payload_hash);
        }
        const Signature signature = sign_header(request, scope_of(json), credentials_of(json));
        EXPECT_EQ(signature.headers.back().second, json.at("authorization")) << signature.canonical_request;
        ++count;
    }
    EXPECT_GE(count, 12);
}

TEST(SigV4, AddressesArePresignedAsBotocoreDoes) {
    int count = 0;
    for (const Json& json : cases()) {
        if (json.at("kind") != "query") continue;
        SCOPED_TRACE(json.at("name").get<std::string>());
        SigningRequest request = request_of(json);
        request.payload_hash = kUnsignedPayload;
        const Signature signature = sign_query(request, scope_of(json), credentials_of(json),
                                               std::chrono::seconds(json.at("expires").get<int>()));
        EXPECT_NE(json.at("signed_url").get<std::string>().find("X-Amz-Signature=" + signature.signature),
                  std::string::npos)
            << signature.canonical_request;
        ++count;
    }
    EXPECT_GE(count, 4);
}

TEST(SigV4, FormsAreSignedAsBotocoreDoes) {
    int count = 0;
    for (const Json& json : cases()) {
        if (json.at("kind") != "post") continue;
        SCOPED_TRACE(json.at("name").get<std::string>());
        const Json& fields = json.at("fields");
        const SigningScope scope = scope_of(json);
        const Credentials credentials = credentials_of(json);
        EXPECT_EQ(sign_policy(fields.at("policy").get<std::string>(), scope, credentials),
                  fields.at("x-amz-signature"));
        EXPECT_EQ(credential_scope(scope, credentials), fields.at("x-amz-credential"));
        EXPECT_EQ(basic_time(scope.time), fields.at("x-amz-date"));
        ++count;
    }
    EXPECT_EQ(count, 2);
}

TEST(SigV4, PresignedTimesHaveLimits) {
    const Credentials credentials;
    for (const int seconds : {0, -1, 604801}) {
        EXPECT_THROW(sign_query({"GET", "/", "", {}, ""}, {}, credentials, std::chrono::seconds(seconds)), Error);
    }
}

TEST(SigV4, AnyChangeChangesTheSignature) {
    const Json json = cases().at(0);
    const SigningScope scope = scope_of(json);
    const Credentials credentials = credentials_of(json);
    const SigningRequest request = request_of(json);
    const std::string signature = sign_header(request, scope, credentials).signature;
    SigningRequest other = request;
    other.payload_hash = payload_hash("another body");
    EXPECT_NE(sign_header(other, scope, credentials).signature, signature);
    other = request;
    other.headers[0].second += "x";
    EXPECT_NE(sign_header(other, scope, credentials).signature, signature);
    SigningScope later = scope;
    later.time += std::chrono::seconds(1);
    EXPECT_NE(sign_header(request, later, credentials).signature, signature);
}

}  // namespace
}  // namespace ft::aws
