// The job routes over a real connection.
#include <fmt/format.h>

#include <thread>

#include "net/testing/test_server.h"
#include "server/testing/service_fixture.h"
#include "transcript/writers.h"

namespace ft {
namespace {

using nlohmann::json;

class JobsApi : public ServiceTest {};

TEST_F(JobsApi, ARecordingBecomesATranscriptInEveryFormat) {
    const std::string id =
        upload("3 tal", {{"language", "Swedish"}, {"options", R"({"seed": 5})"}, {"metadata", R"({"a": [1]})"}});
    const json done = wait_for(id, "succeeded");
    EXPECT_EQ(done["options"]["language"], "sv");
    EXPECT_EQ(done["options"]["seed"], 5);
    EXPECT_EQ(done["metadata"], json::parse(R"({"a": [1]})"));
    EXPECT_EQ(done["audio"]["name"], "talk.wav");
    EXPECT_EQ(done["audio"]["size_bytes"], 5);
    EXPECT_EQ(done["result"]["audio_s"], 30.0);
    EXPECT_EQ(done["progress"]["windows_done"], 3);
    EXPECT_EQ(get("/jobs/" + id + "/result?format=txt").body, "tal 0.\ntal 1.\ntal 2.\n");
    EXPECT_EQ(json_of(get("/jobs/" + id + "/result"))["text"], "tal 0. tal 1. tal 2.");
    EXPECT_EQ(done["result"]["formats"].size(), known_formats().size());
    for (const std::string& format : known_formats()) {
        const HttpResponse result = get(fmt::format("/jobs/{}/result?format={}", id, format));
        EXPECT_EQ(result.status, 200);
        EXPECT_NE(result.body.find("tal 1."), std::string::npos) << format;
    }
    EXPECT_EQ(get("/jobs/" + id + "/result?format=vtt").header("content-type"), "text/vtt; charset=utf-8");
}

TEST_F(JobsApi, WordsAreAnOptionOfJobs) {
    for (const FormPart& asked : {FormPart{"word_timestamps", "True"}, {"options", R"({"word_timestamps": true})"}}) {
        const std::string id = upload("1 tal", {asked});
        EXPECT_EQ(wait_for(id, "succeeded")["options"]["word_timestamps"], true);
        const json words = json_of(get("/jobs/" + id + "/result"))["segments"][0]["words"];
        ASSERT_EQ(words.size(), 2U);
        EXPECT_EQ(words[1]["start"], 7.0);
    }
    const std::string id = upload("1 tal");
    wait_for(id, "succeeded");
    EXPECT_EQ(json_of(get("/jobs/" + id + "/result"))["segments"][0]["words"].size(), 0U);
}

TEST_F(JobsApi, PartsOfAResultCanBeAskedFor) {
    const std::string id = upload("1 tal");
    wait_for(id, "succeeded");
    const auto part = [&](const std::string& range) {
        HttpRequest request;
        request.url = "/jobs/" + id + "/result?format=txt";
        request.headers = {"Range: " + range};
        return send(request);
    };
    const std::string whole = "tal 0.\n";
    EXPECT_EQ(part("bytes=0-2").body, "tal");
    EXPECT_EQ(part("bytes=0-2").status, 206);
    EXPECT_EQ(part("bytes=0-2").header("content-range"), "bytes 0-2/7");
    EXPECT_EQ(part("bytes=4-").body, "0.\n");
    EXPECT_EQ(part("bytes=-3").body, "0.\n");
    EXPECT_EQ(part("bytes=0-99999999999").body, whole);
    EXPECT_EQ(part("bytes=7-").status, 416);
    for (const char* passed_over : {"bytes=0-1,3-4", "bytes=--", "lines=1-2", "bytes=a-b"}) {
        const HttpResponse response = part(passed_over);
        EXPECT_EQ(response.status, 200) << passed_over;
        EXPECT_EQ(response.body, whole) << passed_over;
    }
}

TEST_F(JobsApi, TheListHasPagesStatesAndASearch) {
    std::vector<std::string> ids;
    for (const std::string recording : {"1 a", "1 b", "broken"}) ids.push_back(upload(recording));
    wait_for(ids[0], "succeeded");
    wait_for(ids[1], "succeeded");
    wait_for(ids[2], "failed");
    const json first = json_of(get("/jobs?limit=2"));
    ASSERT_EQ(first["jobs"].size(), 2U);
    const json second = json_of(get("/jobs?limit=2&cursor=" + percent_encode(first["next"].get<std::string>())));
    ASSERT_EQ(second["jobs"].size(), 1U);
    EXPECT_TRUE(second["next"].is_null());
    EXPECT_EQ(json_of(get("/jobs?state=failed,dead"))["jobs"].size(), 1U);
    EXPECT_EQ(json_of(get("/jobs?search=" + ids[1]))["jobs"].size(), 1U);
    EXPECT_EQ(json_of(get("/jobs?search=nothing"))["jobs"].size(), 0U);
    EXPECT_NE(sentence_of(get("/jobs?state=sleeping")).find("no state"), std::string::npos);
    EXPECT_NE(sentence_of(get("/jobs?limit=0")).find("from 1 to 1000"), std::string::npos);
    EXPECT_EQ(get("/jobs?cursor=zzz").status, 400);
}

TEST_F(JobsApi, WhatFailsSaysWhyAndNotWhere) {
    const std::string id = upload("broken");
    const HttpResponse response = (wait_for(id, "failed"), get("/jobs/" + id));
    EXPECT_EQ(json_of(response)["error"]["code"], "bad_media");
    EXPECT_EQ(json_of(response)["error"]["message"], "talk.wav: is a text file, not audio");
    EXPECT_EQ(response.body.find(folder_.path().string()), std::string::npos);
    const HttpResponse result = get("/jobs/" + id + "/result");
    EXPECT_EQ(result.status, 409);
    EXPECT_NE(sentence_of(result).find("is a text file"), std::string::npos);
}

TEST_F(JobsApi, AJobIsCancelledAndTriedAgain) {
    engine_->hold("tal", 1);
    const std::string id = upload("2 tal");
    wait_for(id, "running");
    EXPECT_EQ(get("/jobs/" + id + "/result").status, 409);
    EXPECT_EQ(post("/jobs/" + id + "/retry").status, 409);
    EXPECT_EQ(json_of(post("/jobs/" + id + "/cancel"))["state"], "cancelled");
    EXPECT_EQ(post("/jobs/" + id + "/cancel").status, 200) << "once more is the same";
    engine_->let_go();
    EXPECT_EQ(post("/jobs/" + id + "/retry").status, 200);
    wait_for(id, "succeeded");
    EXPECT_EQ(reason_of(post("/jobs/" + id + "/cancel")), "wrong_state");
}

TEST_F(JobsApi, ShortRecordingsDoNotWaitForALongOne) {
    engine_->hold("lång", 1);
    const std::string slow = upload("9 lång"), one = upload("1 kort"), two = upload("1 kort");
    wait_for(one, "succeeded");
    wait_for(two, "succeeded");
    EXPECT_EQ(job(slow)["state"], "running");
    engine_->let_go();
    wait_for(slow, "succeeded");
}

TEST_F(JobsApi, EventsTellStatesWindowsAndTheEnd) {
    engine_->hold("tal", 1);
    const std::string id = upload("2 tal");
    while (job(id)["progress"]["windows_done"] != 1) clock_.sleep_ms(5);
    engine_->let_go();
    const HttpResponse stream = get("/jobs/" + id + "/events");
    EXPECT_EQ(stream.header("content-type"), "text/event-stream");
    EXPECT_NE(stream.body.find("event: state\ndata: {\"job_id\":\"" + id), std::string::npos);
    EXPECT_NE(stream.body.find("event: progress\n"), std::string::npos);
    EXPECT_NE(stream.body.find("event: end\ndata: {\"state\":\"succeeded\"}\n\n"), std::string::npos) << stream.body;
}

TEST_F(JobsApi, EventsThatAreCutShortAreNotTakenForTheWhole) {
    engine_->hold("held", 1);
    const std::string done = upload("1 tal"), held = upload("2 held");
    wait_for(done, "succeeded");
    wait_for(held, "running");
    const auto request = [](const std::string& id) {
        return "GET /jobs/" + id + "/events HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    };
    EXPECT_TRUE(send_raw(request(done)).ends_with("\r\n0\r\n\r\n"));
    std::string cut;
    std::thread reader([&] { cut = send_raw(request(held), 20000); });
    clock_.sleep_ms(300);
    server_->stop();
    reader.join();
    EXPECT_NE(cut.find("event: state"), std::string::npos) << cut;
    EXPECT_FALSE(cut.ends_with("\r\n0\r\n\r\n")) << cut;
}

TEST_F(JobsApi, EventsCarryTheTextOfWindowsWhileTheJobRuns) {
    engine_->hold("tal", 2);
    const std::string id = upload("3 tal");
    start();
    HttpRequest request;
    request.url = fmt::format("{}/jobs/{}/events", server_->url(), id);
    std::string seen;
    HttpOptions options;
    options.use_proxy = false;
    const HttpResponse response =
        HttpClient(options).send_once(request, [&](const HttpResponse&, std::string_view bytes) {
            seen += bytes;
            if (seen.find("\"text\":\"tal 1.\"") != std::string::npos) engine_->let_go();
            return true;
        });
    EXPECT_EQ(response.status, 200);
    EXPECT_NE(seen.find("event: text\ndata: {\"window\":0"), std::string::npos) << seen;
    EXPECT_NE(seen.find("event: end"), std::string::npos);
}

TEST_F(JobsApi, AnIdempotencyKeyMakesOneJob) {
    const std::vector<FormPart> form = {{"file", "1 tal", "a.wav"}};
    const std::vector<std::string> key = {"Idempotency-Key: k1"};
    const HttpResponse first = post_form("/jobs", form, key), again = post_form("/jobs", form, key);
    EXPECT_EQ(json_of(first)["job_id"], json_of(again)["job_id"]);
    EXPECT_EQ(again.header("idempotent-replayed"), "true");
    EXPECT_EQ(reason_of(post_form("/jobs", {{"file", "1 annat", "a.wav"}}, key)), "idempotency_conflict");
    EXPECT_EQ(reason_of(post_form("/jobs", {{"file", "1 tal", "a.wav"}, {"language", "en"}}, key)),
              "idempotency_conflict");
    EXPECT_EQ(json_of(get("/jobs"))["jobs"].size(), 1U);
    wait_for(json_of(first)["job_id"], "succeeded");
    EXPECT_EQ(service_->objects().list("inputs/", "", 100).size(), 1U) << "what made no job is removed";
}

TEST_F(JobsApi, AFullQueueSaysWhenToComeAgain) {
    service_options_.workers = 1;
    server_options_.most_waiting = 2;
    engine_->hold("tal", 0);
    const std::string running = upload("1 tal");
    wait_for(running, "running");
    upload("1 tal");
    upload("1 tal");
    const HttpResponse refused = post_form("/jobs", {{"file", "1 tal", "a.wav"}});
    EXPECT_EQ(refused.status, 429);
    EXPECT_EQ(refused.header("retry-after"), "10");
    EXPECT_EQ(reason_of(refused), "queue_full");
}

TEST_F(JobsApi, AudioComesFromAnAddress) {
    const testing::TestServer remote([](const testing::TestRequest& request) {
        testing::TestReply reply;
        if (request.path == "/gone.wav") reply.status = 404;
        if (request.path == "/moved.wav") {
            reply.status = 302;
            reply.headers.emplace_back("Location", "/talk.wav");
        }
        reply.body = "1 fjärran";
        return reply;
    });
    const auto submit = [&](const std::string& url) {
        const HttpResponse response = post("/jobs", json{{"audio", {{"url", url}}}}.dump(), "application/json");
        EXPECT_EQ(response.status, 202) << response.body;
        return json_of(response).value("job_id", "");
    };
    const std::string id = submit(remote.url() + "/moved.wav?key=hemligt");
    const json done = wait_for(id, "succeeded");
    EXPECT_EQ(done["audio"]["name"], "moved.wav");
    EXPECT_EQ(done.dump().find("hemligt"), std::string::npos) << "the query may be a key";
    EXPECT_EQ(get("/jobs/" + id + "/result?format=txt").body, "fjärran 0.\n");
    const json gone = wait_for(submit(remote.url() + "/gone.wav"), "failed");
    EXPECT_NE(gone["error"]["message"].get<std::string>().find("answers 404"), std::string::npos);
}

TEST_F(JobsApi, ACallbackIsToldAndItsDeliveriesAreListed) {
    std::atomic<int> status{500};
    const testing::TestServer receiver([&](const testing::TestRequest&) {
        testing::TestReply reply;
        reply.status = status;
        return reply;
    });
    const std::string secret = WebhookSecret::make().reveal();
    const std::string id =
        upload("1 tal", {{"callback", json{{"url", receiver.url() + "/hook"}, {"secret", secret}}.dump()}});
    wait_for(id, "succeeded");
    json deliveries;
    for (int i = 0; i < 500 && (deliveries.empty() || deliveries[0]["tries"].empty()); ++i) {
        deliveries = json_of(get("/jobs/" + id + "/deliveries"))["deliveries"];
        clock_.sleep_ms(10);
    }
    ASSERT_EQ(deliveries.size(), 1U);
    EXPECT_EQ(deliveries[0]["type"], "transcription.completed");
    EXPECT_EQ(deliveries[0]["state"], "pending");
    EXPECT_EQ(deliveries[0]["tries"][0]["http_status"], 500);
    status = 204;
    const std::string event = deliveries[0]["event_id"];
    EXPECT_EQ(post("/jobs/" + id + "/deliveries/replay", json{{"event_id", event}}.dump(), "application/json").status,
              200);
    for (int i = 0; i < 500 && deliveries[0]["state"] != "delivered"; ++i) {
        deliveries = json_of(get("/jobs/" + id + "/deliveries"))["deliveries"];
        clock_.sleep_ms(10);
    }
    EXPECT_EQ(deliveries[0]["state"], "delivered");
    EXPECT_EQ(post("/jobs/" + id + "/deliveries/replay", R"({"event_id": "msg_none"})", "application/json").status,
              404);
    for (const std::string& path :
         {"/jobs/" + id, std::string("/jobs"), "/jobs/" + id + "/deliveries", "/jobs/" + id + "/events"})
        EXPECT_EQ(get(path).body.find(secret.substr(6)), std::string::npos) << path << " shows the secret";
}

TEST_F(JobsApi, AStopKeepsWindowsAndTheNextStartGoesOn) {
    engine_->hold("tal", 2);
    const std::string id = upload("4 tal");
    while (job(id)["progress"]["windows_done"] != 2) clock_.sleep_ms(5);
    stop();
    EXPECT_EQ(engine_->windows_computed(), 2);
    engine_->let_go();
    const json done = wait_for(id, "succeeded");
    EXPECT_EQ(done["progress"]["windows_resumed"], 2);
    EXPECT_EQ(engine_->windows_computed(), 4);
    EXPECT_EQ(get("/jobs/" + id + "/result?format=txt").body, "tal 0.\ntal 1.\ntal 2.\ntal 3.\n");
}

}  // namespace
}  // namespace ft
