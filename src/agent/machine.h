#pragma once
// What the worker's machine knows about itself.
#include <map>
#include <optional>
#include <string>

#include "aws/instance_metadata.h"

namespace ft {

struct Machine {
    std::string instance_id;  ///< empty: no EC2 instance
    std::string type, zone, life_cycle, image_id;
    std::string job_id;   ///< tag JobId: the job it was launched for; empty: none
    int launch_seq = -1;  ///< tag LaunchSeq; -1: none
    bool is_instance() const { return !instance_id.empty(); }
};

/// By the instance metadata service. Nobody there, or switched off: no instance. Tags that make no sense are logged and
/// passed over, as another job may still be found.
Machine read_machine(aws::InstanceMetadata& metadata);

/// The part that is pure. Throws Error{invalid_argument} for tags that make no sense.
void read_job_tags(const std::map<std::string, std::string>& tags, Machine& machine);

}  // namespace ft
