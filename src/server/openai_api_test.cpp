// OpenAI's routes over a real connection; openai_package_test.cpp asks with OpenAI's own program.
#include "server/testing/service_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

class OpenAiApi : public ServiceTest {
  protected:
    HttpResponse transcribe(const std::string& recording, const std::vector<FormPart>& more = {},
                            const std::string& route = "transcriptions") {
        std::vector<FormPart> form = {{"file", recording, "talk.mp3"}, {"model", "whisper-1"}};
        form.insert(form.end(), more.begin(), more.end());
        return post_form("/v1/audio/" + route, form);
    }
};

TEST_F(OpenAiApi, EveryFormat) {
    const json plain = json_of(transcribe("2 tal"));
    EXPECT_EQ(plain["text"], "tal 0. tal 1.");
    EXPECT_EQ(plain["usage"], json::parse(R"({"type": "duration", "seconds": 20})"));
    const json verbose = json_of(transcribe("2 tal", {{"response_format", "verbose_json"}, {"language", "sv"}}));
    EXPECT_EQ(verbose["task"], "transcribe");
    EXPECT_EQ(verbose["language"], "swedish");
    EXPECT_EQ(verbose["duration"], 20.0);
    ASSERT_EQ(verbose["segments"].size(), 2U);
    for (const char* name : {"id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob",
                             "compression_ratio", "no_speech_prob"})
        EXPECT_TRUE(verbose["segments"][1].contains(name)) << name;
    EXPECT_EQ(transcribe("2 tal", {{"response_format", "text"}}).body, "tal 0.\ntal 1.\n");
    EXPECT_EQ(transcribe("1 tal", {{"response_format", "srt"}}).body.substr(0, 14), "1\n00:00:01,000");
    EXPECT_EQ(transcribe("1 tal", {{"response_format", "vtt"}}).body.substr(0, 6), "WEBVTT");
}

TEST_F(OpenAiApi, WordsComeWhenTheyAreAskedFor) {
    const FormPart verbose = {"response_format", "verbose_json"}, word = {"timestamp_granularities[]", "word"};
    const json words = json_of(transcribe("2 tal", {verbose, word}));
    EXPECT_EQ(words["words"], json::parse(R"([{"word": "tal", "start": 1.0, "end": 6.0},
                                              {"word": "0.", "start": 7.0, "end": 9.0},
                                              {"word": "tal", "start": 11.0, "end": 16.0},
                                              {"word": "1.", "start": 17.0, "end": 19.0}])"));
    EXPECT_FALSE(words.contains("segments")) << "as OpenAI does";
    const json both = json_of(transcribe("1 tal", {verbose, word, {"timestamp_granularities[]", "segment"}}));
    EXPECT_EQ(both["words"].size(), 2U);
    EXPECT_EQ(both["segments"].size(), 1U);
    EXPECT_FALSE(json_of(transcribe("1 tal", {verbose})).contains("words"));
}

TEST_F(OpenAiApi, AStreamIsTheTextInOrder) {
    const HttpResponse response = transcribe("3 tal", {{"stream", "true"}});
    EXPECT_EQ(response.header("content-type"), "text/event-stream");
    std::string text, last_type;
    size_t begin = 0;
    for (size_t end = response.body.find("\n\n"); end != std::string::npos; end = response.body.find("\n\n", begin)) {
        const std::string event = response.body.substr(begin, end - begin);
        begin = end + 2;
        ASSERT_EQ(event.substr(0, 6), "data: ");
        const json data = json::parse(event.substr(6));
        last_type = data["type"];
        if (last_type == "transcript.text.delta") text += data["delta"].get<std::string>();
        if (last_type == "transcript.text.done") {
            EXPECT_EQ(data["text"], text);
        }
    }
    EXPECT_EQ(last_type, "transcript.text.done");
    EXPECT_EQ(text, "tal 0. tal 1. tal 2.");
}

TEST_F(OpenAiApi, AStreamBeginsBeforeTheEnd) {
    engine_->hold("tal", 1);
    start();
    HttpRequest request;
    request.url = server_->url() + "/v1/audio/transcriptions";
    request.method = "POST";
    request.headers = {"Content-Type: multipart/form-data; boundary=b"};
    request.body =
        "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n2 tal\r\n--b\r\nContent-Disposition: "
        "form-data; name=stream\r\n\r\ntrue\r\n--b--";
    std::string seen;
    HttpOptions options;
    options.use_proxy = false;
    HttpClient(options).send_once(request, [&](const HttpResponse&, std::string_view bytes) {
        seen += bytes;
        if (seen.find("\"delta\":\"tal 0.\"") != std::string::npos) engine_->let_go();
        return true;
    });
    EXPECT_NE(seen.find("transcript.text.done"), std::string::npos) << seen;
}

TEST_F(OpenAiApi, TranslationIsATaskOfItsOwn) {
    const json reply = json_of(transcribe("1 tal", {{"response_format", "verbose_json"}}, "translations"));
    EXPECT_EQ(reply["task"], "translate");
}

TEST_F(OpenAiApi, ModelsAreListed) {
    while (get("/ready").status != 200) clock_.sleep_ms(5);
    const json list = json_of(get("/v1/models"));
    EXPECT_EQ(list["object"], "list");
    EXPECT_EQ(list["data"][0]["id"], "invented");
    EXPECT_EQ(list["data"][1]["id"], "whisper-1");
    EXPECT_EQ(json_of(get("/v1/models/invented"))["object"], "model");
    EXPECT_EQ(reason_of(get("/v1/models/gpt-4o-transcribe")), "model_not_found");
    const HttpResponse refused = post_form("/v1/audio/transcriptions", {{"file", "1 tal", "a"}, {"model", "other"}});
    EXPECT_EQ(refused.status, 404);
    EXPECT_EQ(sentence_of(refused), "this server has no model \"other\"; it has invented, whisper-1");
}

TEST_F(OpenAiApi, SaysWhatItCannotDo) {
    const std::vector<std::pair<std::vector<FormPart>, std::string>> cases = {
        {{{"response_format", "docx"}}, "choose json, verbose_json"},
        {{{"timestamp_granularities[]", "word"}}, "goes with response_format verbose_json"},
        {{{"response_format", "verbose_json"}, {"timestamp_granularities[]", "syllable"}}, "choose word or segment"},
        {{{"language", "klingon"}}, "none that Whisper knows"},
        {{{"temperature", "7"}}, "from 0 to 1"},
        {{{"stream", "perhaps"}}, "must be true or false"},
        {{{"include[]", "logprobs"}}, "does not know this field"},
        {{{"file", "2 more", "b.wav"}}, "two files"},
    };
    for (const auto& [more, sentence] : cases) {
        const HttpResponse response = transcribe("1 tal", more);
        EXPECT_EQ(response.status, 400);
        EXPECT_NE(sentence_of(response).find(sentence), std::string::npos) << response.body;
    }
    EXPECT_NE(sentence_of(post_form("/v1/audio/transcriptions", {{"model", "whisper-1"}})).find("file"),
              std::string::npos);
    EXPECT_NE(sentence_of(post("/v1/audio/transcriptions", "{}", "application/json")).find("multipart/form-data"),
              std::string::npos);
    EXPECT_EQ(service_->objects().list("inputs/", "", 100).size(), 0U) << "what was refused is removed";
}

TEST_F(OpenAiApi, ABadRecordingIsTheRequestsFault) {
    const HttpResponse response = transcribe("broken");
    EXPECT_EQ(response.status, 400);
    EXPECT_EQ(reason_of(response), "bad_media");
    EXPECT_EQ(sentence_of(response), "talk.mp3: is a text file, not audio");
    const HttpResponse stream = transcribe("broken", {{"stream", "true"}});
    EXPECT_NE(stream.body.find("data: {\"error\":{\"message\":\"talk.mp3: is a text file"), std::string::npos)
        << stream.body;
}

TEST_F(OpenAiApi, WhoeverLeavesHasTheJobCancelled) {
    engine_->hold("tal", 0);
    const std::string form = "--b\r\nContent-Disposition: form-data; name=file; filename=a\r\n\r\n1 tal\r\n--b--";
    const std::string reply = send_raw(
        "POST /v1/audio/transcriptions HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=b\r\n"
        "Content-Length: " +
            std::to_string(form.size()) + "\r\n\r\n" + form,
        500);
    EXPECT_EQ(reply, "");
    const std::string id = json_of(get("/jobs"))["jobs"][0]["job_id"];
    wait_for(id, "cancelled");
}

}  // namespace
}  // namespace ft
