#include "agent/machine.h"

#include "base/error.h"
#include "base/log.h"
#include "base/user_input.h"
#include "jobs/job.h"

namespace ft {

namespace {

std::string text_of(const std::map<std::string, std::string>& tags, const char* name) {
    const auto found = tags.find(name);
    return found == tags.end() ? "" : found->second;
}

/// What is only told, never decided by.
template <typename Read>
std::string if_known(const Read& read) {
    try {
        return read();
    } catch (const Error& error) {
        spdlog::warn("{}", error.what());
        return "";
    }
}

}  // namespace

void read_job_tags(const std::map<std::string, std::string>& tags, Machine& machine) {
    const std::string job_id = text_of(tags, "JobId"), launch_seq = text_of(tags, "LaunchSeq");
    if (job_id.empty()) return;
    if (!is_job_id(job_id))
        throw Error(ErrorCode::invalid_argument, "the instance's tag JobId is no job's id; launch it by the function");
    const int seq =
        launch_seq.empty() ? -1 : static_cast<int>(parse_integer("the tag LaunchSeq", launch_seq, 0, 1000000));
    machine.job_id = job_id;
    machine.launch_seq = seq;
}

Machine read_machine(aws::InstanceMetadata& metadata) {
    Machine machine;
    if (!metadata.enabled()) return machine;
    try {
        machine.instance_id = metadata.instance_id();
    } catch (const Error& error) {
        spdlog::info("this is no EC2 instance: {}", error.what());
        return machine;
    }
    machine.type = if_known([&] { return metadata.instance_type(); });
    machine.zone = if_known([&] { return metadata.availability_zone(); });
    machine.life_cycle = if_known([&] { return metadata.life_cycle(); });
    machine.image_id = if_known([&] { return metadata.image_id(); });
    try {
        read_job_tags(metadata.tags(), machine);
    } catch (const Error& error) {
        spdlog::warn("{}; any job that waits is taken", error.what());
    }
    return machine;
}

}  // namespace ft
