// openapi.json says what the server does: no route more, none less, and answers have the schemas that it gives.
#include <cctype>
#include <iterator>
#include <set>

#include "jobs/events.h"
#include "jobs/job.h"
#include "server/testing/python.h"
#include "server/testing/service_fixture.h"
#include "transcriber/options.h"
#include "transcript/writers.h"

namespace ft {
namespace {

using nlohmann::json;

class OpenApi : public ServiceTest {
  protected:
    json document() { return json_of(get("/openapi.json")); }
    json schema(const std::string& name) { return document()["components"]["schemas"][name]; }
};

std::set<std::string> names_of(const json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
}

TEST_F(OpenApi, HasEveryRouteAndNoOther) {
    std::set<std::string> described, routed;
    const json paths = document()["paths"];
    for (const auto& [path, item] : paths.items()) {
        for (const auto& [method, operation] : item.items()) {
            if (method == "parameters") continue;
            std::string upper = method;
            for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
            described.insert(upper + " " + path);
            EXPECT_TRUE(operation.contains("operationId") && operation.contains("summary")) << upper << " " << path;
        }
    }
    for (const Route& route : server_->router().routes()) {
        // The page for people is no API.
        if (route.pattern != "/" && !route.pattern.starts_with("/page/"))
            routed.insert(route.method + " " + route.pattern);
    }
    EXPECT_EQ(described, routed);
    EXPECT_GT(described.size(), 10U);
}

TEST_F(OpenApi, HasEveryOptionStateFormatAndEventAndNoOther) {
    std::set<std::string> options, states;
    for (const TranscribeOption& option : transcribe_options()) options.insert(option.name);
    EXPECT_EQ(names_of(schema("Options")["properties"]), options);
    const json known = schema("JobState")["enum"];
    for (const json& state : known) EXPECT_EQ(to_string(parse_job_state(state.get<std::string>())), state) << state;
    EXPECT_EQ(known.size(), std::size(all_job_states));
    const json wanted = document()["paths"]["/jobs/{id}/result"]["get"]["parameters"][0]["schema"]["enum"];
    EXPECT_EQ(std::set<std::string>(wanted.begin(), wanted.end()),
              std::set<std::string>(known_formats().begin(), known_formats().end()));
    const json types = schema("EventType")["enum"];
    EXPECT_EQ(std::set<std::string>(types.begin(), types.end()),
              std::set<std::string>(std::begin(all_event_types), std::end(all_event_types)));
}

TEST_F(OpenApi, RangesOfOptionsAreThoseThatAreChecked) {
    const json properties = schema("Options")["properties"];
    int checked = 0;
    for (const auto& [name, rule] : properties.items()) {
        for (const char* bound : {"minimum", "maximum"}) {
            if (!rule.contains(bound)) continue;
            ++checked;
            const double value = rule[bound].get<double>();
            const double beyond = value + (bound == std::string("minimum") ? -1 : 1);
            EXPECT_EQ(
                post_form("/jobs", {{"file", "1 a", "a.wav"}, {"options", json({{name, rule[bound]}}).dump()}}).status,
                202)
                << name << " " << value;
            EXPECT_EQ(post_form("/jobs", {{"file", "1 a", "a.wav"}, {"options", json({{name, beyond}}).dump()}}).status,
                      400)
                << name << " " << beyond;
        }
    }
    EXPECT_GT(checked, 20);
}

TEST_F(OpenApi, IsValidAndSoAreAnswers) {
    if (!has_python_package("openapi_spec_validator"))
        GTEST_SKIP() << "the package openapi-spec-validator is not installed; scripts/moto.sh does it";
    engine_->hold("held", 1);
    const std::string done = upload("2 tal", {{"metadata", R"({"case": 17})"}}), failed = upload("broken");
    const std::string held = upload("2 held", {{"word_timestamps", "True"},
                                               {"callback", R"({"url": "http://127.0.0.1:9/hook", "types":
                                                   ["transcription.queued"], "secret": "whsec_)" +
                                                                std::string(32, 'A') + "\"}"}});
    wait_for(done, "succeeded");
    wait_for(failed, "failed");
    wait_for(held, "running");
    json examples = json::array();
    const auto add = [&examples](const char* name, const json& value) {
        examples.push_back(json::array({name, value}));
    };
    for (const std::string& id : {done, failed, held}) add("Job", job(id));
    const json deliveries = json_of(get("/jobs/" + held + "/deliveries"));
    EXPECT_EQ(deliveries["deliveries"].size(), 1U);
    add("Deliveries", deliveries);
    add("Error", json_of(get("/jobs/x")));
    add("Model", json_of(get("/v1/models/whisper-1")));
    const auto openai = [this](const std::string& format) {
        return json_of(post_form("/v1/audio/transcriptions",
                                 {{"file", "1 a", "a"},
                                  {"response_format", format},
                                  {format == "json" ? "prompt" : "timestamp_granularities[]", "word"}}));
    };
    add("OpenAiJson", openai("json"));
    add("OpenAiVerboseJson", openai("verbose_json"));
    const std::string file = folder_.write("openapi.json", get("/openapi.json").body);
    const std::string said =
        output_of_python("validate_openapi.py", {file, folder_.write("examples.json", examples.dump())});
    EXPECT_EQ(said, "valid\n");
    // The validator does find faults.
    json broken = document();
    broken["info"]["title"] = 7;
    const std::string other = folder_.write("broken.json", broken.dump());
    const std::string faults =
        output_of_python("validate_openapi.py", {other, folder_.write("bad", R"([["Job", {}]])")});
    EXPECT_NE(faults.find("info/title: 7 is not"), std::string::npos) << faults;
    EXPECT_NE(faults.find("Job: : 'job_id' is a required property"), std::string::npos) << faults;
}

}  // namespace
}  // namespace ft
