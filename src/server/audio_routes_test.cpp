// The recording of a job, whole and in parts.
#include "server/audio_routes.h"

#include <fmt/format.h>

#include "net/testing/test_server.h"
#include "server/byte_range.h"
#include "server/testing/service_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

class JobAudio : public ServiceTest {
  protected:
    HttpResponse audio(const std::string& id, const std::string& range = "") {
        HttpRequest request;
        request.url = "/jobs/" + id + "/audio";
        if (!range.empty()) request.headers = {"Range: " + range};
        return send(request);
    }
};

TEST_F(JobAudio, IsWhatWasUploaded) {
    const std::string recording = "1 tal" + std::string(600000, '\0') + "slut";
    const std::string id = upload(recording);
    const HttpResponse whole = audio(id);
    EXPECT_EQ(whole.status, 200);
    EXPECT_EQ(whole.body, recording);
    EXPECT_EQ(whole.header("accept-ranges"), "bytes");
    EXPECT_EQ(whole.header("cache-control"), "no-store");
    EXPECT_EQ(whole.header("x-content-type-options"), "nosniff");
    EXPECT_NE(whole.header("content-security-policy").find("sandbox"), std::string::npos);
    EXPECT_EQ(whole.header("content-type"), "application/octet-stream");
}

TEST_F(JobAudio, ComesInParts) {
    const std::string recording = "1 tal" + std::string(95, 'x');
    const std::string id = upload(recording);
    const HttpResponse part = audio(id, "bytes=2-4");
    EXPECT_EQ(part.status, 206);
    EXPECT_EQ(part.body, "tal");
    EXPECT_EQ(part.header("content-range"), "bytes 2-4/100");
    EXPECT_EQ(audio(id, "bytes=98-").body, "xx");
    EXPECT_EQ(audio(id, "bytes=-1").header("content-range"), "bytes 99-99/100");
    const HttpResponse past = audio(id, "bytes=100-");
    EXPECT_EQ(past.status, 416);
    EXPECT_EQ(past.header("content-range"), "bytes */100");
    EXPECT_EQ(reason_of(past), "no_such_range");
    EXPECT_EQ(audio(id, "bytes=-0").status, 416);
    const HttpResponse strange = audio(id, "seconds=1-2");  // may be passed over or refused
    EXPECT_TRUE(strange.status == 416 || strange.status == 400 || strange.body == recording) << strange.status;
}

TEST_F(JobAudio, NoPartIsLongerThanWhatAPlayerNeedsNext) {
    std::string recording = "1 tal";
    for (int i = 0; recording.size() < (size_t{5} << 20); ++i) recording += fmt::format(" {}", i);
    const std::string id = upload(recording);
    const HttpResponse first = audio(id, "bytes=0-");
    EXPECT_EQ(first.status, 206);
    EXPECT_LE(first.body.size(), size_t{2} << 20);
    EXPECT_EQ(first.header("content-range"), fmt::format("bytes 0-{}/{}", first.body.size() - 1, recording.size()));
    std::string all;
    while (all.size() < recording.size()) {
        const HttpResponse next = audio(id, fmt::format("bytes={}-", all.size()));
        ASSERT_EQ(next.status, 206);
        ASSERT_FALSE(next.body.empty());
        all += next.body;
    }
    EXPECT_EQ(all, recording);
}

TEST_F(JobAudio, IsThereWhateverBecameOfTheJob) {
    const std::string id = upload("broken");
    wait_for(id, "failed");
    EXPECT_EQ(audio(id).body, "broken");
    EXPECT_EQ(reason_of(audio("job_00000000000000000000000000000000")), "no_such_job");
    service_->objects().remove(input_key(id));
    EXPECT_EQ(reason_of(audio(id)), "no_audio");
    service_->objects().put(input_key(id), "another recording");
    EXPECT_EQ(audio(id).status, 404) << "never another one than the job's";
}

TEST_F(JobAudio, OfAnAddressIsNotKept) {
    const testing::TestServer remote([](const testing::TestRequest&) {
        testing::TestReply reply;
        reply.body = "1 tal";
        return reply;
    });
    const HttpResponse made =
        post("/jobs", json{{"audio", {{"url", remote.url() + "/talk.wav"}}}}.dump(), "application/json");
    const HttpResponse response = audio(json_of(made).value("job_id", ""));
    EXPECT_EQ(response.status, 404);
    EXPECT_NE(sentence_of(response).find("came from an address"), std::string::npos);
}

TEST_F(JobAudio, WantsAKeyWhereThereAreKeys) {
    // SHA-256 of "secret"
    server_options_.gate.keys =
        ApiKeys::parse("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b anna", "keys");
    token_ = "secret";
    const std::string id = upload("1 tal");
    EXPECT_EQ(audio(id).status, 200);
    token_ = "wrong";
    EXPECT_EQ(audio(id).status, 401);
    EXPECT_EQ(audio(id, "bytes=0-1").status, 401);
}

TEST(MediaTypeOf, IsToldByTheFirstBytes) {
    using namespace std::string_view_literals;
    EXPECT_EQ(media_type_of("RIFF\0\0\0\0WAVEfmt "sv), "audio/wav");
    EXPECT_EQ(media_type_of("fLaC\0"sv), "audio/flac");
    EXPECT_EQ(media_type_of("OggS\0"sv), "audio/ogg");
    EXPECT_EQ(media_type_of("ID3\4"sv), "audio/mpeg");
    EXPECT_EQ(media_type_of("\xFF\xFB\x90"sv), "audio/mpeg");
    EXPECT_EQ(media_type_of("\xFF\xF1\x50"sv), "audio/aac");
    EXPECT_EQ(media_type_of("\0\0\0\x20"
                            "ftypM4A "sv),
              "audio/mp4");
    EXPECT_EQ(media_type_of("\0\0\0\x20"
                            "ftypisom"sv),
              "video/mp4");
    EXPECT_EQ(media_type_of("\x1A\x45\xDF\xA3"sv), "video/webm");
    for (const std::string_view none : {""sv, "R"sv, "RIFF"sv, "\xFF"sv, "\xFF\xFE"sv, "<html><script>"sv, "<svg "sv})
        EXPECT_EQ(media_type_of(none), "application/octet-stream") << none;
}

TEST(ParseRange, TakesOneRangeAndPassesOverTheRest) {
    const auto range = [](std::string_view header) {
        const auto found = parse_range(header, 10);
        return found ? content_range(*found, 10) : "none";
    };
    EXPECT_EQ(range("bytes=0-0"), "bytes 0-0/10");
    EXPECT_EQ(range("bytes=5-"), "bytes 5-9/10");
    EXPECT_EQ(range("bytes=5-99"), "bytes 5-9/10");
    EXPECT_EQ(range("bytes=-3"), "bytes 7-9/10");
    EXPECT_EQ(range("bytes=-99"), "bytes 0-9/10");
    for (const char* none : {"", "bytes", "bytes=", "bytes=-", "bytes=5-4", "bytes=0-1,3-4", "bytes=--1", "bytes=a-",
                             "bytes=1-b", "lines=0-1", "bytes=99999999999999999999-"})
        EXPECT_EQ(range(none), "none") << none;
}

}  // namespace
}  // namespace ft
