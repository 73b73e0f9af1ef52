#include "cloud/cloud_api.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/base64.h"
#include "cloud/testing/fakes.h"

namespace ft::cloud {
namespace {

using nlohmann::json;

ClaimRequest by(const std::string& owner) {
    ClaimRequest request;
    request.owner = owner;
    return request;
}

class CloudApi : public ::testing::Test {
  protected:
    struct Answer {
        int status = 0;
        json headers, body;
    };
    Answer ask(const std::string& method, const std::string& path, const json& body = nullptr,
               json headers = json::object(), const std::string& query = "", const std::string& who = "arn:user/a") {
        json event = {{"version", "2.0"}, {"rawPath", path}, {"rawQueryString", query}, {"headers", headers}};
        event["requestContext"] = {
            {"stage", "$default"}, {"http", {{"method", method}}}, {"authorizer", {{"iam", {{"userArn", who}}}}}};
        if (!body.is_null()) {
            event["body"] = to_base64(body.dump());
            event["isBase64Encoded"] = true;
        }
        const json answer = json::parse(answer_gateway(router, event.dump()));
        return {answer.at("statusCode"), answer.at("headers"), json::parse(answer.at("body").get<std::string>())};
    }
    Answer post(const std::string& key = "", const std::string& who = "arn:user/a",
                const std::string& name = "möte.wav") {
        json headers = json::object();
        if (!key.empty()) headers["Idempotency-Key"] = key;
        return ask("POST", "/v1/jobs", {{"name", name}, {"size_bytes", 77}}, headers, "", who);
    }

    testing::FakeCloud cloud;
    Router router{cloud_routes({cloud.store, cloud.uploads, cloud.links, cloud.clock, cloud.settings, cloud.rules})};
};

TEST_F(CloudApi, AJobIsMadeBeforeItsRecording) {
    const Answer made = post();
    EXPECT_EQ(made.status, 201);
    const std::string id = made.body.at("job").at("job_id");
    EXPECT_EQ(made.body.at("job").at("state"), "queued");
    EXPECT_EQ(made.body.at("upload").at("fields").at("key"), "transcription_upload/api/" + id + "/möte.wav");
    EXPECT_EQ(made.body.at("upload").at("fields").at("longest"), "77");
    EXPECT_EQ(made.headers.at("location"), "/v1/jobs/" + id);
    EXPECT_EQ(made.body.dump().find("s3://"), std::string::npos);
    EXPECT_FALSE(cloud.store.claim(by("early")));
    EXPECT_EQ(cloud.launcher.run().launched, 0);

    const std::string key = "transcription_upload/api/" + id + "/möte.wav";
    cloud.uploads.put(key, 77, "v1");
    EXPECT_EQ(take_upload(cloud.intake, key, "v1"), Taken::made);
    EXPECT_EQ(take_upload(cloud.intake, key, "v1"), Taken::known);
    EXPECT_EQ(cloud.jobs().size(), 1U);
    EXPECT_TRUE(cloud.store.claim(by("worker")));
    EXPECT_EQ(ask("GET", "/v1/jobs/" + id).body.at("state"), "running");
}

TEST_F(CloudApi, AnIdempotencyKeyIsOnesOwn) {
    const Answer first = post("k"), again = post("k"), other = post("k", "arn:user/b");
    EXPECT_EQ(first.body.at("job").at("job_id"), again.body.at("job").at("job_id"));
    EXPECT_EQ(again.headers.at("idempotent-replayed"), "true");
    EXPECT_EQ(again.body.at("upload").at("fields"), first.body.at("upload").at("fields"));
    EXPECT_NE(other.body.at("job").at("job_id"), first.body.at("job").at("job_id"));
    const Answer conflict = post("k", "arn:user/a", "other.wav");
    EXPECT_EQ(conflict.status, 409);
    EXPECT_EQ(conflict.body.at("error").at("code"), "idempotency_conflict");
    EXPECT_EQ(post(std::string(201, 'k')).status, 400);
}

TEST_F(CloudApi, WhatIsWrongIsSaid) {
    const std::vector<json> wrong = {json::array(),
                                     json::object(),
                                     {{"name", "a"}},
                                     {{"name", ""}, {"size_bytes", 1}},
                                     {{"name", "a"}, {"size_bytes", 0}},
                                     {{"name", "a"}, {"size_bytes", -1}},
                                     {{"name", "a"}, {"size_bytes", 1.5}},
                                     {{"name", "a"}, {"size_bytes", "1"}},
                                     {{"name", "a"}, {"size_bytes", 1000001}},
                                     {{"name", "a"}, {"size_bytes", 1}, {"more", 1}},
                                     {{"name", "a"}, {"size_bytes", 1}, {"options", {{"langage", "sv"}}}},
                                     {{"name", "a"}, {"size_bytes", 1}, {"callback", {{"url", "ftp://x"}}}}};
    for (const json& body : wrong) {
        const Answer answer = ask("POST", "/v1/jobs", body);
        EXPECT_EQ(answer.status, 400) << body;
        EXPECT_EQ(answer.body.at("error").at("code"), "invalid_argument") << body;
    }
    EXPECT_TRUE(cloud.jobs().empty());
    EXPECT_EQ(ask("GET", "/v1/nothing").status, 404);
    EXPECT_EQ(ask("DELETE", "/v1/jobs").status, 405);
    EXPECT_EQ(ask("GET", "/v1/jobs/job_none").body.at("error").at("code"), "no_such_job");
    for (const char* event : {"", "[]", "{}", "7"}) EXPECT_THROW(answer_gateway(router, event), Error) << event;
}

TEST_F(CloudApi, OptionsCallbackAndMetadataStay) {
    const Answer made = ask("POST", "/v1/jobs",
                            {{"name", "a.wav"},
                             {"size_bytes", 5},
                             {"options", {{"language", "sv"}}},
                             {"callback", {{"url", "https://example.org/h"}, {"types", {"transcription.completed"}}}},
                             {"metadata", {{"case", 7}}}});
    ASSERT_EQ(made.status, 201) << made.body;
    EXPECT_EQ(made.body.at("job").at("metadata").at("case"), 7);
    EXPECT_EQ(made.body.at("job").at("options").at("language"), "sv");
    EXPECT_EQ(cloud.only_job().callback.url, "https://example.org/h");
}

TEST_F(CloudApi, ResultsAreLinks) {
    const std::string id = cloud.put_direct("transcription_upload/a.b.wav");
    take_upload(cloud.intake, "transcription_upload/a.b.wav", "");
    EXPECT_EQ(ask("GET", "/v1/jobs/" + id + "/result").status, 409);
    const Job job = *cloud.store.claim(by("w"));
    JobResult result;
    result.prefix = result_prefix(id, job.fence);
    result.files = {"transcript.txt", "transcript.json"};
    cloud.store.commit(lease_of(job), result);
    const Answer link = ask("GET", "/v1/jobs/" + id + "/result", nullptr, json::object(), "format=txt");
    EXPECT_EQ(link.status, 302);
    EXPECT_EQ(link.headers.at("location"), link.body.at("url"));
    EXPECT_EQ(link.body.at("url"), "https://b.example/" + result.prefix + "transcript.txt?as=a.b.txt");
    EXPECT_EQ(ask("GET", "/v1/jobs/" + id + "/result", nullptr, json::object(), "format=srt").status, 400);
}

TEST_F(CloudApi, JobsAreListedCancelledAndRetried) {
    for (const char* name : {"a", "b", "c"}) {
        cloud.clock.advance(10);
        cloud.put_direct(std::string("transcription_upload/") + name);
        take_upload(cloud.intake, std::string("transcription_upload/") + name, "");
    }
    const Answer page = ask("GET", "/v1/jobs", nullptr, json::object(), "limit=2&state=queued%2Crunning");
    ASSERT_EQ(page.body.at("jobs").size(), 2U);
    const std::string id = page.body.at("jobs")[0].at("job_id");
    EXPECT_EQ(ask("POST", "/v1/jobs/" + id + "/cancel").body.at("state"), "cancelled");
    EXPECT_EQ(ask("POST", "/v1/jobs/" + id + "/retry").body.at("state"), "queued");
    EXPECT_EQ(ask("GET", "/v1/jobs/" + id + "/deliveries").body.at("deliveries").size(), 0U);
    EXPECT_EQ(ask("POST", "/v1/jobs/" + id + "/deliveries/replay").status, 200);
    EXPECT_EQ(ask("GET", "/v1/jobs", nullptr, json::object(), "limit=0").status, 400);
    EXPECT_EQ(ask("GET", "/v1/jobs", nullptr, json::object(), "state=%00").status, 400);
}

}  // namespace
}  // namespace ft::cloud
