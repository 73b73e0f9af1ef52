#include "e2e_fixture.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "audio/audio_reader.h"
#include "audio/testing/test_audio.h"
#include "base/file.h"

namespace ft {

namespace fs = std::filesystem;

void E2eTest::SetUp() {
    options_.folder = folder_.path();
    // Nothing of the user's own models and caches; the packed test model is kept from run to run.
    const std::string home = FT_BINARY_DIR "/e2e_home";
    fs::create_directories(home);
    options_.environment = {{"HOME", home},
                            {"XDG_CACHE_HOME", ""},
                            {"FAST_TRANSCRIBE_HOME", home},
                            {"HF_HOME", home + "/hf"},
                            {"HF_HUB_CACHE", ""}};
}

int E2eTest::run(const std::vector<std::string>& arguments) {
    const std::unique_ptr<ChildProcess> child = start(arguments);
    const int code = child->wait();
    out_ = child->out();
    err_ = child->err();
    return code;
}

std::unique_ptr<ChildProcess> E2eTest::start(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {FT_PROGRAM};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return std::make_unique<ChildProcess>(command, options_);
}

fs::path E2eTest::model() {
    const fs::path path = FT_SOURCE_DIR "/build/models/whisper-base";
    return fs::exists(path / "model.bin") ? path : fs::path();
}

std::vector<Sample> E2eTest::samples() {
    std::vector<Sample> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(FT_SOURCE_DIR "/samples", error)) {
        fs::path text = entry.path();
        text.replace_extension(".txt");
        const std::string kind = entry.path().extension().string();
        if ((kind == ".flac" || kind == ".opus") && fs::exists(text)) found.push_back({entry.path(), read_file(text)});
    }
    std::sort(found.begin(), found.end(), [](const Sample& a, const Sample& b) { return a.audio < b.audio; });
    return found;
}

void E2eTest::write_long_wav(const fs::path& source, const fs::path& target, int seconds) {
    const std::vector<float> pcm = read_all(*AudioReader::open(source.string()));
    ASSERT_FALSE(pcm.empty());
    const auto repeated = [&](int, double t) {
        return static_cast<double>(pcm[static_cast<size_t>(std::lround(t * sample_rate)) % pcm.size()]);
    };
    write_file_atomically(target, test::wav(sample_rate, 1, test::pcm_s16(sample_rate, 1, seconds, repeated)));
}

std::vector<std::string> words_of(const std::string& text) {
    std::vector<std::string> words(1);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) || byte >= 0x80) {
            words.back() += static_cast<char>(byte < 0x80 ? std::tolower(byte) : byte);
        } else if (!words.back().empty()) {
            words.emplace_back();
        }
    }
    if (words.back().empty()) words.pop_back();
    return words;
}

double shared_words(const std::string& expected, const std::string& got) {
    std::map<std::string, int> there;
    for (const std::string& word : words_of(got)) ++there[word];
    const std::vector<std::string> wanted = words_of(expected);
    const auto found =
        std::count_if(wanted.begin(), wanted.end(), [&](const std::string& word) { return there[word]-- > 0; });
    return wanted.empty() ? 1.0 : static_cast<double>(found) / static_cast<double>(wanted.size());
}

}  // namespace ft
