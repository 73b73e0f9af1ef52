// Amazon's own test vectors, where they are: ../shared/aws/sigv4. sigv4_test.cpp tests the same without them.
#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "aws/sigv4.h"
#include "aws/times.h"
#include "base/file.h"

namespace ft::aws {
namespace {

namespace fs = std::filesystem;

std::string trimmed(const std::string& text) {
    const size_t end = text.find_last_not_of("\r\n");
    return end == std::string::npos ? "" : text.substr(0, end + 1);
}

struct Vector {
    SigningRequest request;
    SigningScope scope;
    Credentials credentials;
    std::chrono::seconds expires{};
    bool sign_body = false;
};

/// "GET /path?query HTTP/1.1", headers (a line that begins with a blank continues the one before), a body.
SigningRequest parse_request(const std::string& text) {
    SigningRequest request;
    const size_t first_end = std::min(text.find('\n'), text.size());
    const std::string first = text.substr(0, first_end);
    const size_t method_end = first.find(' '), target_end = first.rfind(" HTTP/");
    const std::string target = first.substr(method_end + 1, target_end - method_end - 1);
    request.method = first.substr(0, method_end);
    request.path = target.substr(0, target.find('?'));
    if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
    size_t begin = first_end + 1;
    while (begin < text.size()) {
        const size_t end = std::min(text.find('\n', begin), text.size());
        const std::string line = text.substr(begin, end - begin);
        begin = end + 1;
        if (line.empty()) break;
        if (line[0] == ' ') {
            request.headers.back().second += "\n" + line;
        } else {
            request.headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
        }
    }
    request.payload_hash = payload_hash(begin < text.size() ? text.substr(begin) : "");
    return request;
}

Vector read_vector(const fs::path& folder) {
    const nlohmann::json context = nlohmann::json::parse(read_file(folder / "context.json"));
    Vector vector;
    vector.request = parse_request(read_file(folder / "request.txt"));
    vector.scope.region = context.at("region");
    vector.scope.service = context.at("service");
    vector.scope.time = parse_iso_time(context.at("timestamp").get<std::string>()).value();
    vector.scope.normalise_path = context.at("normalize");
    vector.scope.sign_session_token = !context.value("omit_session_token", false);
    vector.credentials.access_key_id = context.at("credentials").at("access_key_id");
    vector.credentials.secret_access_key = Secret(context.at("credentials").at("secret_access_key"));
    vector.credentials.session_token = Secret(context.at("credentials").value("token", ""));
    vector.expires = std::chrono::seconds(context.at("expiration_in_seconds").get<int>());
    vector.sign_body = context.at("sign_body");
    return vector;
}

std::string target_of(const std::string& signed_request) {
    const std::string first = signed_request.substr(0, signed_request.find('\n'));
    return first.substr(first.find('?') + 1, first.rfind(" HTTP/") - first.find('?') - 1);
}

TEST(SigV4Vectors, AllGiveWhatAmazonSays) {
    const fs::path folder = fs::path(FT_SOURCE_DIR) / ".." / "shared" / "aws" / "sigv4";
    if (!fs::is_directory(folder)) GTEST_SKIP() << "Amazon's vectors are not here: " << folder.string();
    int count = 0;
    for (const auto& entry : fs::directory_iterator(folder)) {
        if (!entry.is_directory()) continue;
        SCOPED_TRACE(entry.path().filename().string());
        const auto expected = [&](const char* name) { return trimmed(read_file(entry.path() / name)); };
        const Vector vector = read_vector(entry.path());
        SigningRequest request = vector.request;
        const Signature query = sign_query(request, vector.scope, vector.credentials, vector.expires);
        EXPECT_EQ(query.canonical_request, expected("query-canonical-request.txt"));
        EXPECT_EQ(query.string_to_sign, expected("query-string-to-sign.txt"));
        EXPECT_EQ(query.signature, expected("query-signature.txt"));
        EXPECT_EQ(query.query, target_of(read_file(entry.path() / "query-signed-request.txt")));
        if (vector.sign_body) request.headers.emplace_back("x-amz-content-sha256", request.payload_hash);
        const Signature header = sign_header(request, vector.scope, vector.credentials);
        EXPECT_EQ(header.canonical_request, expected("header-canonical-request.txt"));
        EXPECT_EQ(header.string_to_sign, expected("header-string-to-sign.txt"));
        EXPECT_EQ(header.signature, expected("header-signature.txt"));
        const std::string whole = read_file(entry.path() / "header-signed-request.txt");
        for (const auto& [name, value] : header.headers) {
            EXPECT_NE(whole.find(name + ":" + value), std::string::npos) << name;
        }
        ++count;
    }
    EXPECT_EQ(count, 38);
}

}  // namespace
}  // namespace ft::aws
