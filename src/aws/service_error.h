#pragma once
// What a service says when it does not do what was asked: read from XML, JSON, HTML or nothing, and thrown as AwsError.
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "net/http_client.h"

namespace ft::aws {

/// As the service says it. `code` is never empty: without one it is made from the status ("NotFound", "HTTP 502").
struct ServiceError {
    std::string code;                  ///< "ConditionalCheckFailedException", "SlowDown", "AuthFailure"
    std::string message;               ///< may be empty
    std::string request_id;            ///< for Amazon's support; may be empty
    std::vector<std::string> reasons;  ///< codes for each item of a cancelled transaction, "None" for the innocent ones
};

/// Never throws for any bytes (memory aside). At most 600 bytes of message, on one line.
ServiceError read_service_error(const HttpResponse& response);

/// True when a 2xx answer's body is an error all the same (S3 after it has begun to answer; EC2).
bool is_error_in_disguise(std::string_view body);

/// A request that failed for good. The code of the base class says what may be done: permission, not_found, network
/// (worth another try later), invalid_argument (anything else that is wrong with the request or its conditions).
class AwsError : public Error {
  public:
    struct Call {
        std::string service, operation, target;  ///< "S3", "GetObject", "s3://bucket/key" (may be empty)
        int attempts = 1;
        /// An attempt before the last one, or the last, may have been carried out although no answer came: a
        /// condition that fails now may have been fulfilled by that one.
        bool may_have_been_done = false;
    };
    AwsError(ErrorCode code, const std::string& message, Call call, ServiceError error, long http_status)
        : Error(code, message), call_(std::move(call)), error_(std::move(error)), http_status_(http_status) {}

    const std::string& service() const { return call_.service; }
    const std::string& operation() const { return call_.operation; }
    const std::string& aws_code() const { return error_.code; }
    const std::string& request_id() const { return error_.request_id; }
    const std::vector<std::string>& reasons() const { return error_.reasons; }
    long http_status() const { return http_status_; }  ///< 0 when there was no answer
    int attempts() const { return call_.attempts; }
    bool may_have_been_done() const { return call_.may_have_been_done; }

  private:
    Call call_;
    ServiceError error_;
    long http_status_;
};

/// permission, not_found, network or invalid_argument, by the code's name and the status.
ErrorCode category_of(const ServiceError& error, long http_status);

/// "S3 GetObject (s3://b/k): AccessDenied (HTTP 403, request 1A2B): Access Denied; check …". `endpoint` is where it was
/// sent.
[[noreturn]] void throw_aws_error(const AwsError::Call& call, const ServiceError& error, const HttpResponse& response,
                                  const std::string& endpoint);

/// For 2xx answers that make no sense. Throws AwsError{network}.
[[noreturn]] void throw_senseless_answer(const std::string& service, const std::string& operation,
                                         const HttpResponse& response);

}  // namespace ft::aws
