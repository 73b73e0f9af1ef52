#include "aws/ec2_client.h"

#include <gtest/gtest.h>

#include "aws/encoding.h"
#include "aws/service_error.h"
#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"
#include "aws/times.h"

namespace ft::aws {
namespace {

using namespace testing;

bool sends(ServiceFixture& fixture, const std::string& field) {
    return ("&" + form_decode(fixture.last().body) + "&").find("&" + field + "&") != std::string::npos;
}

std::string ec2_error(const std::string& code) {
    return "<Response><Errors><Error><Code>" + code +
           "</Code><Message>m</Message></Error></Errors><RequestID>R</RequestID></Response>";
}

FleetRequest fleet_request() {
    FleetRequest request;
    request.client_token = "job-1-1";
    request.launch_template = "lt-1";
    request.choices = {{"g4dn.xlarge", "subnet-a"}, {"g4dn.xlarge", "subnet-b"}};
    request.instance_tags = {{"JobId", "job 1"}};
    return request;
}

TEST(Ec2, AFleetTellsWhatItGotAndWhatNot) {
    ServiceFixture fixture({reply(200, R"(<CreateFleetResponse><fleetId>fleet-1</fleetId>
        <errorSet><item><errorCode>InsufficientInstanceCapacity</errorCode><errorMessage>none left</errorMessage>
        <launchTemplateAndOverrides><overrides><instanceType>g4dn.xlarge</instanceType><subnetId>subnet-a</subnetId></overrides>
        </launchTemplateAndOverrides></item></errorSet>
        <fleetInstanceSet><item><instanceIds><item>i-1</item></instanceIds><instanceType>g4dn.xlarge</instanceType>
        <lifecycle>spot</lifecycle></item></fleetInstanceSet></CreateFleetResponse>)")});
    const FleetResult result = Ec2Client(fixture.session()).create_fleet(fleet_request());
    EXPECT_EQ(result.fleet_id, "fleet-1");
    ASSERT_EQ(result.launched.size(), 1U);
    EXPECT_EQ(result.launched[0].instance_id, "i-1");
    EXPECT_EQ(result.launched[0].life_cycle, "spot");
    ASSERT_EQ(result.failures.size(), 1U);
    EXPECT_EQ(result.failures[0].code, "InsufficientInstanceCapacity");
    EXPECT_EQ(result.failures[0].subnet_id, "subnet-a");
    for (const char* field :
         {"Action=CreateFleet", "Type=instant", "ClientToken=job-1-1",
          "LaunchTemplateConfigs.1.LaunchTemplateSpecification.LaunchTemplateId=lt-1",
          "LaunchTemplateConfigs.1.Overrides.2.SubnetId=subnet-b", "TargetCapacitySpecification.SpotTargetCapacity=1",
          "SpotOptions.AllocationStrategy=price-capacity-optimized", "TagSpecification.1.ResourceType=instance",
          "TagSpecification.1.Tag.1.Value=job 1"}) {
        EXPECT_TRUE(sends(fixture, field)) << field;
    }
    EXPECT_TRUE(is_signed_rightly(fixture.last(), "ec2", "eu-north-1", kTestSecret));
}

TEST(Ec2, ALostReplyIsAskedAgainWithTheSameToken) {
    ServiceFixture fixture(
        {lost_reply(), reply(200, "<CreateFleetResponse><fleetId>f</fleetId></CreateFleetResponse>")});
    Ec2Client(fixture.session()).create_fleet(fleet_request());
    ASSERT_EQ(fixture.server().requests().size(), 2U);
    EXPECT_EQ(fixture.server().requests()[0].body, fixture.server().requests()[1].body);
}

TEST(Ec2, ALaunchWithoutATokenIsRefused) {
    ServiceFixture fixture({reply(200)});
    Ec2Client client(fixture.session());
    FleetRequest fleet = fleet_request();
    fleet.client_token.clear();
    expect_error([&] { client.create_fleet(fleet); }, ErrorCode::invalid_argument, {"a client token is missing"});
    fleet = fleet_request();
    fleet.choices.clear();
    expect_error([&] { client.create_fleet(fleet); }, ErrorCode::invalid_argument, {"to choose from"});
    InstanceRequest instance;
    instance.image_id = "ami-1";
    expect_error([&] { client.run_instance(instance); }, ErrorCode::invalid_argument, {"a client token"});
    instance.client_token = "t";
    instance.user_data = std::string(16385, 'x');
    expect_error([&] { client.run_instance(instance); }, ErrorCode::invalid_argument, {"16384"});
    EXPECT_TRUE(fixture.server().requests().empty());
}

TEST(Ec2, AnInstanceIsLaunchedClosed) {
    ServiceFixture fixture({reply(200,
                                  "<RunInstancesResponse><instancesSet><item><instanceId>i-9</instanceId></item>"
                                  "</instancesSet></RunInstancesResponse>"),
                            reply(200, "<RunInstancesResponse/>")});
    Ec2Client client(fixture.session());
    InstanceRequest request;
    request.client_token = "t";
    request.image_id = "ami-1";
    request.user_data = "#!/bin/bash\n";
    request.root_volume_gib = 30;
    EXPECT_EQ(client.run_instance(request), "i-9");
    for (const char* field : {"MetadataOptions.HttpTokens=required", "MetadataOptions.HttpPutResponseHopLimit=1",
                              "InstanceInitiatedShutdownBehavior=terminate", "UserData=IyEvYmluL2Jhc2gK",
                              "BlockDeviceMapping.1.Ebs.VolumeSize=30"}) {
        EXPECT_TRUE(sends(fixture, field)) << field;
    }
    expect_error([&] { client.run_instance(request); }, ErrorCode::network, {"without an instance"});
}

TEST(Ec2, AllPagesOfInstancesAreRead) {
    ServiceFixture fixture([](const TestRequest& request) {
        const bool second = request.body.find("NextToken=n1") != std::string::npos;
        const std::string id = second ? "i-2" : "i-1", next = second ? "" : "<nextToken>n1</nextToken>";
        return reply(200,
                     "<DescribeInstancesResponse><reservationSet><item><instancesSet><item><instanceId>" + id +
                         "</instanceId><instanceState><code>16</code><name>running</name></instanceState>"
                         "<launchTime>2015-08-30T12:36:00.000Z</launchTime><instanceLifecycle>spot</instanceLifecycle>"
                         "<placement><availabilityZone>eu-north-1a</availabilityZone></placement>"
                         "<tagSet><item><key>JobId</key><value>j</value></item></tagSet></item></instancesSet></item>"
                         "</reservationSet>" +
                         next + "</DescribeInstancesResponse>");
    });
    const std::vector<Instance> found = Ec2Client(fixture.session()).describe_instances({{"tag:JobId", {"j", "k"}}});
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(found[1].id, "i-2");
    EXPECT_EQ(found[0].state, "running");
    EXPECT_EQ(found[0].zone, "eu-north-1a");
    EXPECT_EQ(found[0].tags.at("JobId"), "j");
    EXPECT_EQ(found[0].launched, parse_iso_time("2015-08-30T12:36:00Z"));
    EXPECT_TRUE(sends(fixture, "Filter.1.Value.2=k"));
}

TEST(Ec2, ErrorsComeInAllClothes) {
    ServiceFixture fixture(
        {reply(200, ec2_error("InvalidInstanceID.NotFound")), reply(403, ec2_error("UnauthorizedOperation")),
         reply(200, "<html><body>Sorry</body></html>"), reply(503, "<html>", {{"Content-Type", "text/html"}}),
         reply(200,
               "<TerminateInstancesResponse><instancesSet><item><instanceId>i-1</instanceId>"
               "<currentState><name>shutting-down</name></currentState></item></instancesSet>"
               "</TerminateInstancesResponse>")});
    Ec2Client client(fixture.session());
    const auto terminate = [&] { client.terminate_instances({"i-1"}); };
    expect_error(terminate, ErrorCode::not_found,
                 {"EC2 TerminateInstances (i-1): InvalidInstanceID.NotFound (HTTP 200"});
    expect_error(terminate, ErrorCode::permission, {"UnauthorizedOperation", "policy"});
    expect_error(terminate, ErrorCode::network, {"not EC2's answer"});
    EXPECT_EQ(client.terminate_instances({"i-1"}).at("i-1"), "shutting-down");
    const size_t asked = fixture.server().requests().size();
    EXPECT_TRUE(client.terminate_instances({}).empty());
    client.create_tags({}, {{"a", "b"}});
    EXPECT_EQ(fixture.server().requests().size(), asked);
}

TEST(Ec2, ImagesAreMadeOnceAndRemovedOnce) {
    const std::string images =
        "<DescribeImagesResponse><imagesSet><item><imageId>ami-2</imageId><name>n</name><imageState>available</"
        "imageState>"
        "<creationDate>2026-01-31T12:00:00.000Z</creationDate><blockDeviceMapping><item><ebs><snapshotId>snap-1</"
        "snapshotId>"
        "</ebs></item><item><virtualName>ephemeral0</virtualName></item></blockDeviceMapping></item></imagesSet>"
        "</DescribeImagesResponse>";
    ServiceFixture fixture({lost_reply(), reply(400, ec2_error("InvalidAMIName.Duplicate")), reply(200, images),
                            reply(400, ec2_error("InvalidAMIName.Duplicate")), reply(200, images),
                            reply(400, ec2_error("InvalidAMIID.NotFound")),
                            reply(400, ec2_error("InvalidSnapshot.NotFound")),
                            reply(400, ec2_error("InvalidSnapshot.InUse"))});
    Ec2Client client(fixture.session());
    ImageRequest request;
    request.instance_id = "i-1";
    request.name = "n";
    request.snapshot_tags = {{"a", "b"}};
    EXPECT_EQ(client.create_image(request), "ami-2");
    EXPECT_NE(fixture.server().requests().at(0).body.find("TagSpecification.1.ResourceType=snapshot"),
              std::string::npos);
    EXPECT_THROW(client.create_image(request), AwsError);
    const std::vector<Image> found = client.describe_images({});
    ASSERT_EQ(found.size(), 1U);
    EXPECT_EQ(found[0].snapshots, std::vector<std::string>{"snap-1"});
    EXPECT_EQ(found[0].state, "available");
    client.deregister_image("ami-2");
    client.delete_snapshot("snap-1");
    EXPECT_THROW(client.delete_snapshot("snap-1"), AwsError);
}

}  // namespace
}  // namespace ft::aws
