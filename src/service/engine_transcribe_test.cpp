#include "service/engine_transcribe.h"

#include <gtest/gtest.h>

#include "jobs/memory/manual_clock.h"

namespace ft {
namespace {

class FailingEngine : public Engine {
  public:
    explicit FailingEngine(ErrorCode code) : code_(code) {}
    std::string model() const override { return "none"; }
    std::string plan(TranscribeOptions) override { return ""; }
    Transcript transcribe(const std::string& audio, TranscribeOptions, const TranscribeHooks&) override {
        throw Error(code_, "{}: it failed", audio);
    }

  private:
    ErrorCode code_;
};

/// How often the engine is said to be lost when a job fails so.
int times_lost(ErrorCode code) {
    const ManualClock clock;
    EngineHolder holder([code] { return std::make_shared<FailingEngine>(code); }, clock, 0);
    int lost = 0;
    EngineTranscribe transcribe(holder, [&](const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::device_lost);
        ++lost;
    });
    Job job;
    job.input.name = "möte.mp3";
    const std::atomic<bool> stop{false};
    try {
        transcribe.transcribe({"/data/objects/17", &job, {}}, {}, stop);
        ADD_FAILURE() << "it did not fail";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), code);
        EXPECT_STREQ(error.what(), "möte.mp3: it failed");
    }
    return lost;
}

TEST(EngineTranscribe, AGpuThatBrokeOffIsTold) {
    EXPECT_EQ(times_lost(ErrorCode::device_lost), 1);
}

TEST(EngineTranscribe, OtherFailuresAreTheJobsAlone) {
    for (const ErrorCode code : {ErrorCode::bad_media, ErrorCode::out_of_memory, ErrorCode::internal})
        EXPECT_EQ(times_lost(code), 0) << to_string(code);
}

}  // namespace
}  // namespace ft
