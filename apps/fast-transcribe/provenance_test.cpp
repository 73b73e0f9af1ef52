#include "provenance.h"

#include <gtest/gtest.h>

#include <limits>
#include <map>

namespace ft {
namespace {

TEST(Provenance, IsAddedOnlyWhereItIsMissing) {
    Transcript transcript;
    transcript.metadata = {{"model", "from the engine"}, {"revision", ""}};
    add_metadata(transcript, "model", "x");
    add_metadata(transcript, "revision", "main");
    add_metadata(transcript, "commit", "");
    add_metadata(transcript, "vad", "silero");
    const std::vector<std::pair<std::string, std::string>> expected = {
        {"model", "from the engine"}, {"revision", "main"}, {"vad", "silero"}};
    EXPECT_EQ(transcript.metadata, expected);
}

TEST(Provenance, OptionsStandAsTheyWouldBeWritten) {
    Transcript transcript;
    TranscribeOptions options;
    options.decode.temperatures = {0.0F, 0.2F};
    options.decode.logprob_threshold = -std::numeric_limits<float>::infinity();
    options.decode.suppress_tokens = {-1, 7};
    options.decode.timestamps = false;
    add_options(transcript, options);
    std::map<std::string, std::string> said(transcript.metadata.begin(), transcript.metadata.end());
    EXPECT_EQ(said["options.language"], "sv");
    EXPECT_EQ(said["options.temperature"], "0,0.2");
    EXPECT_EQ(said["options.compression_ratio_threshold"], "2.4");
    EXPECT_EQ(said["options.logprob_threshold"], "None");
    EXPECT_EQ(said["options.suppress_tokens"], "-1,7");
    EXPECT_EQ(said["options.without_timestamps"], "True");
    EXPECT_EQ(said["options.vad_filter"], "True");
    EXPECT_EQ(said["options.vad_speech_pad_ms"], "300");
    EXPECT_EQ(said["options.chunk_length"], "27.5");
    EXPECT_EQ(said.count("options.initial_prompt"), 0U) << "what is not given is not said";
}

}  // namespace
}  // namespace ft
