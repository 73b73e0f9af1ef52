#include "cloud/process_upload.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "cloud/testing/fakes.h"
#include "cloud/upload_key.h"

namespace ft::cloud {
namespace {

using nlohmann::json;

json message(const std::string& id, const std::string& body) {
    return {{"messageId", id}, {"body", body}};
}

/// `key` as S3 writes it into events.
json put_message(const std::string& id, const std::string& key, const std::string& version = "v1") {
    const json object = {{"key", key}, {"versionId", version}};
    const json record = {{"eventName", "ObjectCreated:Put"}, {"s3", {{"bucket", {{"name", "b"}}}, {"object", object}}}};
    return message(id, json{{"Records", {record}}}.dump());
}

class ProcessUpload : public ::testing::Test {
  protected:
    /// The ids of the messages that are to come again.
    std::vector<std::string> process(std::vector<json> messages) {
        const std::string answer =
            process_uploads(cloud.intake, cloud.launcher, json{{"Records", std::move(messages)}}.dump());
        const json failures = json::parse(answer).at("batchItemFailures");
        std::vector<std::string> ids;
        for (const json& failure : failures) ids.push_back(failure.at("itemIdentifier"));
        return ids;
    }

    testing::FakeCloud cloud;
};

TEST_F(ProcessUpload, ARecordingBecomesAJobAndAMachine) {
    const std::string id = cloud.put_direct("transcription_upload/a.wav");
    EXPECT_TRUE(process({put_message("m1", "transcription_upload/a.wav")}).empty());
    const auto job = cloud.store.get(id);
    ASSERT_TRUE(job);
    EXPECT_EQ(job->state, JobState::launching);
    EXPECT_EQ(job->input.uri, "s3://b/transcription_upload/a.wav");
    EXPECT_EQ(job->input.version, "v1");
    EXPECT_EQ(job->input.size_bytes, 100);
    ASSERT_EQ(cloud.machines.machines.size(), 1U);
    EXPECT_EQ(cloud.machines.requests[0].instance_tags.at(job_tag), id);
}

TEST_F(ProcessUpload, TheSameEventTwiceIsOneJobAndOneMachine) {
    cloud.put_direct("transcription_upload/a.wav");
    for (int i = 0; i < 3; ++i)
        process({put_message("m1", "transcription_upload/a.wav"), put_message("m2", "transcription_upload/a.wav")});
    EXPECT_EQ(cloud.jobs().size(), 1U);
    EXPECT_EQ(cloud.machines.machines.size(), 1U);
}

TEST_F(ProcessUpload, KeysAreDecoded) {
    const std::string key = "transcription_upload/cb-1/möte 1+2.wav";
    cloud.put_direct(key);
    cloud.uploads.texts[callback_key("cb-1")] =
        R"({"url":"https://example.org/hook","types":["transcription.completed"]})";
    EXPECT_TRUE(process({put_message("m1", "transcription_upload%2Fcb-1%2Fm%C3%B6te+1%2B2.wav")}).empty());
    const Job job = cloud.only_job();
    EXPECT_EQ(job.input.name, "möte 1+2.wav");
    EXPECT_EQ(job.callback.url, "https://example.org/hook");
    EXPECT_EQ(job.callback.types.size(), 1U);
}

TEST_F(ProcessUpload, ABrokenRegistrationCostsTheCallbackOnly) {
    for (const char* text : {"", "{", R"({"url":"http://127.0.0.1/x"})", R"({"url":7})"}) {
        const std::string key = "transcription_upload/cb-1/" + std::to_string(cloud.jobs().size()) + ".wav";
        cloud.put_direct(key);
        cloud.uploads.texts[callback_key("cb-1")] = text;
        EXPECT_TRUE(process({put_message("m1", key)}).empty()) << text;
    }
    EXPECT_EQ(cloud.jobs().size(), 4U);
    for (const Job& job : cloud.jobs()) EXPECT_EQ(job.callback.url, "");
}

TEST_F(ProcessUpload, WhatIsNoRecordingIsPassedOver) {
    cloud.put_direct("transcription_upload/folder/");
    cloud.put_direct("results/a.txt");
    json other = put_message("m5", "transcription_upload/a.wav");
    other["body"] = json{{"Records", {{{"eventName", "ObjectRemoved:Delete"}}}}}.dump();
    json foreign = put_message("m6", "transcription_upload/a.wav");
    foreign["body"] =
        json{{"Records",
              {{{"eventName", "ObjectCreated:Put"},
                {"s3", {{"bucket", {{"name", "other"}}}, {"object", {{"key", "transcription_upload/a.wav"}}}}}}}}}
            .dump();
    EXPECT_TRUE(process({message("m1", R"({"Service":"Amazon S3","Event":"s3:TestEvent"})"), message("m2", "{"),
                         message("m3", "[]"), message("m4", R"({"Records":[7,null,{"s3":[]}]})"), other, foreign,
                         put_message("m7", "transcription_upload/folder/"), put_message("m8", "results/a.txt"),
                         put_message("m9", "transcription_upload/gone.wav")})
                    .empty());
    EXPECT_TRUE(cloud.jobs().empty());
    EXPECT_TRUE(cloud.machines.requests.empty());
    EXPECT_THROW(process_uploads(cloud.intake, cloud.launcher, "{}"), Error);
}

TEST_F(ProcessUpload, WhatCannotBeLookedAtComesAgain) {
    cloud.put_direct("transcription_upload/a.wav");
    cloud.uploads.is_down = true;
    EXPECT_EQ(process({put_message("m1", "transcription_upload/a.wav"), message("m2", "{")}),
              std::vector<std::string>{"m1"});
    cloud.uploads.is_down = false;
    cloud.machines.is_down = true;
    EXPECT_EQ(process({put_message("m1", "transcription_upload/a.wav")}).size(), 1U);
    EXPECT_EQ(cloud.jobs().size(), 1U);
    cloud.machines.is_down = false;
    EXPECT_TRUE(process({put_message("m1", "transcription_upload/a.wav")}).empty());
    EXPECT_EQ(cloud.machines.machines.size(), 1U);
}

TEST_F(ProcessUpload, ALostReplyLaunchesNoSecondMachine) {
    cloud.put_direct("transcription_upload/a.wav");
    cloud.machines.loses_answers = true;
    EXPECT_EQ(process({put_message("m1", "transcription_upload/a.wav")}).size(), 1U);
    cloud.machines.loses_answers = false;
    // As long as EC2 does not list it, the same is asked for with the same token.
    const std::vector<Machine> listed = std::exchange(cloud.machines.machines, {});
    cloud.machines.machines = {{"i-other", "terminated", 0, "job_x", 1}};
    EXPECT_TRUE(process({put_message("m1", "transcription_upload/a.wav")}).empty());
    ASSERT_EQ(cloud.machines.requests.size(), 2U);
    EXPECT_EQ(cloud.machines.requests[0].client_token, cloud.machines.requests[1].client_token);
    EXPECT_EQ(cloud.machines.machines.size(), 1U);
    cloud.machines.machines = listed;
    EXPECT_TRUE(process({put_message("m1", "transcription_upload/a.wav")}).empty());
    EXPECT_EQ(cloud.machines.requests.size(), 2U);
}

TEST_F(ProcessUpload, TenUploadsCostOneMachine) {
    std::vector<json> messages;
    for (int i = 0; i < 10; ++i) {
        const std::string key = "transcription_upload/" + std::to_string(i) + ".wav";
        cloud.put_direct(key);
        messages.push_back(put_message(std::to_string(i), key));
    }
    process(messages);
    EXPECT_EQ(cloud.jobs().size(), 10U);
    EXPECT_EQ(cloud.machines.machines.size(), 1U);
}

TEST_F(ProcessUpload, NoMachineIsPaidForWhatCannotBeTranscribed) {
    const std::string empty = cloud.put_direct("transcription_upload/empty.wav", "v1", 0);
    const std::string large = cloud.put_direct("transcription_upload/large.wav", "v1", 2000000);
    process({put_message("m1", "transcription_upload/empty.wav"), put_message("m2", "transcription_upload/large.wav")});
    process({});
    EXPECT_EQ(cloud.store.get(empty)->state, JobState::failed);
    EXPECT_EQ(cloud.store.get(empty)->error.code, "bad_media");
    EXPECT_EQ(cloud.store.get(large)->state, JobState::failed);
    EXPECT_TRUE(cloud.machines.requests.empty());
}

TEST_F(ProcessUpload, ARecordingThatIsReplacedIsAnotherJob) {
    const std::string first = cloud.put_direct("transcription_upload/a.wav", "v1");
    process({put_message("m1", "transcription_upload/a.wav", "v1")});
    const std::string second = cloud.put_direct("transcription_upload/a.wav", "v2");
    process(
        {put_message("m2", "transcription_upload/a.wav", "v2"), put_message("m3", "transcription_upload/a.wav", "v1")});
    EXPECT_NE(first, second);
    EXPECT_TRUE(cloud.store.get(first));
    EXPECT_TRUE(cloud.store.get(second));
    EXPECT_EQ(cloud.jobs().size(), 2U);
}

TEST_F(ProcessUpload, NoCapacityEndsOnDemandOrLater) {
    cloud.settings.on_demand = OnDemand::on_no_capacity;
    const std::string id = cloud.put_direct("transcription_upload/a.wav");
    cloud.machines.answer = [](const aws::FleetRequest& request) -> std::optional<aws::FleetResult> {
        aws::FleetResult none;
        none.failures.push_back({"InsufficientInstanceCapacity", "none", "g4dn.xlarge", "subnet-a"});
        return request.spot ? std::optional(none) : std::nullopt;
    };
    EXPECT_TRUE(process({put_message("m1", "transcription_upload/a.wav")}).empty());
    ASSERT_EQ(cloud.machines.requests.size(), 2U);
    EXPECT_TRUE(cloud.machines.requests[0].spot);
    EXPECT_FALSE(cloud.machines.requests[1].spot);
    EXPECT_NE(cloud.machines.requests[0].client_token, cloud.machines.requests[1].client_token);
    EXPECT_EQ(cloud.store.get(id)->launch_seq, 2);

    cloud.settings.on_demand = OnDemand::never;
    const std::string other = cloud.put_direct("transcription_upload/b.wav");
    cloud.settings.jobs_per_instance = 1;
    process({put_message("m2", "transcription_upload/b.wav")});
    EXPECT_EQ(cloud.store.get(other)->state, JobState::retry_wait);
    EXPECT_EQ(cloud.store.get(other)->error.code, "no_capacity");
    EXPECT_EQ(cloud.machines.requests.size(), 3U);
}

}  // namespace
}  // namespace ft::cloud
