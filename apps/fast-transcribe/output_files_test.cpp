#include "output_files.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "in_temporary_folder.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using Words = std::vector<std::string>;

/// Root may write everywhere: while this lives, it is nobody.
class Nobody {
  public:
    Nobody() { changed_ = ::geteuid() == 0 && ::seteuid(65534) == 0; }
    ~Nobody() {
        if (changed_) {
            EXPECT_EQ(::seteuid(0), 0);
        }
    }

  private:
    bool changed_ = false;
};

class OutputFilesTest : public InTemporaryFolder {
  protected:
    static std::tm new_year() {
        std::tm time = {};
        time.tm_year = 125, time.tm_mon = 0, time.tm_mday = 2, time.tm_hour = 3, time.tm_min = 4, time.tm_sec = 5;
        return time;
    }
    static Transcript transcript(const std::string& text) {
        Transcript t;
        Segment segment;
        segment.text = text;
        t.segments.push_back(segment);
        return t;
    }
    static OutputOptions in_folder(const std::string& folder, const Words& formats) {
        OutputOptions options;
        options.dated = false;
        options.folder = folder;
        options.formats = formats;
        return options;
    }
};

TEST(OutputStems, AreDifferentForEveryInput) {
    const std::pair<Words, Words> cases[] = {
        {{"a/x.mp3", "b/y.wav"}, {"x", "y"}},
        {{"a/x.mp3", "b/x.wav", "x.flac"}, {"x", "x_2", "x_3"}},
        {{"a/x.mp3", "b/x.mp3", "x_2.mp3"}, {"x", "x_3", "x_2"}},
        {{"-", "stdin.mp3"}, {"stdin", "stdin_2"}},
        {{"talk.2024.mp3", ".hidden", "noext"}, {"talk.2024", ".hidden", "noext"}},
        {{"x.mp3", "x.mp3"}, {"x", "x_2"}},
        {{"..", "/"}, {"audio", "audio_2"}},
    };
    for (const auto& [inputs, stems] : cases) EXPECT_EQ(output_stems(inputs), stems) << inputs[0];
}

TEST(OutputStems, FitIntoAFileNameAndStayUtf8) {
    std::string name;
    for (int i = 0; i < 120; ++i) name += "å";
    const std::string stem = output_stems({name + "x.mp3"})[0];
    EXPECT_LE(stem.size(), 200u);
    EXPECT_EQ(stem.size() % 2, 0u) << "cut inside a character";
    const std::string odd = output_stems({"x" + name + ".mp3"})[0];
    EXPECT_EQ(odd.size() % 2, 1u) << "cut inside a character";
}

TEST_F(OutputFilesTest, DatedNamesNeverOverwrite) {
    const OutputFiles files(OutputOptions{}, {"a.mp3", "b.mp3", "c.mp3"}, new_year);
    files.prepare();
    write_file_atomically("transcription_20250102_030405_2.txt", "someone else's");
    EXPECT_EQ(files.write(0, transcript("ett")), Words{"transcription_20250102_030405.txt"});
    EXPECT_EQ(files.write(1, transcript("två")), Words{"transcription_20250102_030405_3.txt"});
    EXPECT_EQ(files.write(2, transcript("tre")), Words{"transcription_20250102_030405_4.txt"});
    EXPECT_EQ(read_file("transcription_20250102_030405.txt"), "ett\n");
    EXPECT_EQ(read_file("transcription_20250102_030405_2.txt"), "someone else's");
}

TEST_F(OutputFilesTest, EveryFormatGoesToTheFolderThatIsMade) {
    const OutputFiles files(in_folder("new/deep", {"txt", "srt"}), {"x/ärende.mp3"}, new_year);
    files.prepare();
    EXPECT_TRUE(fs::is_directory("new/deep"));
    EXPECT_EQ(files.write(0, transcript("hej")), (Words{"new/deep/ärende.txt", "new/deep/ärende.srt"}));
    EXPECT_EQ(read_file("new/deep/ärende.txt"), "hej\n");
    EXPECT_TRUE(files.notes().empty());
}

TEST_F(OutputFilesTest, AnInputIsNeverOverwritten) {
    write_file_atomically("speech.txt", "pretend this is audio");
    const OutputFiles files(in_folder(".", {"txt"}), {"speech.txt"}, new_year);
    EXPECT_EQ(files.write(0, transcript("hej")), Words{"./speech_2.txt"});
    EXPECT_EQ(read_file("speech.txt"), "pretend this is audio");
    ASSERT_EQ(files.notes().size(), 1u);
}

TEST_F(OutputFilesTest, SaysWhichInputIsCalledDifferently) {
    const OutputFiles files(in_folder(".", {"txt"}), {"a/x.mp3", "b/x.mp3"}, new_year);
    ASSERT_EQ(files.notes().size(), 1u);
    EXPECT_NE(files.notes()[0].find("b/x.mp3"), std::string::npos);
    EXPECT_NE(files.notes()[0].find("x_2"), std::string::npos);
}

TEST_F(OutputFilesTest, FindsOutBeforeTheWorkThatTheFolderCannotBeUsed) {
    write_file_atomically("file", "");
    EXPECT_THROW(OutputFiles(in_folder("file", {"txt"}), {"a"}, new_year).prepare(), Error);
    EXPECT_THROW(OutputFiles(in_folder("file/below", {"txt"}), {"a"}, new_year).prepare(), Error);
}

TEST_F(OutputFilesTest, FindsOutBeforeTheWorkThatTheFolderMayNotBeWrittenTo) {
    fs::create_directory("closed");
    fs::permissions("closed",
                    fs::perms::owner_read | fs::perms::owner_exec | fs::perms::others_read | fs::perms::others_exec);
    fs::permissions(folder_.path(), fs::perms::all);
    const Nobody nobody;
    try {
        OutputFiles(in_folder("closed", {"txt"}), {"a"}, new_year).prepare();
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::permission);
        EXPECT_NE(std::string(error.what()).find("closed"), std::string::npos);
    }
}

TEST_F(OutputFilesTest, NewFileLeavesNothingHalfWritten) {
    EXPECT_TRUE(write_new_file("n", "1"));
    EXPECT_FALSE(write_new_file("n", "2"));
    EXPECT_EQ(read_file("n"), "1");
    EXPECT_THROW(write_new_file("missing/n", "1"), Error);
}

}  // namespace
}  // namespace ft
