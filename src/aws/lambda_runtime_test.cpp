#include "aws/lambda_runtime.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "aws/testing/expect_error.h"
#include "aws/testing/test_session.h"
#include "base/log.h"

namespace ft::aws {
namespace {

using namespace testing;

/// A runtime interface that gives `events` one after the other, and then ends the loop.
class LambdaTest : public ::testing::Test {
  protected:
    LambdaTest()
        : server_([this](const TestRequest& request) {
              if (request.path == "/2018-06-01/runtime/invocation/next") {
                  if (next_faults_ > 0) {
                      --next_faults_;
                      return reply(500, "");
                  }
                  ++given_;
                  return reply(200, event_,
                               {{"Lambda-Runtime-Aws-Request-Id", "id-" + std::to_string(given_)},
                                {"Lambda-Runtime-Deadline-Ms", "1772280003000"},
                                {"Lambda-Runtime-Invoked-Function-Arn", "arn"}});
              }
              if (post_faults_ > 0) {
                  --post_faults_;
                  return lost_reply();
              }
              return reply(202, "");
          }) {
        world_.variables["AWS_LAMBDA_RUNTIME_API"] = server_.server().url().substr(7);
    }

    void run(const LambdaHandler& handler, int events = 1) {
        LambdaLoop loop;
        loop.surroundings = world_.surroundings();
        loop.keep_on = [this, events] { return given_ < events; };
        run_lambda(handler, loop);
    }

    MadeUpWorld world_;
    std::string event_ = R"({"canary":"in the event"})";
    std::atomic<int> given_{0}, next_faults_{0}, post_faults_{0};
    ServiceFixture server_;
};

TEST_F(LambdaTest, AnswersEachEvent) {
    run(
        [](const Invocation& invocation) {
            EXPECT_EQ(invocation.payload, R"({"canary":"in the event"})");
            EXPECT_EQ(invocation.deadline, TimePoint(std::chrono::seconds(kTestTime_s + 3)));
            EXPECT_EQ(invocation.function_arn, "arn");
            return "{\"for\":\"" + invocation.request_id + "\"}";
        },
        2);
    EXPECT_EQ(server_.server().count("POST", "/invocation/id-1/response"), 1);
    EXPECT_EQ(server_.last().path, "/2018-06-01/runtime/invocation/id-2/response");
    EXPECT_EQ(server_.last().body, R"({"for":"id-2"})");
}

TEST_F(LambdaTest, FailuresAreReportedAndTheLoopGoesOn) {
    std::ostringstream written;
    const auto before = spdlog::default_logger();
    spdlog::set_default_logger(
        std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_st>(written)));
    int count = 0;
    run(
        [&](const Invocation& invocation) -> std::string {
            switch (++count) {
                case 1:
                    throw Error(ErrorCode::not_found, "no such job; check its id");
                case 2:
                    throw std::runtime_error("parse error in " + invocation.payload);
                case 3:
                    throw 7;
                default:
                    return std::string((size_t{6} << 20) + 1, 'x');
            }
        },
        4);
    spdlog::set_default_logger(before);
    std::vector<nlohmann::json> errors;
    for (const TestRequest& request : server_.server().requests()) {
        if (request.method != "POST") continue;
        EXPECT_NE(request.path.find("/error"), std::string::npos);
        errors.push_back(nlohmann::json::parse(request.body));
        EXPECT_EQ(request.headers.at("lambda-runtime-function-error-type"), errors.back().at("errorType"));
    }
    ASSERT_EQ(errors.size(), 4U);
    EXPECT_EQ(errors[0].at("errorType"), "not_found");
    EXPECT_EQ(errors[0].at("errorMessage"), "no such job; check its id");
    EXPECT_EQ(errors[1].at("errorType"), "internal");
    EXPECT_EQ(errors[2].at("errorType"), "internal");
    EXPECT_EQ(errors[3].at("errorType"), "too_large");
    for (const nlohmann::json& error : errors) EXPECT_EQ(error.dump().find("canary"), std::string::npos) << error;
    EXPECT_NE(written.str().find("id-1"), std::string::npos);
    EXPECT_EQ(written.str().find("canary"), std::string::npos) << written.str();
}

TEST_F(LambdaTest, TheAnswerIsPostedUntilItArrives) {
    post_faults_ = 2;
    run([](const Invocation&) { return "{}"; });
    EXPECT_EQ(server_.server().count("POST", "/response"), 3);
    EXPECT_EQ(world_.waits().size(), 2U);
}

TEST_F(LambdaTest, ASmallTroubleOfTheInterfaceIsBorne) {
    next_faults_ = 3;
    run([](const Invocation&) { return "{}"; });
    EXPECT_EQ(server_.server().count("POST", "/response"), 1);
    given_ = 0;
    next_faults_ = 1000;
    expect_error([&] { run([](const Invocation&) { return "{}"; }); }, ErrorCode::network,
                 {"gives no events", "HTTP 500"});
}

TEST_F(LambdaTest, AStartFailureIsTold) {
    LambdaLoop loop;
    loop.surroundings = world_.surroundings();
    report_lambda_start_failure("permission", "no table", loop);
    EXPECT_EQ(server_.last().path, "/2018-06-01/runtime/init/error");
    EXPECT_EQ(nlohmann::json::parse(server_.last().body).at("errorMessage"), "no table");
}

TEST(Lambda, OutsideOfItSaysSo) {
    MadeUpWorld world;
    LambdaLoop loop;
    loop.surroundings = world.surroundings();
    expect_error([&] { run_lambda([](const Invocation&) { return ""; }, loop); }, ErrorCode::unsupported,
                 {"AWS_LAMBDA_RUNTIME_API"});
    report_lambda_start_failure("x", "y", loop);
}

}  // namespace
}  // namespace ft::aws
