#pragma once
// The instance metadata service, version 2: what an EC2 instance knows about itself.
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "aws/credentials.h"
#include "aws/http_send.h"
#include "aws/surroundings.h"

namespace ft::aws {

struct SpotNotice {
    std::string action;  ///< "terminate", "stop" or "hibernate"
    TimePoint time;      ///< when
};

/// Any number of threads; one request at a time. Every request ends within a few seconds. Functions throw
/// Error{network} when nobody answers (no EC2 instance, or the service is switched off) or the answer makes no sense.
class InstanceMetadata {
  public:
    /// AWS_EC2_METADATA_SERVICE_ENDPOINT names another service than http://169.254.169.254.
    /// Throws Error{invalid_argument} when that is no address.
    explicit InstanceMetadata(Surroundings surroundings, HttpSend send = {});

    /// False when AWS_EC2_METADATA_DISABLED is "true": then every function throws.
    bool enabled() const { return enabled_; }

    /// What stands at "/latest/" + path; nothing where there is no such entry.
    std::optional<std::string> read(const std::string& path);

    std::string instance_id();
    std::string instance_type();
    std::string availability_zone();
    std::string region();
    std::string image_id();
    /// "spot" or "on-demand"
    std::string life_cycle();
    /// All of them; empty when the instance does not let its tags be seen here.
    std::map<std::string, std::string> tags();
    /// Nothing while there is none, which is nearly always.
    std::optional<SpotNotice> spot_notice();
    /// When AWS recommended to move the work elsewhere; nothing while it has not.
    std::optional<TimePoint> rebalance_notice();
    /// Nothing when the instance has no role.
    std::optional<Credentials> role_credentials();

  private:
    HttpResponse send_with_retries(const HttpRequest& request, const std::string& path);
    const std::string& token();
    std::string must_read(const std::string& path);

    std::mutex mutex_;
    Surroundings surroundings_;
    HttpSend send_;
    std::string endpoint_;
    bool enabled_;
    std::string token_;
    TimePoint token_expires_{};
};

/// The JSON of roles (instance metadata, containers). `origin` is for messages. Throws Error{permission} when the
/// service says why there are none, Error{network} when it is not that JSON; never repeats what it holds.
Credentials parse_role_credentials(const std::string& json, const std::string& origin);

}  // namespace ft::aws
