#include "net/address_check.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "net/http_client.h"
#include "net/testing/test_server.h"
#include "net/url.h"

namespace ft {
namespace {

/// What a name is said to mean; counts how often it is asked.
struct FakeResolver {
    std::vector<std::vector<const char*>> answers;  ///< one after the other, the last again and again
    int asked = 0;

    Resolver function() {
        return [this](const std::string&, int64_t) {
            std::vector<IpAddress> result;
            const size_t turn = std::min(static_cast<size_t>(asked++), answers.size() - 1);
            for (const char* text : answers[turn]) result.push_back(parse_ip(text).value());
            return result;
        };
    }
};

ErrorCode code_of(const std::string& url, std::vector<const char*> addresses = {"93.184.216.34"},
                  const AddressPolicy& policy = {}) {
    FakeResolver resolver{{std::move(addresses)}};
    try {
        addresses_to_connect(url, policy, resolver.function(), 1000);
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find("10.1.2.3"), std::string::npos) << error.what();
        EXPECT_EQ(std::string(error.what()).find("hunter2"), std::string::npos) << error.what();
        return error.code();
    }
    return ErrorCode::internal;  // stands for "none" here
}

constexpr ErrorCode kFine = ErrorCode::internal;

TEST(AddressCheck, PublicHttpsIsFine) {
    for (const char* url : {"https://example.org", "https://example.org:8443/a?b=c", "HTTPS://EXAMPLE.ORG/",
                            "https://8.8.8.8/", "https://[2606:4700::1111]:444/x", "https://xn--rksmrgs-5wao1o.se/"}) {
        EXPECT_EQ(code_of(url), kFine) << url;
    }
}

TEST(AddressCheck, WhatNoRetryMendsIsAnInvalidArgument) {
    for (const char* url :
         {"", "example.org", "//example.org", "http://example.org", "ftp://example.org", "file:///etc/passwd",
          "gopher://example.org", "https://", "https://user:hunter2@example.org", "https://user@example.org",
          "https://@example.org/", "https://exa mple.org", "https://example.org:99999", "https://ex\xC3\xA4mple.org/",
          "https://user:hunter2@[bad",
          // not global, in every way of writing it
          "https://127.0.0.1/", "https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/",
          "https://%31%32%37.0.0.1/", "https://0/", "https://169.254.169.254/latest/meta-data", "https://[::1]/",
          "https://[::ffff:127.0.0.1]/", "https://[::ffff:8.8.8.8]/", "https://[64:ff9b::7f00:1]/",
          "https://[2002:7f00:1::]/", "https://[fe80::1%25eth0]/", "https://[fd00:ec2::254]/"}) {
        EXPECT_EQ(code_of(url), ErrorCode::invalid_argument) << url;
    }
    EXPECT_EQ(code_of("https://example.org/" + std::string(3000, 'x')), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of(std::string("https://example.org\0.evil", 24)), ErrorCode::invalid_argument);
}

TEST(AddressCheck, OneAddressInsideIsOneTooMany) {
    EXPECT_EQ(code_of("https://example.org", {"93.184.216.34", "2606:4700::1111"}), kFine);
    EXPECT_EQ(code_of("https://example.org", {"10.1.2.3"}), ErrorCode::permission);
    EXPECT_EQ(code_of("https://example.org", {"93.184.216.34", "10.1.2.3"}), ErrorCode::permission);
    EXPECT_EQ(code_of("https://localhost", {"::1"}), ErrorCode::permission);
    // A name that a resolver takes for a number after all.
    EXPECT_EQ(code_of("https://127.0.0.1.", {"127.0.0.1"}), ErrorCode::permission);
    EXPECT_EQ(code_of("https://example.org", {}), ErrorCode::network);
}

TEST(AddressCheck, TheOperatorMayAllowMore) {
    AddressPolicy policy;
    policy.allow_http = true;
    policy.allowed = {parse_network("10.0.0.0/8")};
    EXPECT_EQ(code_of("http://example.org", {"10.1.2.3"}, policy), kFine);
    EXPECT_EQ(code_of("http://10.1.2.3:8080/", {}, policy), kFine);
    EXPECT_EQ(code_of("http://example.org", {"127.0.0.1"}, policy), ErrorCode::permission);
    EXPECT_EQ(code_of("ftp://example.org", {"10.1.2.3"}, policy), ErrorCode::invalid_argument);
}

TEST(AddressCheck, TheNameIsLookedUpOnceAndNeverAgain) {
    testing::TestServer server([](const testing::TestRequest& seen) {
        return testing::TestReply{.status = 200, .headers = {}, .body = seen.headers.at("host")};
    });
    // Nobody else knows this name: libcurl would not get anywhere with it. The second answer is never asked for.
    FakeResolver rebinding{{{"127.0.0.1"}, {"127.0.0.2"}}};
    AddressPolicy policy;
    policy.allow_http = true;
    policy.allowed = {parse_network("127.0.0.1")};
    const std::string port = parse_url(server.url())->port;
    HttpRequest request;
    request.url = "http://Rebind.Test:" + port + "/x";
    request.addresses = addresses_to_connect(request.url, policy, rebinding.function(), 1000);
    HttpOptions options;
    options.use_proxy = false;
    HttpClient client(options);
    EXPECT_EQ(client.send_once(request).body, "Rebind.Test:" + port);
    EXPECT_EQ(rebinding.asked, 1);
    // What was checked for one request is not known to the next one, nor is its connection.
    HttpRequest unchecked = request;
    unchecked.addresses.clear();
    EXPECT_EQ(client.send_once(unchecked).failure, HttpFailure::unresolved);
    // A literal address in the URL gives way to the checked one, too.
    request.url = "http://127.0.0.3:" + port + "/y";
    EXPECT_EQ(client.send_once(request).body, "127.0.0.3:" + port);
    EXPECT_THROW(client.send(request), Error);
}

TEST(AddressCheck, TheNextAddressIsTriedWhenOneDoesNotAnswer) {
    testing::TestServer server([](const testing::TestRequest&) { return testing::TestReply{}; });
    HttpRequest request;
    request.url = "http://two.test:" + parse_url(server.url())->port;
    request.addresses = {*parse_ip("::1"), *parse_ip("127.0.0.1")};  // the server listens on the second only
    request.timeout = std::chrono::seconds(30);
    EXPECT_EQ(HttpClient({}).send_once(request).status, 200);
}

TEST(Resolver, AsksTheSystem) {
    const auto addresses = resolve_by_system("localhost", 30000);
    ASSERT_FALSE(addresses.empty());
    for (const IpAddress& address : addresses) EXPECT_FALSE(is_global(address));
}

}  // namespace
}  // namespace ft
