#include "aws/lambda_runtime.h"

#include <nlohmann/json.hpp>
#include <typeinfo>

#include "base/dump_json.h"
#include "base/error.h"
#include "base/log.h"

namespace ft::aws {

namespace {

constexpr size_t kLongestAnswer = size_t{6} << 20;  // Lambda's own limit
constexpr int kNextFailures = 5, kPostAttempts = 4;

std::string api_address(const Surroundings& surroundings) {
    const std::string host = surroundings.variable("AWS_LAMBDA_RUNTIME_API");
    if (host.empty()) {
        throw Error(ErrorCode::unsupported,
                    "AWS_LAMBDA_RUNTIME_API is not set: this runs as a Lambda function, or under its runtime emulator");
    }
    return checked_endpoint("http://" + host, "AWS_LAMBDA_RUNTIME_API") + "/2018-06-01/runtime";
}

void fill_in(LambdaLoop& loop) {
    HttpOptions options;
    options.use_proxy = false;
    options.address_setting = "AWS_LAMBDA_RUNTIME_API";
    if (!loop.post_send) loop.post_send = http_send(options);
    options.stall_timeout = std::chrono::seconds(0);
    if (!loop.next_send) loop.next_send = http_send(options);
}

std::string error_json(const std::string& type, const std::string& message) {
    const nlohmann::json json = {
        {"errorType", type}, {"errorMessage", message}, {"stackTrace", nlohmann::json::array()}};
    return dump_json(json);
}

struct Answer {
    std::string body;
    std::string error_type;  // empty: it is a result
};

/// No exception of a handler may end the process: the next event would pay for a new start.
Answer answer_of(const LambdaHandler& handler, const Invocation& invocation) {
    std::string type, message;
    try {
        Answer answer{handler(invocation), ""};
        if (answer.body.size() <= kLongestAnswer) return answer;
        type = "too_large";
        message = fmt::format("the answer has {} bytes, more than the 6 MiB that Lambda takes; give a link instead",
                              answer.body.size());
    } catch (const Error& error) {
        type = std::string(to_string(error.code()));
        message = error.what();
    } catch (const std::bad_alloc&) {
        type = "out_of_memory";
        message = "the function has no memory left; give it more";
    } catch (const std::exception& error) {
        // What another library says may repeat the event.
        type = "internal";
        message = fmt::format("an unexpected failure of the type {}", typeid(error).name());
    } catch (...) {
        type = "internal";
        message = "an unexpected failure of an unknown kind";
    }
    spdlog::error("invocation {} failed: {}: {}", invocation.request_id, type, message);
    return {error_json(type, message), type};
}

/// The result must arrive: without it Lambda would run the event again. True when it was taken.
bool post(const LambdaLoop& loop, const std::string& url, const Answer& answer) {
    HttpRequest request;
    request.method = "POST";
    request.url = url;
    request.headers = {"Content-Type: application/json"};
    if (!answer.error_type.empty())
        request.headers.push_back("Lambda-Runtime-Function-Error-Type: " + answer.error_type);
    request.body = answer.body;
    request.timeout = std::chrono::seconds(30);
    for (int attempt = 1;; ++attempt) {
        const HttpResponse response = loop.post_send(request);
        if (response.ok()) return true;
        const bool passing = response.failure != HttpFailure::none || response.status >= 500 || response.status == 429;
        // 400: an attempt whose answer was lost has arrived, or the time was over. 413: too large.
        if (!passing || attempt == kPostAttempts) {
            spdlog::warn("the runtime interface did not take the answer (HTTP {}, {} attempts) {}", response.status,
                         attempt, response.failure_text);
            return !passing && response.status == 400 && attempt > 1;
        }
        loop.surroundings.wait(
            std::chrono::milliseconds(static_cast<int64_t>(loop.surroundings.random() * 50 * (1 << attempt))));
    }
}

Invocation invocation_of(HttpResponse&& response) {
    Invocation invocation;
    invocation.request_id = response.header("lambda-runtime-aws-request-id");
    invocation.function_arn = response.header("lambda-runtime-invoked-function-arn");
    invocation.trace_id = response.header("lambda-runtime-trace-id");
    const std::string deadline = response.header("lambda-runtime-deadline-ms");
    const bool number =
        !deadline.empty() && deadline.size() <= 15 && deadline.find_first_not_of("0123456789") == std::string::npos;
    // Without one nothing may be assumed to fit.
    invocation.deadline = TimePoint(std::chrono::milliseconds(number ? std::stoll(deadline) : 0));
    invocation.payload = std::move(response.body);
    return invocation;
}

bool is_plain_id(const std::string& id) {
    return !id.empty() && id.size() <= 128 && percent_encode(id) == id;
}

}  // namespace

void run_lambda(const LambdaHandler& handler, LambdaLoop loop) {
    const std::string api = api_address(loop.surroundings);
    fill_in(loop);
    HttpRequest next;
    next.url = api + "/invocation/next";
    for (int failures = 0; loop.keep_on();) {
        HttpResponse response = loop.next_send(next);
        Invocation invocation;
        if (response.ok()) invocation = invocation_of(std::move(response));
        if (!is_plain_id(invocation.request_id)) {
            if (++failures == kNextFailures) {
                throw Error(ErrorCode::network, "the Lambda runtime interface at {} gives no events (HTTP {}{}{}); {}",
                            api, response.status, response.failure_text.empty() ? "" : ", ", response.failure_text,
                            "start this as a Lambda function");
            }
            loop.surroundings.wait(std::chrono::milliseconds(50 << failures));
            continue;
        }
        failures = 0;
        const Answer answer = answer_of(handler, invocation);
        const std::string kind = answer.error_type.empty() ? "/response" : "/error";
        const std::string at = api + "/invocation/" + invocation.request_id;
        if (!post(loop, at + kind, answer) && answer.error_type.empty()) {
            post(loop, at + "/error", {error_json("unsent", "the answer could not be handed over"), "unsent"});
        }
    }
}

void report_lambda_start_failure(const std::string& code, const std::string& message, LambdaLoop loop) {
    try {
        fill_in(loop);
        post(loop, api_address(loop.surroundings) + "/init/error", {error_json(code, message), code});
    } catch (const std::exception& error) {
        spdlog::error("Lambda cannot be told that the function does not start: {}", error.what());
    }
}

}  // namespace ft::aws
