#pragma once
// The loop of a Lambda function on a custom runtime: next event → handler → answer or error, until the sandbox ends.
#include <functional>
#include <string>

#include "aws/http_send.h"
#include "aws/surroundings.h"

namespace ft::aws {

struct Invocation {
    std::string request_id, function_arn;
    std::string trace_id;  ///< of X-Ray; may be empty
    TimePoint deadline;    ///< the sandbox is stopped then
    std::string payload;   ///< the event; never logged here
};

/// The answer, as JSON. What it throws becomes the invocation's error: of ft::Error the code and the sentence, of
/// anything else only that it happened.
using LambdaHandler = std::function<std::string(const Invocation&)>;

struct LambdaLoop {
    Surroundings surroundings = real_surroundings();
    HttpSend next_send;  ///< empty: libcurl; waits without a limit, because a sandbox sleeps between events
    HttpSend post_send;  ///< empty: libcurl
    std::function<bool()> keep_on = [] { return true; };  ///< asked before each event
};

/// Runs until `keep_on` says no, or the runtime interface is gone: then throws Error{network}. AWS_LAMBDA_RUNTIME_API
/// says where it is; throws Error{unsupported} without it.
void run_lambda(const LambdaHandler& handler, LambdaLoop loop = {});

/// Tells Lambda that the function cannot start, and why. Never throws.
void report_lambda_start_failure(const std::string& code, const std::string& message, LambdaLoop loop = {});

}  // namespace ft::aws
