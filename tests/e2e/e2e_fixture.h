#pragma once
// A folder of its own for each test, the real program, and what it needs.
#include <gtest/gtest.h>

#include <memory>

#include "base/testing/temporary_folder.h"
#include "child_process.h"

namespace ft {

struct Sample {
    std::filesystem::path audio;
    std::string text;  ///< what is said in it
};

class E2eTest : public ::testing::Test {
  protected:
    void SetUp() override;

    /// Runs the program in the test's folder to its end; -> its exit code. out() and err() are of the latest run.
    int run(const std::vector<std::string>& arguments);
    std::unique_ptr<ChildProcess> start(const std::vector<std::string>& arguments) const;
    const std::string& out() const { return out_; }
    const std::string& err() const { return err_; }

    /// The model for tests; empty when it is not there.
    static std::filesystem::path model();
    static std::vector<Sample> samples();
    /// `seconds` of 16-kHz WAV made by repeating a recording.
    static void write_long_wav(const std::filesystem::path& source, const std::filesystem::path& target, int seconds);

    const test::TemporaryFolder folder_;
    ChildOptions options_;

  private:
    std::string out_, err_;
};

/// Lower-case words without punctuation.
std::vector<std::string> words_of(const std::string& text);
/// The share of the words of `expected` that `got` has too, each counted as often as it stands there.
double shared_words(const std::string& expected, const std::string& got);

}  // namespace ft

#define FT_NEEDS_MODEL_AND_SAMPLES()                                                                  \
    if (model().empty()) GTEST_SKIP() << "build/models/whisper-base is not there: ./test.sh gets it"; \
    if (samples().empty()) GTEST_SKIP() << "samples/ has no recordings"
