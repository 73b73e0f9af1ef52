#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "aws/credential_chain.h"
#include "aws/credential_sources.h"
#include "aws/profile_file.h"
#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"
#include "aws/times.h"
#include "base/file.h"
#include "base/testing/temporary_folder.h"

namespace ft::aws {
namespace {

using namespace testing;

static_assert(!fmt::is_formattable<Secret>::value, "a secret must not be formattable");
static_assert(!std::is_convertible_v<Secret, std::string>, "a secret must not become a text by itself");

/// A home folder with the two files of the AWS command.
class Home {
  public:
    Home() { world.variables["HOME"] = folder_.path().string(); }
    void write(const std::string& name, const std::string& text) { folder_.write(".aws/" + name, text); }
    std::optional<Credentials> profile() { return credentials_from_profile(world.surroundings()); }

    MadeUpWorld world;

  private:
    const test::TemporaryFolder folder_;
};

TEST(Environment, NeedsBothKeys) {
    MadeUpWorld world;
    EXPECT_FALSE(credentials_from_environment(world.surroundings()));
    world.variables = {{"AWS_ACCESS_KEY_ID", "id"}};
    expect_error([&] { credentials_from_environment(world.surroundings()); }, ErrorCode::permission,
                 {"AWS_SECRET_ACCESS_KEY is not", "set both"});
    world.variables = {{"AWS_SECRET_ACCESS_KEY", kTestSecret}};
    expect_error([&] { credentials_from_environment(world.surroundings()); }, ErrorCode::permission,
                 {"AWS_ACCESS_KEY_ID is not"});
    world.variables = {{"AWS_ACCESS_KEY_ID", "id"}, {"AWS_SECRET_ACCESS_KEY", "key"}, {"AWS_SESSION_TOKEN", "token"}};
    const auto found = credentials_from_environment(world.surroundings());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->access_key_id, "id");
    EXPECT_EQ(found->secret_access_key.reveal(), "key");
    EXPECT_EQ(found->session_token.reveal(), "token");
    EXPECT_FALSE(found->expires);
}

TEST(ProfileFile, IsReadAsTheAwsCommandDoes) {
    const ProfileFile file = parse_profile_file(
        "\xEF\xBB\xBF# a comment\r\n[default]\r\nAWS_Access_Key_Id = A\r\naws_secret_access_key=a/b+c=#d ; why\r\n"
        "s3 =\r\n  max_concurrent_requests = 20\r\nregion = eu-north-1 # here\r\n\r\n[ profile other ]\nregion=x\n",
        "file");
    EXPECT_EQ(file.at("default").at("aws_access_key_id"), "A");
    EXPECT_EQ(file.at("default").at("aws_secret_access_key"), "a/b+c=#d");
    EXPECT_EQ(file.at("default").at("region"), "eu-north-1");
    EXPECT_EQ(file.at("default").count("max_concurrent_requests"), 0U);
    EXPECT_EQ(file.at("profile other").at("region"), "x");
}

TEST(ProfileFile, DamageIsNamedByItsLineOnly) {
    for (const char* text : {"[a]\ncanary-secret-key\n", "[a]\n= canary-secret-key\n", "canary-secret-key=1\n",
                             "\n[canary-secret-key\n"}) {
        expect_error([&] { parse_profile_file(text, "the/file"); }, ErrorCode::invalid_argument,
                     {"the/file, line ", "correct the file"});
    }
}

TEST(Profile, ComesFromBothFiles) {
    Home home;
    EXPECT_FALSE(home.profile());
    home.write("credentials",
               "[default]\naws_access_key_id=D\naws_secret_access_key=d\n"
               "[work]\naws_access_key_id=W\naws_secret_access_key=w\naws_session_token=t\n");
    home.write("config",
               "[default]\nregion=eu-west-3\n[profile work]\nregion=eu-west-1\n"
               "[profile own]\naws_access_key_id=O\naws_secret_access_key=o\n");
    EXPECT_EQ(home.profile()->access_key_id, "D");
    EXPECT_EQ(configured_region(home.world.surroundings()), "eu-west-3");
    home.world.variables["AWS_PROFILE"] = "work";
    EXPECT_EQ(home.profile()->session_token.reveal(), "t");
    EXPECT_EQ(configured_region(home.world.surroundings()), "eu-west-1");
    home.world.variables["AWS_PROFILE"] = "own";
    EXPECT_EQ(home.profile()->access_key_id, "O");
    EXPECT_EQ(configured_region(home.world.surroundings()), "eu-north-1");
}

TEST(Profile, WhatItLacksIsSaid) {
    Home home;
    home.write("config",
               "[profile sso]\nsso_session=corp\n[profile empty]\nregion=x\n[profile half]\naws_access_key_id=A\n");
    const auto expect = [&](const char* profile, const std::vector<std::string>& parts) {
        home.world.variables["AWS_PROFILE"] = profile;
        expect_error([&] { home.profile(); }, ErrorCode::permission, parts);
    };
    expect("missing", {"AWS_PROFILE names the profile \"missing\"", ".aws/credentials", ".aws/config"});
    expect("sso", {"uses sso_session", "export-credentials", "--profile sso"});
    expect("empty", {"has no keys", "aws configure --profile empty"});
    expect("half", {"has only one of"});
}

TEST(Container, IsAskedWithItsToken) {
    ServiceFixture server({reply(503, ""), reply(200, R"({"AccessKeyId":"A","SecretAccessKey":"s","Token":"t",)"
                                                      R"("Expiration":"2026-02-28T18:00:00Z","RoleArn":"r"})")});
    MadeUpWorld world;
    const HttpSend send = http_send(container_http_options());
    EXPECT_FALSE(credentials_from_container(world.surroundings(), send));
    world.variables = {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", server.server().url() + "/get"},
                       {"AWS_CONTAINER_AUTHORIZATION_TOKEN", "Basic abc"}};
    const auto found = credentials_from_container(world.surroundings(), send);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->session_token.reveal(), "t");
    EXPECT_EQ(found->expires, parse_iso_time("2026-02-28T18:00:00Z"));
    EXPECT_EQ(server.last().headers.at("authorization"), "Basic abc");
    EXPECT_EQ(server.last().path, "/get");
    EXPECT_EQ(world.waits().size(), 1U);
}

TEST(Container, TheTokenGoesToNoStranger) {
    MadeUpWorld world;
    const HttpSend never = [](const HttpRequest&) -> HttpResponse { throw std::logic_error("sent"); };
    for (const char* url : {"http://example.com/x", "http://169.254.169.254/x", "ftp://127.0.0.1", "x"}) {
        world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = url;
        expect_error([&] { credentials_from_container(world.surroundings(), never); }, ErrorCode::invalid_argument,
                     {"AWS_CONTAINER_CREDENTIALS_FULL_URI"});
    }
}

TEST(Container, RefusalsAreSaid) {
    ServiceFixture server({reply(403, "no"), reply(200, "<html>"),
                           reply(200, R"({"Code":"AssumeRoleUnauthorizedAccess",)"
                                      R"("Message":"may not be assumed"})")});
    MadeUpWorld world;
    world.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server.server().url();
    const HttpSend send = http_send(container_http_options());
    const auto ask = [&] { credentials_from_container(world.surroundings(), send); };
    expect_error(ask, ErrorCode::permission, {"HTTP 403", "check the task's role"});
    expect_error(ask, ErrorCode::network, {"not credentials"});
    expect_error(ask, ErrorCode::permission, {"may not be assumed"});
}

/// A container service whose credentials are valid for an hour.
class ChainTest : public ::testing::Test {
  protected:
    ChainTest()
        : server_([this](const TestRequest&) {
              if (broken_) return reply(500, "");
              return reply(200,
                           fmt::format(R"({{"AccessKeyId":"A{}","SecretAccessKey":"s","Token":"t","Expiration":"{}"}})",
                                       ++count_, iso_time(world_.now() + std::chrono::hours(1))));
          }) {
        world_.variables["AWS_CONTAINER_CREDENTIALS_FULL_URI"] = server_.server().url();
    }

    MadeUpWorld world_;
    std::atomic<int> count_{0};
    std::atomic<bool> broken_{false};
    ServiceFixture server_;
};

TEST_F(ChainTest, RenewsFiveMinutesBeforeTheEnd) {
    CredentialChain chain(world_.surroundings(), nullptr);
    EXPECT_EQ(chain.get().access_key_id, "A1");
    world_.pass(std::chrono::minutes(54));
    EXPECT_EQ(chain.get().access_key_id, "A1");
    world_.pass(std::chrono::minutes(2));
    EXPECT_EQ(chain.get().access_key_id, "A2");
}

TEST_F(ChainTest, KeepsValidOnesWhileTheyCannotBeRenewed) {
    CredentialChain chain(world_.surroundings(), nullptr);
    chain.get();
    broken_ = true;
    world_.pass(std::chrono::minutes(56));
    EXPECT_EQ(chain.get().access_key_id, "A1");
    const size_t asked = server_.server().requests().size();
    EXPECT_EQ(chain.get().access_key_id, "A1");  // not asked again at once
    EXPECT_EQ(server_.server().requests().size(), asked);
    world_.pass(std::chrono::minutes(5));
    EXPECT_THROW(chain.get(), Error);
    broken_ = false;
    EXPECT_EQ(chain.get().access_key_id, "A2");
}

TEST_F(ChainTest, ManyThreadsAskOnce) {
    CredentialChain chain(world_.surroundings(), nullptr);
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) threads.emplace_back([&] { EXPECT_EQ(chain.get().access_key_id, "A1"); });
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(count_, 1);
}

TEST_F(ChainTest, DiscardedOnesAreReplacedOnce) {
    CredentialChain chain(world_.surroundings(), nullptr);
    const Credentials first = chain.get();
    chain.discard(first);
    EXPECT_EQ(chain.get().access_key_id, "A2");
    chain.discard(first);  // another thread, late
    EXPECT_EQ(chain.get().access_key_id, "A2");
}

TEST_F(ChainTest, TheEnvironmentComesFirst) {
    world_.variables["AWS_ACCESS_KEY_ID"] = "E";
    world_.variables["AWS_SECRET_ACCESS_KEY"] = "e";
    CredentialChain chain(world_.surroundings(), nullptr);
    EXPECT_EQ(chain.get().access_key_id, "E");
    EXPECT_EQ(count_, 0);
}

TEST(Chain, WithoutAnySaysWhatToDo) {
    Home home;
    CredentialChain chain(home.world.surroundings(), nullptr);
    expect_error([&] { chain.get(); }, ErrorCode::permission,
                 {"no AWS credentials were found", "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "a role"});
    home.world.variables["AWS_EC2_METADATA_SERVICE_ENDPOINT"] = "http://127.0.0.1:1";
    CredentialChain asking(home.world.surroundings(), std::make_shared<InstanceMetadata>(home.world.surroundings()));
    expect_error([&] { asking.get(); }, ErrorCode::permission, {"no AWS credentials were found", "127.0.0.1:1"});
}

}  // namespace
}  // namespace ft::aws
