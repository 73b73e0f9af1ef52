#include "agent/machine.h"

#include <gtest/gtest.h>

#include <atomic>

#include "agent/notice_watch.h"
#include "agent/power_off.h"
#include "agent/price.h"
#include "aws/testing/test_session.h"
#include "base/error.h"
#include "jobs/memory/manual_clock.h"

namespace ft {
namespace {

using aws::testing::MadeUpWorld;

/// The metadata service as a function; what is not in `entries` is not there.
class MachineTest : public ::testing::Test {
  protected:
    aws::InstanceMetadata metadata() {
        return aws::InstanceMetadata(world_.surroundings(), [this](const HttpRequest& request) {
            HttpResponse response;
            if (down) {
                response.failure = HttpFailure::unreachable;
                return response;
            }
            response.status = 200;
            if (request.method == "PUT") {
                response.body = "token";
                return response;
            }
            const auto found = entries.find(request.url.substr(request.url.find("/latest/") + 8));
            response.status = found == entries.end() ? 404 : 200;
            if (found != entries.end()) response.body = found->second;
            return response;
        });
    }

    std::map<std::string, std::string> entries = {{"meta-data/instance-id", "i-1"},
                                                  {"meta-data/instance-type", "g4dn.xlarge"},
                                                  {"meta-data/placement/availability-zone", "eu-north-1a"},
                                                  {"meta-data/instance-life-cycle", "spot"},
                                                  {"meta-data/ami-id", "ami-1"},
                                                  {"meta-data/tags/instance", "JobId\nLaunchSeq"},
                                                  {"meta-data/tags/instance/JobId", "job_1"},
                                                  {"meta-data/tags/instance/LaunchSeq", "3"}};
    bool down = false;
    MadeUpWorld world_;
};

TEST_F(MachineTest, ReadsWhatItWasLaunchedFor) {
    auto service = metadata();
    const Machine machine = read_machine(service);
    EXPECT_TRUE(machine.is_instance());
    EXPECT_EQ(machine.type, "g4dn.xlarge");
    EXPECT_EQ(machine.image_id, "ami-1");
    EXPECT_EQ(machine.job_id, "job_1");
    EXPECT_EQ(machine.launch_seq, 3);
}

TEST_F(MachineTest, OutsideOfEc2ThereIsNoInstance) {
    down = true;
    auto service = metadata();
    const Machine machine = read_machine(service);
    EXPECT_FALSE(machine.is_instance());
    EXPECT_EQ(machine.job_id, "");
}

TEST_F(MachineTest, TagsThatMakeNoSenseArePassedOver) {
    for (const auto& [name, value] :
         {std::pair("JobId", "../x"), std::pair("LaunchSeq", "-1"), std::pair("LaunchSeq", "many")}) {
        std::map<std::string, std::string> tags = {{"JobId", "job_1"}, {"LaunchSeq", "3"}};
        tags[name] = value;
        Machine machine;
        EXPECT_THROW(read_job_tags(tags, machine), Error) << name;
        EXPECT_EQ(machine.job_id, "");
    }
    entries["meta-data/tags/instance/JobId"] = "a b";
    entries.erase("meta-data/instance-type");
    auto service = metadata();
    const Machine machine = read_machine(service);
    EXPECT_TRUE(machine.is_instance());
    EXPECT_EQ(machine.job_id, "");
    EXPECT_EQ(machine.type, "");
}

TEST_F(MachineTest, NoticesAreToldOnce) {
    entries["meta-data/events/recommendations/rebalance"] = R"({"noticeTime":"2026-02-28T12:00:00Z"})";
    auto service = metadata();
    const ManualClock clock;
    std::atomic<int> spots{0}, rebalances{0};
    {
        const NoticeWatch watch(service, clock,
                                {[&](const aws::SpotNotice& notice) {
                                     EXPECT_EQ(notice.action, "terminate");
                                     ++spots;
                                 },
                                 [&] { ++rebalances; }});
        for (int i = 0; i < 2000 && rebalances == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(rebalances, 1);
    EXPECT_EQ(spots, 0);
    entries["meta-data/spot/instance-action"] = R"({"action":"terminate","time":"2026-02-28T12:02:00Z"})";
    const NoticeWatch watch(service, clock, {[&](const aws::SpotNotice&) { ++spots; }, [&] { ++rebalances; }});
    for (int i = 0; i < 2000 && spots == 0; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(spots, 1);
}

TEST_F(MachineTest, APriceIsGivenOrNotKnown) {
    EXPECT_EQ(find_price({0.5, ""}, {}, nullptr), 0.5);
    EXPECT_EQ(find_price({{}, ""}, {}, nullptr), std::nullopt);
    for (const char* text : {"", "x", "-1", "0", "nan", "inf", "99999"})
        EXPECT_EQ(parse_price(text), std::nullopt) << text;
    EXPECT_EQ(parse_price("0.1578"), 0.1578);
}

TEST_F(MachineTest, ASpotPriceIsThatOfTypeAndZone) {
    Machine machine;
    machine.instance_id = "i-1";
    machine.type = "g4dn.xlarge";
    machine.zone = "eu-north-1a";
    machine.life_cycle = "spot";
    const auto item = [](const std::string& type, const std::string& zone, const std::string& price) {
        return "<item><instanceType>" + type + "</instanceType><availabilityZone>" + zone +
               "</availabilityZone><spotPrice>" + price + "</spotPrice></item>";
    };
    const auto answer = [](const std::string& items) {
        return aws::testing::reply(200, "<DescribeSpotPriceHistoryResponse><spotPriceHistorySet>" + items +
                                            "</spotPriceHistorySet></DescribeSpotPriceHistoryResponse>");
    };
    aws::testing::ServiceFixture service(std::vector<aws::testing::TestReply>{
        answer(item("g4dn.xlarge", "eu-north-1b", "9") + item("g4dn.xlarge", "eu-north-1a", "0.157800")),
        answer(item("g4dn.xlarge", "eu-north-1a", "free")), aws::testing::reply(403, "")});
    const auto session = service.session();
    EXPECT_EQ(find_price({{}, ""}, machine, session), 0.1578);
    EXPECT_EQ(find_price({{}, ""}, machine, session), std::nullopt);
    EXPECT_EQ(find_price({{}, ""}, machine, session), std::nullopt);
}

TEST(PowerOff, RunsACommandWithoutAShell) {
    EXPECT_EQ(parse_power_off("none"), std::vector<std::string>{});
    EXPECT_EQ(parse_power_off(" systemctl  poweroff "), (std::vector<std::string>{"systemctl", "poweroff"}));
    EXPECT_TRUE(power_off({}));
    EXPECT_TRUE(power_off({"true", ";", "false"}));
    EXPECT_FALSE(power_off({"false"}));
    EXPECT_FALSE(power_off({"/nonexistent/poweroff"}));
    EXPECT_FALSE(power_off({"sleep", "1"}, 20));
}

}  // namespace
}  // namespace ft
