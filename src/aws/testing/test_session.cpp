#include "aws/testing/test_session.h"

#include <algorithm>
#include <atomic>
#include <sstream>

#include "aws/sigv4.h"
#include "aws/times.h"

namespace ft::aws::testing {

Surroundings MadeUpWorld::surroundings() {
    Surroundings result;
    result.now = [this] { return now(); };
    result.wait = [this](std::chrono::milliseconds time) {
        const std::lock_guard<std::mutex> lock(mutex_);
        waits_.push_back(time);
        now_ += time;
    };
    result.random = [this] { return chance; };
    result.variable = [this](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    };
    return result;
}

void MadeUpWorld::pass(std::chrono::milliseconds time) {
    const std::lock_guard<std::mutex> lock(mutex_);
    now_ += time;
}

TimePoint MadeUpWorld::now() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return now_;
}

std::vector<std::chrono::milliseconds> MadeUpWorld::waits() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return waits_;
}

ServiceFixture::ServiceFixture(TestServer::Handler handler)
    : server_(std::make_unique<TestServer>(std::move(handler))) {}

ServiceFixture::ServiceFixture(std::vector<TestReply> replies)
    : ServiceFixture([replies = std::move(replies), next = std::make_shared<std::atomic<size_t>>(0)](
                         const TestRequest&) { return replies[std::min(next->fetch_add(1), replies.size() - 1)]; }) {}

std::shared_ptr<Session> ServiceFixture::session(std::map<std::string, std::string> more_variables) {
    world.variables = {{"AWS_ENDPOINT_URL", server_->url()}, {"AWS_REGION", "eu-north-1"},
                       {"AWS_ACCESS_KEY_ID", kTestKeyId},    {"AWS_SECRET_ACCESS_KEY", kTestSecret},
                       {"AWS_SESSION_TOKEN", kTestToken},    {"AWS_EC2_METADATA_DISABLED", "true"}};
    for (auto& [name, value] : more_variables) world.variables[name] = value;
    SessionOptions options;
    options.surroundings = world.surroundings();
    options.http.connect_timeout = options.http.stall_timeout = std::chrono::seconds(60);
    return std::make_shared<Session>(std::move(options));
}

TestRequest ServiceFixture::last() {
    const std::vector<TestRequest> all = server_->requests();
    return all.empty() ? TestRequest{} : all.back();
}

TestReply reply(int status, const std::string& body, std::vector<std::pair<std::string, std::string>> headers) {
    TestReply result;
    result.status = status;
    result.body = body;
    result.headers = std::move(headers);
    return result;
}

TestReply lost_reply() {
    TestReply result;
    result.lost = true;
    return result;
}

bool is_signed_rightly(const TestRequest& request, const std::string& service, const std::string& region,
                       const std::string& secret) {
    const std::string authorization = request.headers.at("authorization");
    const size_t names_begin = authorization.find("SignedHeaders=") + 14,
                 names_end = authorization.find(',', names_begin);
    const size_t id_begin = authorization.find("Credential=") + 11;
    SigningRequest to_sign;
    to_sign.method = request.method;
    to_sign.path = request.path.substr(0, request.path.find('?'));
    if (request.path.find('?') != std::string::npos) to_sign.query = request.path.substr(request.path.find('?') + 1);
    to_sign.payload_hash = payload_hash(request.body);
    std::istringstream names(authorization.substr(names_begin, names_end - names_begin));
    for (std::string name; std::getline(names, name, ';');) {
        // These two are added by signing.
        if (name == "x-amz-date" || name == "x-amz-security-token") continue;
        const auto value = request.headers.find(name);
        if (value == request.headers.end()) return false;
        to_sign.headers.emplace_back(name, value->second);
    }
    SigningScope scope;
    scope.region = region;
    scope.service = service;
    scope.s3_path = service == "s3";
    const std::string& date = request.headers.at("x-amz-date");
    const auto time = parse_iso_time(date.substr(0, 4) + "-" + date.substr(4, 2) + "-" + date.substr(6, 5) + ":" +
                                     date.substr(11, 2) + ":" + date.substr(13));
    if (!time) return false;
    scope.time = *time;
    Credentials credentials;
    credentials.access_key_id = authorization.substr(id_begin, authorization.find('/') - id_begin);
    credentials.secret_access_key = Secret(secret);
    const auto token = request.headers.find("x-amz-security-token");
    if (token != request.headers.end()) credentials.session_token = Secret(token->second);
    for (const auto& [name, value] : sign_header(to_sign, scope, credentials).headers) {
        if (name == "Authorization") return value == authorization;
    }
    return false;
}

}  // namespace ft::aws::testing
