#pragma once
// What all clients of one account and region share.
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "aws/credential_chain.h"
#include "aws/http_send.h"
#include "aws/retries.h"
#include "aws/surroundings.h"

namespace ft::aws {

struct SessionOptions {
    std::string region;  ///< empty: as configured (AWS_REGION, the profile), else eu-north-1
    RetryLimits retries;
    HttpOptions http;
    Surroundings surroundings = real_surroundings();
    std::shared_ptr<CredentialChain> credentials;  ///< null: the usual chain
    /// Makes the transport of one client; empty: libcurl. For tests and the simulator.
    std::function<HttpSend()> make_send;
};

/// Immutable but for the clock's correction; any number of threads.
class Session {
  public:
    /// Reads the environment and the profile files. Throws Error{invalid_argument} for a region or an endpoint that is
    /// none. Does not look for credentials yet.
    explicit Session(SessionOptions options = {});

    const std::string& region() const { return options_.region; }
    const RetryLimits& retries() const { return options_.retries; }
    const Surroundings& surroundings() const { return options_.surroundings; }
    CredentialChain& credentials() const { return *options_.credentials; }
    HttpSend make_send() const;

    /// Where a service is: AWS_ENDPOINT_URL_<SERVICE>, AWS_ENDPOINT_URL, else Amazon's own address in the region.
    /// `service` as in its host name ("s3", "dynamodb", "monitoring"); `variable` as in the variable ("CLOUDWATCH").
    /// Without a slash at its end. Throws Error{invalid_argument} when the variable holds no address.
    std::string endpoint(const std::string& service, const std::string& variable) const;
    /// True when endpoint() would be Amazon's own.
    bool is_amazons_own(const std::string& variable) const;

    /// The time as the services see it.
    TimePoint now() const;
    /// Adds to what now() gives, from now on.
    void correct_clock(std::chrono::seconds by);

  private:
    std::string configured_endpoint(const std::string& variable, std::string* setting) const;

    SessionOptions options_;
    std::atomic<int64_t> correction_s_{0};
};

}  // namespace ft::aws
