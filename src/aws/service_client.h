#pragma once
// One service: a request is signed, sent, repeated where that helps, and its failure thrown as AwsError.
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "aws/service_error.h"
#include "aws/session.h"
#include "aws/sigv4.h"

namespace ft::aws {

struct Service {
    std::string name;      ///< for messages: "DynamoDB"
    std::string host;      ///< in Amazon's host names: "dynamodb"
    std::string variable;  ///< AWS_ENDPOINT_URL_…: "DYNAMODB"
    std::string signing;   ///< in signatures: "dynamodb"
};

struct ServiceRequest {
    std::string operation;  ///< "GetItem"
    std::string target;     ///< for messages: "table transcription-jobs"
    std::string method = "POST";
    std::string host_prefix;  ///< "bucket." before the endpoint's host
    std::string path = "/";   ///< percent-encoded
    std::string query;        ///< percent-encoded, without "?"
    std::vector<Header> headers;
    std::optional<std::string> body = "";  ///< nothing: GET, HEAD, DELETE
    bool sign_payload_header = false;      ///< S3 wants x-amz-content-sha256
    /// False: sent again only when it surely was not carried out. An increment for instance; what has a client token or
    /// a condition may be repeated.
    bool repeatable = true;
    bool raw_answer = false;  ///< a 2xx body is somebody's bytes, which may look like an error of the service
    std::chrono::milliseconds timeout{60000};  ///< of one attempt
};

/// One thread at a time; make one for each thread, they share the session.
class ServiceClient {
  public:
    ServiceClient(std::shared_ptr<Session> session, Service service);

    /// The 2xx answer. Throws AwsError; Error{permission} without credentials; Error{invalid_argument} for a header
    /// with a line break in it.
    HttpResponse call(const ServiceRequest& request);

    const Service& service() const { return service_; }
    const std::string& endpoint() const { return endpoint_; }
    const std::shared_ptr<Session>& session() const { return session_; }
    SigningScope scope() const;

  private:
    HttpRequest sign(const ServiceRequest& request, const Credentials& credentials) const;

    std::shared_ptr<Session> session_;
    Service service_;
    std::string endpoint_;
    HttpSend send_;
};

/// "https://host:port/x" → "host:port"; what stands in the Host header.
std::string authority_of(const std::string& url);
/// `prefix` put before the host.
std::string with_host_prefix(const std::string& url, const std::string& prefix);

}  // namespace ft::aws
