#include "cloud/settings.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "base/user_input.h"

namespace ft::cloud {

namespace {

using Variable = std::function<std::string(const std::string&)>;

std::string needed(const Variable& variable, const std::string& name, const char* what) {
    const std::string value = trimmed(variable(name));
    if (value.empty())
        throw Error(ErrorCode::invalid_argument, "{} is not set: give the function {} in its environment", name, what);
    return value;
}

int64_t number(const Variable& variable, const std::string& name, int64_t fallback, int64_t least, int64_t most) {
    const std::string value = trimmed(variable(name));
    return value.empty() ? fallback : parse_integer(name, value, least, most);
}

std::vector<std::string> names(const Variable& variable, const std::string& name) {
    std::vector<std::string> all;
    for (const std::string& part : split_list(variable(name))) {
        if (std::find(all.begin(), all.end(), part) == all.end()) all.push_back(part);
    }
    return all;
}

OnDemand on_demand(const std::string& value) {
    if (value.empty() || value == "never") return OnDemand::never;
    if (value == "on_no_capacity") return OnDemand::on_no_capacity;
    throw Error(ErrorCode::invalid_argument, "FT_ALLOW_ON_DEMAND is '{}': use never or on_no_capacity", value);
}

}  // namespace

CloudSettings read_settings(const Variable& variable) {
    CloudSettings settings;
    settings.stack = needed(variable, "FT_STACK", "the stack's name");
    settings.bucket = needed(variable, "FT_BUCKET", "the bucket's name");
    settings.launch_template = needed(variable, "FT_LAUNCH_TEMPLATE", "the launch template's id");
    settings.table = trimmed(variable("FT_TABLE"));
    if (settings.table.empty()) settings.table = "transcription-jobs";
    settings.subnets = names(variable, "FT_SUBNETS");
    if (settings.subnets.empty())
        throw Error(ErrorCode::invalid_argument,
                    "FT_SUBNETS is not set: give the function the ids of its subnets, divided by commas");
    if (const auto types = names(variable, "FT_INSTANCE_TYPES"); !types.empty()) settings.instance_types = types;
    const auto count = [&](const char* name, int fallback, int least, int most) {
        return static_cast<int>(number(variable, name, fallback, least, most));
    };
    settings.max_instances = count("FT_MAX_INSTANCES", settings.max_instances, 0, 1000);
    settings.jobs_per_instance = count("FT_JOBS_PER_INSTANCE", settings.jobs_per_instance, 1, 10000);
    settings.result_days = count("FT_RESULT_DAYS", settings.result_days, 0, 36500);
    settings.on_demand = on_demand(trimmed(variable("FT_ALLOW_ON_DEMAND")));
    settings.machine_life_ms = number(variable, "FT_DEADLINE_MIN", settings.machine_life_ms / 60000, 5, 10080) * 60000;
    for (const std::string& network : names(variable, "FT_ALLOW_NETWORKS"))
        settings.receivers.allowed.push_back(parse_network(network));
    settings.receivers.allow_http = trimmed(variable("FT_ALLOW_HTTP")) == "true";
    settings.api_url = trimmed(variable("FT_API_URL"));
    settings.webhook_secret_parameter = trimmed(variable("FT_WEBHOOK_SECRET_PARAMETER"));
    // SigV4 allows a week.
    settings.link = std::chrono::seconds(number(variable, "FT_LINK_SECONDS", settings.link.count(), 60, 604800));
    settings.longest_upload =
        number(variable, "FT_MAX_UPLOAD_BYTES", settings.longest_upload, 1, settings.longest_upload);
    return settings;
}

}  // namespace ft::cloud
