#include "aws/instance_metadata.h"

#include <gtest/gtest.h>

#include "aws/credential_chain.h"
#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"
#include "aws/times.h"

namespace ft::aws {
namespace {

using namespace testing;

/// The service of version 2: a token first.
class MetadataTest : public ::testing::Test {
  protected:
    MetadataTest()
        : server_([this](const TestRequest& request) {
              if (failures_ > 0) {
                  --failures_;
                  return reply(500, "");
              }
              if (request.method == "PUT" && request.path == "/latest/api/token") {
                  const bool asked_rightly = request.headers.at("x-aws-ec2-metadata-token-ttl-seconds") == "21600";
                  return asked_rightly ? reply(200, "token" + std::to_string(++tokens_)) : reply(400, "");
              }
              const auto token = request.headers.find("x-aws-ec2-metadata-token");
              if (token == request.headers.end() || token->second != "token" + std::to_string(tokens_))
                  return reply(401, "");
              const auto found = entries_.find(request.path.substr(8));
              return found == entries_.end() ? reply(404, "") : reply(200, found->second);
          }) {
        world_.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = server_.server().url() + "/";
        metadata_ = std::make_shared<InstanceMetadata>(world_.surroundings());
    }

    MadeUpWorld world_;
    std::map<std::string, std::string> entries_;
    std::atomic<int> tokens_{0}, failures_{0};
    ServiceFixture server_;
    std::shared_ptr<InstanceMetadata> metadata_;
};

TEST_F(MetadataTest, ReadsWithATokenThatItKeeps) {
    entries_ = {{"meta-data/instance-id", "i-1"}, {"meta-data/placement/region", "eu-north-1"}};
    EXPECT_EQ(metadata_->instance_id(), "i-1");
    EXPECT_EQ(metadata_->region(), "eu-north-1");
    EXPECT_EQ(tokens_, 1);
    world_.pass(std::chrono::hours(6));
    EXPECT_EQ(metadata_->instance_id(), "i-1");
    EXPECT_EQ(tokens_, 2);
    ++tokens_;  // the service forgets
    EXPECT_EQ(metadata_->instance_id(), "i-1");
    EXPECT_EQ(tokens_, 4);
    EXPECT_FALSE(metadata_->read("meta-data/nothing"));
    expect_error([&] { metadata_->image_id(); }, ErrorCode::network, {"meta-data/ami-id"});
}

TEST_F(MetadataTest, ReadsTags) {
    EXPECT_TRUE(metadata_->tags().empty());
    entries_ = {{"meta-data/tags/instance", "JobId\nAmi Id\n"},
                {"meta-data/tags/instance/JobId", "job-1"},
                {"meta-data/tags/instance/Ami%20Id", "ami-1"}};
    EXPECT_EQ(metadata_->tags(), (std::map<std::string, std::string>{{"JobId", "job-1"}, {"Ami Id", "ami-1"}}));
}

TEST_F(MetadataTest, SeesNotices) {
    EXPECT_FALSE(metadata_->spot_notice());
    EXPECT_FALSE(metadata_->rebalance_notice());
    entries_ = {{"meta-data/spot/instance-action", R"({"action": "terminate", "time": "2026-02-28T12:02:00Z"})"},
                {"meta-data/events/recommendations/rebalance", R"({"noticeTime": "2026-02-28T11:59:00Z"})"}};
    ASSERT_TRUE(metadata_->spot_notice());
    EXPECT_EQ(metadata_->spot_notice()->action, "terminate");
    EXPECT_EQ(metadata_->spot_notice()->time, parse_iso_time("2026-02-28T12:02:00Z"));
    EXPECT_EQ(metadata_->rebalance_notice(), parse_iso_time("2026-02-28T11:59:00Z"));
    entries_["meta-data/spot/instance-action"] = "soon";
    expect_error([&] { metadata_->spot_notice(); }, ErrorCode::network, {"makes no sense"});
}

TEST_F(MetadataTest, GivesTheRolesCredentialsToTheChain) {
    EXPECT_FALSE(metadata_->role_credentials());
    entries_ = {{"meta-data/iam/security-credentials/", "worker-role\n"},
                {"meta-data/iam/security-credentials/worker-role",
                 R"({"Code":"Success","AccessKeyId":"ASID","SecretAccessKey":"s","Token":"t",)"
                 R"("Expiration":"2026-02-28T18:00:00Z"})"}};
    CredentialChain chain(world_.surroundings(), metadata_);
    const Credentials found = chain.get();
    EXPECT_EQ(found.access_key_id, "ASID");
    EXPECT_EQ(found.expires, parse_iso_time("2026-02-28T18:00:00Z"));
    entries_["meta-data/iam/security-credentials/worker-role"] =
        R"({"Code":"AssumeRoleUnauthorizedAccess","Message":"no trust"})";
    expect_error([&] { metadata_->role_credentials(); }, ErrorCode::permission, {"worker-role", "no trust"});
    for (const char* wrong :
         {"{}", "[]", "x", R"({"AccessKeyId":"A","SecretAccessKey":"canary-secret-key","Expiration":7})"}) {
        entries_["meta-data/iam/security-credentials/worker-role"] = wrong;
        expect_error([&] { metadata_->role_credentials(); }, ErrorCode::network, {"not credentials"});
    }
}

TEST_F(MetadataTest, TriesAgainAfterTrouble) {
    entries_ = {{"meta-data/instance-id", "i-1"}};
    failures_ = 2;
    EXPECT_EQ(metadata_->instance_id(), "i-1");
    failures_ = 3;
    expect_error([&] { metadata_->instance_id(); }, ErrorCode::network, {"does not answer", "HTTP 500"});
}

TEST(Metadata, NobodyThereIsSaidAtOnce) {
    MadeUpWorld world;
    world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
    InstanceMetadata metadata(world.surroundings());
    expect_error([&] { metadata.instance_id(); }, ErrorCode::network, {"127.0.0.1:1", "EC2 instances only"});
    EXPECT_TRUE(world.waits().empty());
    world.variables["AWS_EC2_METADATA_DISABLED"] = "true";
    InstanceMetadata off(world.surroundings());
    EXPECT_FALSE(off.enabled());
    expect_error([&] { off.instance_id(); }, ErrorCode::network, {"AWS_EC2_METADATA_DISABLED"});
    world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "nowhere";
    expect_error([&] { InstanceMetadata wrong(world.surroundings()); }, ErrorCode::invalid_argument,
                 {"AWS_EC2_METADATA_SERVICE_ENDPOINT"});
}

}  // namespace
}  // namespace ft::aws
