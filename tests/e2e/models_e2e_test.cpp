// What the program does about its model: prepared once, again when it must be, and said when it is missing.
#include "base/file.h"
#include "e2e_fixture.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

class ModelsE2eTest : public E2eTest {
  protected:
    void SetUp() override {
        E2eTest::SetUp();
        // A home of its own: these tests damage what is in it.
        home_ = folder_ / "home";
        fs::create_directory(home_);
        options_.environment["HOME"] = options_.environment["FAST_TRANSCRIBE_HOME"] = home_.string();
        options_.environment["HF_HOME"] = (home_ / "hf").string();
    }
    /// The text of the first sample; the program must succeed.
    std::string transcribe(const std::string& model) {
        EXPECT_EQ(run({"--model", model, "-f", "txt", samples()[0].audio.string()}), 0) << err();
        return read_file(folder_ / (samples()[0].audio.stem().string() + ".txt"));
    }
    bool prepared() const { return err().find("preparing it") != std::string::npos; }
    fs::path packed_file() const {
        for (const auto& entry : fs::recursive_directory_iterator(home_)) {
            if (entry.path().extension() == ".ftm") return entry.path();
        }
        return {};
    }
    fs::path home_;
};

TEST_F(ModelsE2eTest, IsPreparedOnceAndAgainWhenDamaged) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const std::string text = transcribe(model().string());
    EXPECT_TRUE(prepared()) << err();
    EXPECT_EQ(transcribe(model().string()), text);
    EXPECT_FALSE(prepared()) << err();
    const fs::path packed = packed_file();
    ASSERT_FALSE(packed.empty());
    const std::string whole = read_file(packed, size_t{2} << 30);
    // In the header, in the middle of the weights, and cut off.
    std::string header = whole, weights = whole;
    header[20] = static_cast<char>(header[20] ^ 1);
    weights[whole.size() / 2] = static_cast<char>(weights[whole.size() / 2] ^ 0x40);
    for (const std::string& damaged : {header, weights, whole.substr(0, whole.size() / 2), std::string()}) {
        write_file_atomically(packed, damaged);
        EXPECT_EQ(transcribe(model().string()), text);
        EXPECT_TRUE(prepared()) << err();
    }
    EXPECT_EQ(read_file(packed, size_t{2} << 30).size(), whole.size());
}

TEST_F(ModelsE2eTest, IsPreparedAgainWhenTheCheckpointChanges) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const fs::path copy = folder_ / "my-model";
    fs::create_directory(copy);
    for (const auto& entry : fs::directory_iterator(model())) {
        if (entry.is_regular_file()) fs::copy_file(entry.path(), copy / entry.path().filename());
    }
    const std::string text = transcribe(copy.string());
    fs::last_write_time(copy / "model.bin", fs::last_write_time(copy / "model.bin") + std::chrono::seconds(1));
    EXPECT_EQ(transcribe(copy.string()), text);
    EXPECT_TRUE(prepared()) << err();
}

TEST_F(ModelsE2eTest, ADamagedCheckpointIsOneSentence) {
    FT_NEEDS_MODEL_AND_SAMPLES();
    const fs::path copy = folder_ / "my-model";
    fs::create_directory(copy);
    for (const char* name : {"config.json", "tokenizer.json", "vocabulary.txt"}) {
        if (fs::exists(model() / name)) fs::copy_file(model() / name, copy / name);
    }
    write_file_atomically(copy / "model.bin", read_file(model() / "model.bin", size_t{1} << 30).substr(0, 1000000));
    EXPECT_EQ(run({"--model", copy.string(), samples()[0].audio.string()}), 1);
    EXPECT_NE(err().find("model.bin"), std::string::npos) << err();
    EXPECT_EQ(out(), "");
}

TEST_F(ModelsE2eTest, WithoutAnyModelTheCommandThatGetsOneIsNamed) {
    if (fs::exists("/opt/transcribe/models")) GTEST_SKIP() << "this machine has models for every user";
    write_file_atomically(folder_ / "a.wav", "not looked at");
    EXPECT_EQ(run({"a.wav"}), 1);
    EXPECT_NE(err().find("fast-transcribe model pull kb-whisper-small"), std::string::npos) << err();
    EXPECT_EQ(run({"--model", "kb-whisper-large", "a.wav"}), 1);
    EXPECT_NE(err().find("model pull kb-whisper-large"), std::string::npos) << err();
    EXPECT_EQ(run({"--model", "no-such-name", "a.wav"}), 2) << err();
    EXPECT_EQ(run({"doctor"}), 1) << "without a model nothing works";
    EXPECT_NE(out().find("FAIL"), std::string::npos);
}

}  // namespace
}  // namespace ft
