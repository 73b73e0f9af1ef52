#include "aws_stores.h"

#include <atomic>
#include <iostream>
#include <mutex>

#include "aws/service_client.h"
#include "aws/testing/moto_server.h"
#include "jobs/aws/dynamo_job_store.h"
#include "jobs/aws/s3_object_store.h"

namespace ft::conformance {

namespace {

/// moto's address; set by main() before any test runs.
std::string& moto_url() {
    static std::string url;
    return url;
}

std::string operation_of(const HttpRequest& request) {
    constexpr std::string_view target = "X-Amz-Target: ";
    for (const std::string& header : request.headers) {
        if (header.compare(0, target.size(), target) == 0) return header.substr(header.rfind('.') + 1);
    }
    return request.method;
}

HttpResponse broken() {
    HttpResponse response;
    response.failure = HttpFailure::broken;
    response.failure_text = "the test broke it off";
    return response;
}

/// One request at a time, on its way or not.
class Line {
  public:
    explicit Line(Route route) : route_(std::move(route)) {}

    HttpResponse send(const aws::HttpSend& inner, const HttpRequest& request) {
        // Not under the lock: the route may ask something of moto itself.
        const Way way = route_ ? route_(operation_of(request)) : Way::through;
        if (way == Way::lost) return broken();
        static std::mutex one_at_a_time;
        const std::lock_guard lock(one_at_a_time);
        HttpResponse response = inner(request);
        return way == Way::lost_reply ? broken() : response;
    }

  private:
    const Route route_;
};

void make_bucket() {
    aws::ServiceClient client(moto_session(), {"S3", "s3", "S3", "s3"});
    aws::ServiceRequest request;
    request.operation = "CreateBucket";
    request.method = "PUT";
    request.path = std::string("/") + test_bucket;
    request.sign_payload_header = true;
    request.body =
        "<CreateBucketConfiguration><LocationConstraint>eu-north-1</LocationConstraint></CreateBucketConfiguration>";
    client.call(request);
}

}  // namespace

std::shared_ptr<aws::Session> moto_session(Route route) {
    aws::SessionOptions options;
    options.surroundings.wait = [](std::chrono::milliseconds) {};
    options.surroundings.variable = [](const std::string& name) -> std::string {
        if (name == "AWS_ENDPOINT_URL") return moto_url();
        if (name == "AWS_REGION") return "eu-north-1";
        const bool key = name == "AWS_ACCESS_KEY_ID" || name == "AWS_SECRET_ACCESS_KEY";
        return key ? "unchecked" : "";
    };
    HttpOptions http;
    http.use_proxy = false;
    const auto line = std::make_shared<Line>(std::move(route));
    options.make_send = [line, http]() -> aws::HttpSend {
        return [line, inner = aws::http_send(http)](const HttpRequest& request) { return line->send(inner, request); };
    };
    return std::make_shared<aws::Session>(std::move(options));
}

std::string new_table_name() {
    static std::atomic<int> last{0};
    return "jobs-" + std::to_string(++last);
}

std::vector<const char*> store_names() {
    return {"aws"};
}

Stores make_stores(const std::string&, const Clock& clock, const std::filesystem::path&) {
    const std::string name = new_table_name();
    DynamoOptions options;
    options.table = name;
    S3Options s3;
    s3.bucket = test_bucket;
    s3.prefix = name + "/";
    const auto session = moto_session();
    return {std::make_unique<DynamoJobStore>(session, clock, options), std::make_unique<S3ObjectStore>(session, s3)};
}

}  // namespace ft::conformance

int main(int argc, char** argv) {
    ::testing::InitGoogleTest(&argc, argv);
    std::string why;
    // Signatures are what aws_moto looks at.
    const auto moto = ft::aws::testing::MotoServer::start(1 << 30, why);
    if (!moto) {
        std::cout << "[  SKIPPED ] " << why << '\n';
        return 0;
    }
    ft::conformance::moto_url() = moto->url();
    ft::conformance::make_bucket();
    return RUN_ALL_TESTS();
}
