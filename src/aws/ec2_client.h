#pragma once
// Amazon EC2: launching, finding and ending machines; making and removing images.
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "aws/session.h"

namespace ft::aws {

using Tags = std::map<std::string, std::string>;

/// DescribeX's filter: any of the values ("tag:JobId", {"a", "b"}).
struct Ec2Filter {
    std::string name;
    std::vector<std::string> values;
};

struct FleetChoice {
    std::string instance_type, subnet_id;
};

/// A fleet of type "instant": what can be had now, in the answer.
struct FleetRequest {
    std::string client_token;     ///< the same request again launches nothing new; must change with the content
    std::string launch_template;  ///< id ("lt-…") or name
    std::string template_version = "$Default";
    std::vector<FleetChoice> choices;
    int count = 1;
    bool spot = true;  ///< else on demand
    std::string spot_strategy = "price-capacity-optimized";
    std::string highest_price;  ///< USD an hour for a spot instance; empty: the on-demand price
    Tags instance_tags, fleet_tags;
};

struct FleetFailure {
    std::string code, message, instance_type, subnet_id;
};

struct FleetResult {
    struct Launched {
        std::string instance_id, instance_type, life_cycle;
    };
    std::string fleet_id;
    std::vector<Launched> launched;      ///< may be fewer than wanted, or none
    std::vector<FleetFailure> failures;  ///< why, for each choice that failed
};

struct Instance {
    std::string id, state, type, zone, subnet_id, image_id, life_cycle, state_reason;  ///< life_cycle: "spot" or empty
    std::optional<TimePoint> launched;
    Tags tags;
};

struct InstanceRequest {
    std::string client_token, image_id, instance_type, subnet_id, security_group_id, instance_profile;
    std::string user_data;    ///< as it is, at most 16 KiB; no secrets: whoever may describe the instance may read it
    int root_volume_gib = 0;  ///< 0: the image's
    std::string root_device = "/dev/sda1";
    Tags instance_tags;  ///< for the volumes too
    bool terminate_on_shutdown = true;
};

struct ImageRequest {
    std::string instance_id;  ///< stopped or running
    std::string name;         ///< of no other image of this account
    std::string description;
    Tags image_tags, snapshot_tags;
    bool reboot = true;  ///< a running instance, so that what its disk holds is certain
};

struct Image {
    std::string id, name, state;  ///< "pending", "available", "failed", …
    std::string created;          ///< "2026-01-31T12:00:00.000Z": sorts by time
    std::string failure;          ///< why, when it failed
    std::vector<std::string> snapshots;
    Tags tags;
};

/// One thread at a time. Failures: ServiceClient::call. Lists are complete: all pages are read.
class Ec2Client {
  public:
    explicit Ec2Client(std::shared_ptr<Session> session);
    ~Ec2Client();
    Ec2Client(Ec2Client&&) noexcept;

    /// Throws Error{invalid_argument} without choices, a template, or a client token: without a token a lost answer
    /// would mean a second machine.
    FleetResult create_fleet(const FleetRequest& request);
    /// One instance; its id. IMDSv2 only, hop limit 1, tags visible in the metadata. Throws as create_fleet.
    std::string run_instance(const InstanceRequest& request);

    std::vector<Instance> describe_instances(const std::vector<Ec2Filter>& filters,
                                             const std::vector<std::string>& ids = {});
    /// Instance → its new state. An empty list does nothing (and not: everything).
    std::map<std::string, std::string> terminate_instances(const std::vector<std::string>& ids);
    /// What a spot instance of this type with Linux costs in this zone now, in USD an hour; nothing when that is not
    /// told.
    std::optional<double> spot_price(const std::string& instance_type, const std::string& zone);
    void create_tags(const std::vector<std::string>& resources, const Tags& tags);

    std::vector<Image> describe_images(const std::vector<Ec2Filter>& filters, const std::vector<std::string>& ids = {},
                                       const std::string& owner = "self");
    /// The image's id; it is "pending" for minutes. An attempt whose answer was lost is found by the image's name.
    std::string create_image(const ImageRequest& request);
    /// No error when it is gone already.
    void deregister_image(const std::string& image_id);
    void delete_snapshot(const std::string& snapshot_id);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft::aws
