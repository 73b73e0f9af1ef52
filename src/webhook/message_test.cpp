#include "webhook/message.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "jobs/memory/faults.h"
#include "jobs/memory/faulty_stores.h"
#include "jobs/memory/manual_clock.h"
#include "jobs/memory/memory_object_store.h"

namespace ft {
namespace {

using nlohmann::json;

class WebhookMessage : public ::testing::Test {
  protected:
    WebhookMessage() {
        job.id = "job_1";
        job.callback.url = "https://example.org/hook";
        job.metadata = R"({"meeting":7})";
        job.result.prefix = result_prefix(job.id, 3);
        job.result.files = {"transcript.txt", "transcript.srt"};
        job.result.model = "kb-whisper-small";
        options.public_url = "https://transcribe.example.org/api";
    }
    OutboxEvent event(std::string_view type) { return *make_event(job, type, clock.wall_ms()); }
    void put_text(std::string_view text) { objects.put(job.result.prefix + "transcript.txt", text); }
    json body(std::string_view type) { return json::parse(message_body(event(type), objects, options)); }

    Job job;
    ManualClock clock;
    MemoryObjectStore objects{clock};
    MessageOptions options;
};

TEST_F(WebhookMessage, CompletedCarriesTheTextAndLinks) {
    put_text("Räksmörgås, sade \"hon\".\n");
    const json message = body(event_completed);
    EXPECT_EQ(message.at("type"), "transcription.completed");
    const json& data = message.at("data");
    EXPECT_EQ(data.at("text"), "Räksmörgås, sade \"hon\".\n");
    EXPECT_EQ(data.at("links").at("job"), "https://transcribe.example.org/api/jobs/job_1");
    EXPECT_EQ(data.at("links").at("result"), "https://transcribe.example.org/api/jobs/job_1/result");
    EXPECT_EQ(data.at("formats"), json({"txt", "srt"}));
    EXPECT_EQ(data.at("metadata").at("meeting"), 7);
    EXPECT_EQ(data.at("model"), "kb-whisper-small");
    EXPECT_TRUE(data.at("timings").contains("finished"));
    EXPECT_EQ(message.dump().find("results/"), std::string::npos);  // where we keep things
}

TEST_F(WebhookMessage, TheWholeStaysUnderTheLimit) {
    for (const size_t length : {size_t{200} << 10, size_t{255} << 10, (size_t{256} << 10) - 100, size_t{1} << 20}) {
        put_text(std::string(length, 'a'));
        const std::string message = message_body(event(event_completed), objects, options);
        EXPECT_LT(message.size(), size_t{256} << 10);
        EXPECT_EQ(json::parse(message).at("data").contains("text"), length <= size_t{255} << 10) << length;
        EXPECT_TRUE(json::parse(message).at("data").at("links").contains("result"));
    }
    put_text(std::string(size_t{140} << 10, '\n'));  // two bytes each in JSON
    EXPECT_FALSE(body(event_completed).at("data").contains("text"));
}

TEST_F(WebhookMessage, TwoTriesSendTheSame) {
    put_text("hej");
    const OutboxEvent once = event(event_completed);
    const std::string first = message_body(once, objects, options);
    clock.advance(3600000);
    EXPECT_EQ(message_body(once, objects, options), first);
}

TEST_F(WebhookMessage, GoesWithoutATextThatCannotBeRead) {
    EXPECT_FALSE(body(event_completed).at("data").contains("text"));  // deleted
    put_text("hej");
    Faults faults;
    FaultyObjectStore faulty(objects, faults);
    for (const char* call : {"stat", "read"}) {
        faults.clear();
        faults.set(std::string(call), Fault::fails);
        const json message = json::parse(message_body(event(event_completed), faulty, options));
        EXPECT_FALSE(message.at("data").contains("text")) << call;
        EXPECT_TRUE(message.at("data").contains("links"));
    }
    job.result.files = {"transcript.srt"};
    EXPECT_FALSE(body(event_completed).at("data").contains("text"));
}

TEST_F(WebhookMessage, FailuresCarryCodeAndSentence) {
    job.error = {"bad_media", "möte.mp3: no audio was found in it"};
    for (const std::string_view type : {event_failed, event_dead}) {
        const json message = body(type);
        EXPECT_EQ(message.at("type"), type);
        EXPECT_EQ(message.at("data").at("error").at("code"), "bad_media");
        EXPECT_EQ(message.at("data").at("error").at("message"), job.error.message);
        EXPECT_TRUE(message.at("data").at("links").contains("job"));
        EXPECT_FALSE(message.at("data").at("links").contains("result"));
    }
}

TEST_F(WebhookMessage, ARowThatIsNoMessageIsRefused) {
    for (const char* text : {"", "{", "[]", "{}", R"({"data":7})", R"({"data":{"result":{}}})",
                             R"({"data":{"result":{"files":[7],"prefix":"a/"}}})"}) {
        OutboxEvent broken = event(event_completed);
        broken.body = text;
        EXPECT_THROW(message_body(broken, objects, options), Error) << text;
    }
}

}  // namespace
}  // namespace ft
