#pragma once
// What the functions are told by their environment (docs/aws_internals.md lists the variables).
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/address_check.h"

namespace ft::cloud {

enum class OnDemand {
    never,
    on_no_capacity,  ///< when no spot instance is to be had, of any type in any zone
};

struct CloudSettings {
    std::string stack;            ///< FT_STACK: the tag of our machines
    std::string table;            ///< FT_TABLE
    std::string bucket;           ///< FT_BUCKET
    std::string launch_template;  ///< FT_LAUNCH_TEMPLATE: its id
    std::vector<std::string> subnets, instance_types = {"g4dn.xlarge"};
    int max_instances = 4;       ///< FT_MAX_INSTANCES
    int jobs_per_instance = 10;  ///< FT_JOBS_PER_INSTANCE: so many jobs are worth a boot
    OnDemand on_demand = OnDemand::never;
    int64_t machine_life_ms = int64_t{4} * 3600 * 1000;  ///< FT_DEADLINE_MIN: the longest life of a machine
    AddressPolicy receivers;                             ///< FT_ALLOW_NETWORKS, FT_ALLOW_HTTP: of webhooks
    std::string api_url;                                 ///< FT_API_URL: for links in messages, ends with /v1
    std::string webhook_secret_parameter;                ///< of SSM; empty: only callbacks with a secret of their own
    std::chrono::seconds link{3600};                     ///< FT_LINK_SECONDS: how long presigned addresses are valid
    int64_t longest_upload = int64_t{5} << 30;           ///< FT_MAX_UPLOAD_BYTES; a form's upload ends at 5 GiB
    int result_days = 30;                                ///< FT_RESULT_DAYS; 0: results are kept for ever
};

/// `variable` gives "" for what is not set. Throws Error{invalid_argument} that names the variable, what it holds and
/// what it should.
CloudSettings read_settings(const std::function<std::string(const std::string&)>& variable);

}  // namespace ft::cloud
