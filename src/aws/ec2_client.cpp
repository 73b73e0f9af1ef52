#include "aws/ec2_client.h"

#include <cstdlib>

#include "aws/ec2_state.h"
#include "aws/times.h"
#include "base/base64.h"

namespace ft::aws {

void add_filters(QueryForm& form, const std::vector<Ec2Filter>& filters) {
    for (size_t i = 0; i < filters.size(); ++i) {
        const std::string prefix = fmt::format("Filter.{}.", i + 1);
        form.add(prefix + "Name", filters[i].name);
        add_list(form, prefix + "Value", filters[i].values);
    }
}

void add_list(QueryForm& form, const std::string& prefix, const std::vector<std::string>& values) {
    for (size_t i = 0; i < values.size(); ++i) form.add(fmt::format("{}.{}", prefix, i + 1), values[i]);
}

int add_tags(QueryForm& form, int number, const std::string& resource, const Tags& tags) {
    if (tags.empty()) return number;
    const std::string prefix = fmt::format("TagSpecification.{}.", number);
    form.add(prefix + "ResourceType", resource);
    int i = 1;
    for (const auto& [key, value] : tags) {
        form.add(fmt::format("{}Tag.{}.Key", prefix, i), key);
        form.add(fmt::format("{}Tag.{}.Value", prefix, i), value);
        ++i;
    }
    return number + 1;
}

Tags tags_of(const XmlElement& element) {
    Tags tags;
    for (const XmlElement* tag : element.all("tagSet", "item")) tags[tag->text_at("key")] = tag->text_at("value");
    return tags;
}

namespace {

void demand(bool holds, const char* operation, const char* what) {
    if (!holds) throw Error(ErrorCode::invalid_argument, "EC2 {}: {} is missing; give one", operation, what);
}

void add_choices(QueryForm& form, const FleetRequest& request) {
    const std::string config = "LaunchTemplateConfigs.1.";
    const bool by_id = request.launch_template.starts_with("lt-");
    form.add(config + "LaunchTemplateSpecification." + (by_id ? "LaunchTemplateId" : "LaunchTemplateName"),
             request.launch_template);
    form.add(config + "LaunchTemplateSpecification.Version", request.template_version);
    for (size_t i = 0; i < request.choices.size(); ++i) {
        const std::string prefix = fmt::format("{}Overrides.{}.", config, i + 1);
        form.add_if(prefix + "InstanceType", request.choices[i].instance_type);
        form.add_if(prefix + "SubnetId", request.choices[i].subnet_id);
        if (request.spot) form.add_if(prefix + "MaxPrice", request.highest_price);
    }
}

FleetResult fleet_result(const XmlElement& answer) {
    FleetResult result;
    result.fleet_id = answer.text_at("fleetId");
    for (const XmlElement* group : answer.all("fleetInstanceSet", "item")) {
        for (const XmlElement* id : group->all("instanceIds", "item")) {
            result.launched.push_back({id->text, group->text_at("instanceType"), group->text_at("lifecycle")});
        }
    }
    for (const XmlElement* error : answer.all("errorSet", "item")) {
        FleetFailure failure;
        failure.code = error->text_at("errorCode");
        failure.message = error->text_at("errorMessage");
        failure.instance_type = error->text_at("launchTemplateAndOverrides/overrides/instanceType");
        failure.subnet_id = error->text_at("launchTemplateAndOverrides/overrides/subnetId");
        result.failures.push_back(std::move(failure));
    }
    return result;
}

Instance instance_of(const XmlElement& element) {
    Instance instance;
    instance.id = element.text_at("instanceId");
    instance.state = element.text_at("instanceState/name");
    instance.type = element.text_at("instanceType");
    instance.zone = element.text_at("placement/availabilityZone");
    instance.subnet_id = element.text_at("subnetId");
    instance.image_id = element.text_at("imageId");
    instance.life_cycle = element.text_at("instanceLifecycle");
    instance.state_reason = element.text_at("stateReason/code");
    instance.launched = parse_iso_time(element.text_at("launchTime"));
    instance.tags = tags_of(element);
    return instance;
}

}  // namespace

Ec2Client::Ec2Client(std::shared_ptr<Session> session) : state_(std::make_unique<State>(std::move(session))) {}
Ec2Client::~Ec2Client() = default;
Ec2Client::Ec2Client(Ec2Client&&) noexcept = default;

FleetResult Ec2Client::create_fleet(const FleetRequest& request) {
    demand(!request.client_token.empty(), "CreateFleet", "a client token");
    demand(!request.launch_template.empty(), "CreateFleet", "a launch template");
    demand(!request.choices.empty() && request.count > 0, "CreateFleet", "an instance type or subnet to choose from");
    QueryForm form;
    form.add("Type", "instant").add("ClientToken", request.client_token);
    add_choices(form, request);
    const std::string count = std::to_string(request.count), none = "0";
    form.add("TargetCapacitySpecification.TotalTargetCapacity", count);
    form.add("TargetCapacitySpecification.SpotTargetCapacity", request.spot ? count : none);
    form.add("TargetCapacitySpecification.OnDemandTargetCapacity", request.spot ? none : count);
    form.add("TargetCapacitySpecification.DefaultTargetCapacityType", request.spot ? "spot" : "on-demand");
    if (request.spot) form.add("SpotOptions.AllocationStrategy", request.spot_strategy);
    const int next = add_tags(form, 1, "instance", request.instance_tags);
    add_tags(form, next, "fleet", request.fleet_tags);
    const QueryClient::Call call{"CreateFleet", "template " + request.launch_template, true, std::chrono::seconds(60)};
    return fleet_result(state_->client.call(call, form));
}

std::string Ec2Client::run_instance(const InstanceRequest& request) {
    demand(!request.client_token.empty(), "RunInstances", "a client token");
    demand(!request.image_id.empty(), "RunInstances", "an image");
    if (request.user_data.size() > size_t{16} << 10) {
        throw Error(ErrorCode::invalid_argument,
                    "EC2 RunInstances: user data of {} bytes are too long (at most 16384); fetch the rest there",
                    request.user_data.size());
    }
    QueryForm form;
    form.add("MinCount", "1").add("MaxCount", "1").add("ClientToken", request.client_token);
    form.add("ImageId", request.image_id).add_if("InstanceType", request.instance_type);
    form.add_if("SubnetId", request.subnet_id).add_if("SecurityGroupId.1", request.security_group_id);
    form.add_if("IamInstanceProfile.Name", request.instance_profile);
    form.add_if("UserData", to_base64(request.user_data));
    if (request.root_volume_gib > 0) {
        form.add("BlockDeviceMapping.1.DeviceName", request.root_device);
        form.add("BlockDeviceMapping.1.Ebs.VolumeSize", std::to_string(request.root_volume_gib));
        form.add("BlockDeviceMapping.1.Ebs.VolumeType", "gp3");
        form.add("BlockDeviceMapping.1.Ebs.DeleteOnTermination", "true");
    }
    form.add("InstanceInitiatedShutdownBehavior", request.terminate_on_shutdown ? "terminate" : "stop");
    form.add("MetadataOptions.HttpTokens", "required").add("MetadataOptions.HttpPutResponseHopLimit", "1");
    form.add("MetadataOptions.InstanceMetadataTags", "enabled");
    const int next = add_tags(form, 1, "instance", request.instance_tags);
    add_tags(form, next, "volume", request.instance_tags);
    const XmlElement answer = state_->client.call({"RunInstances", "image " + request.image_id}, form);
    const std::vector<const XmlElement*> instances = answer.all("instancesSet", "item");
    const std::string id = instances.empty() ? "" : instances.front()->text_at("instanceId");
    if (id.empty())
        throw Error(ErrorCode::network, "EC2 RunInstances answers without an instance; look for it by its tags");
    return id;
}

std::vector<Instance> Ec2Client::describe_instances(const std::vector<Ec2Filter>& filters,
                                                    const std::vector<std::string>& ids) {
    std::vector<Instance> result;
    std::string token;
    do {
        QueryForm form;
        add_filters(form, filters);
        add_list(form, "InstanceId", ids);
        if (ids.empty()) form.add("MaxResults", "500");
        form.add_if("NextToken", token);
        const XmlElement answer = state_->client.call({"DescribeInstances", ""}, form);
        for (const XmlElement* reservation : answer.all("reservationSet", "item")) {
            for (const XmlElement* instance : reservation->all("instancesSet", "item")) {
                result.push_back(instance_of(*instance));
            }
        }
        token = answer.text_at("nextToken");
    } while (!token.empty());
    return result;
}

std::map<std::string, std::string> Ec2Client::terminate_instances(const std::vector<std::string>& ids) {
    std::map<std::string, std::string> states;
    if (ids.empty()) return states;
    QueryForm form;
    add_list(form, "InstanceId", ids);
    const XmlElement answer = state_->client.call({"TerminateInstances", ids.front()}, form);
    for (const XmlElement* item : answer.all("instancesSet", "item")) {
        states[item->text_at("instanceId")] = item->text_at("currentState/name");
    }
    return states;
}

std::optional<double> Ec2Client::spot_price(const std::string& instance_type, const std::string& zone) {
    QueryForm form;
    form.add("InstanceType.1", instance_type).add("AvailabilityZone", zone).add("ProductDescription.1", "Linux/UNIX");
    // From now on: that is the one price that holds at this moment.
    const std::string now = iso_time(state_->session->now());
    form.add("StartTime", now).add("EndTime", now).add("MaxResults", "5");
    const QueryClient::Call call{"DescribeSpotPriceHistory", instance_type, true, std::chrono::seconds(10)};
    const XmlElement answer = state_->client.call(call, form);
    for (const XmlElement* item : answer.all("spotPriceHistorySet", "item")) {
        if (item->text_at("instanceType") != instance_type || item->text_at("availabilityZone") != zone) continue;
        const std::string text = item->text_at("spotPrice");
        char* end = nullptr;
        const double price = std::strtod(text.c_str(), &end);
        if (end != text.c_str() && price > 0 && price < 10000) return price;
    }
    return std::nullopt;
}

void Ec2Client::create_tags(const std::vector<std::string>& resources, const Tags& tags) {
    if (resources.empty() || tags.empty()) return;
    QueryForm form;
    add_list(form, "ResourceId", resources);
    int i = 1;
    for (const auto& [key, value] : tags) {
        form.add(fmt::format("Tag.{}.Key", i), key).add(fmt::format("Tag.{}.Value", i), value);
        ++i;
    }
    state_->client.call({"CreateTags", resources.front()}, form);
}

}  // namespace ft::aws
