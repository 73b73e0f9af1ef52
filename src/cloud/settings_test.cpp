#include "cloud/settings.h"

#include <gtest/gtest.h>

#include <map>

#include "base/error.h"

namespace ft::cloud {
namespace {

std::map<std::string, std::string> least() {
    return {
        {"FT_STACK", "s"}, {"FT_BUCKET", "b"}, {"FT_LAUNCH_TEMPLATE", "lt-1"}, {"FT_SUBNETS", "subnet-a, subnet-b"}};
}

CloudSettings read(const std::map<std::string, std::string>& variables) {
    return read_settings([&](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::string() : found->second;
    });
}

TEST(CloudSettings, WhatIsNotSetHasItsDefault) {
    const CloudSettings settings = read(least());
    EXPECT_EQ(settings.table, "transcription-jobs");
    EXPECT_EQ(settings.instance_types, std::vector<std::string>{"g4dn.xlarge"});
    EXPECT_EQ(settings.subnets, (std::vector<std::string>{"subnet-a", "subnet-b"}));
    EXPECT_EQ(settings.on_demand, OnDemand::never);
}

TEST(CloudSettings, AllCanBeSet) {
    auto variables = least();
    variables.insert({{"FT_TABLE", "t"},
                      {"FT_INSTANCE_TYPES", "g4dn.xlarge,g5.xlarge"},
                      {"FT_MAX_INSTANCES", "7"},
                      {"FT_JOBS_PER_INSTANCE", "3"},
                      {"FT_ALLOW_ON_DEMAND", "on_no_capacity"},
                      {"FT_DEADLINE_MIN", "90"},
                      {"FT_WEBHOOK_SECRET_PARAMETER", "/s/webhook"},
                      {"FT_LINK_SECONDS", "600"},
                      {"FT_MAX_UPLOAD_BYTES", "1000"},
                      {"FT_RESULT_DAYS", "0"}});
    const CloudSettings settings = read(variables);
    EXPECT_EQ(settings.table, "t");
    EXPECT_EQ(settings.instance_types.size(), 2U);
    EXPECT_EQ(settings.max_instances, 7);
    EXPECT_EQ(settings.jobs_per_instance, 3);
    EXPECT_EQ(settings.on_demand, OnDemand::on_no_capacity);
    EXPECT_EQ(settings.machine_life_ms, 90 * 60000);
    EXPECT_EQ(settings.webhook_secret_parameter, "/s/webhook");
    EXPECT_EQ(settings.link.count(), 600);
    EXPECT_EQ(settings.longest_upload, 1000);
    EXPECT_EQ(settings.result_days, 0);
}

TEST(CloudSettings, WhatIsWrongIsNamed) {
    const std::vector<std::pair<std::string, std::string>> wrong = {{"FT_STACK", ""},
                                                                    {"FT_BUCKET", " "},
                                                                    {"FT_LAUNCH_TEMPLATE", ""},
                                                                    {"FT_SUBNETS", ","},
                                                                    {"FT_MAX_INSTANCES", "-1"},
                                                                    {"FT_MAX_INSTANCES", "many"},
                                                                    {"FT_DEADLINE_MIN", "0"},
                                                                    {"FT_LINK_SECONDS", "1e9"},
                                                                    {"FT_MAX_UPLOAD_BYTES", "99999999999"},
                                                                    {"FT_RESULT_DAYS", "soon"},
                                                                    {"FT_JOBS_PER_INSTANCE", "0"},
                                                                    {"FT_ALLOW_ON_DEMAND", "yes"}};
    for (const auto& [name, value] : wrong) {
        auto variables = least();
        variables[name] = value;
        try {
            read(variables);
            ADD_FAILURE() << name;
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            EXPECT_NE(std::string(error.what()).find(name), std::string::npos) << error.what();
        }
    }
}

}  // namespace
}  // namespace ft::cloud
