// Ctrl-C on the real program.
#include <csignal>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "e2e_fixture.h"

namespace ft {
namespace {

constexpr int length_s = 1800;  // long enough for the fastest machine to be in the middle of it

class InterruptionE2eTest : public E2eTest {
  protected:
    /// A run on a long file, stopped by `signal` when its first text has been shown.
    int interrupt(int signal) {
        write_long_wav(samples()[0].audio, folder_ / "long.wav", length_s);
        // One window at a time, decoded once (a recording that repeats itself looks like a loop and would climb the
        // ladder): the first text comes soon even under sanitizers.
        const auto child = start({"--model", model().string(), "--batch_size", "1", "--temperature", "0", "--verbose",
                                  "-f", "json", "long.wav", "never.wav"});
        EXPECT_TRUE(child->wait_for_error_text("\n[00:")) << child->err();
        child->signal(signal);
        const int code = child->wait();
        said_ = child->err();
        return code;
    }
    std::string said_;
};

TEST_F(InterruptionE2eTest, TheFirstSignalKeepsWhatIsFinished) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    EXPECT_EQ(interrupt(SIGINT), 130) << said_;
    const nlohmann::json json = nlohmann::json::parse(read_file(folder_ / "long.json"));
    ASSERT_FALSE(json["segments"].empty());
    EXPECT_LT(json["segments"].back()["end"].get<double>(), length_s - 60) << "it did not stop";
    EXPECT_NE(said_.find("long.wav: warning: "), std::string::npos) << said_;
}

TEST_F(InterruptionE2eTest, TerminationDoesTheSame) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    EXPECT_EQ(interrupt(SIGTERM), 143) << said_;
    EXPECT_TRUE(std::filesystem::exists(folder_ / "long.json"));
}

}  // namespace
}  // namespace ft
