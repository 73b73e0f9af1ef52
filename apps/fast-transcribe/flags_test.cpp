#include "flags.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace ft {
namespace {

/// Flags that write down what they were given.
struct Recorder {
    std::string seen;
    std::vector<Flag> flags{
        {"max_line_width", 0, "N", "Group one", "how wide",
         [this](const std::string& v) { seen += "width=" + v + ";"; }},
        {"output_dir", 'o', "DIR", "Group one", "where to", [this](const std::string& v) { seen += "dir=" + v + ";"; }},
        {"vad_filter", 'q', "", "Group two", "a switch", [this](const std::string& v) { seen += "vad=" + v + ";"; }},
        {"hidden", 0, "N", "", "", [this](const std::string& v) { seen += "hidden=" + v + ";"; }},
    };
    std::vector<std::string> parse(const std::vector<std::string>& arguments) {
        seen.clear();
        return parse_flags(arguments, flags);
    }
    std::string failure(const std::vector<std::string>& arguments) {
        try {
            parse(arguments);
        } catch (const Error& error) {
            EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
            return error.what();
        }
        return "";
    }
};

using Words = std::vector<std::string>;

TEST(Flags, AreWrittenInEveryUsualWay) {
    Recorder r;
    const std::pair<Words, std::string> cases[] = {
        {{"--max_line_width", "40"}, "width=40;"},
        {{"--max-line-width", "40"}, "width=40;"},
        {{"--max-line_width=40"}, "width=40;"},
        {{"-o", "out"}, "dir=out;"},
        {{"-oout"}, "dir=out;"},
        {{"-o=out"}, "dir=out;"},
        {{"--output-dir=a=b"}, "dir=a=b;"},
        {{"--output_dir", "--strange"}, "dir=--strange;"},
        {{"--output_dir="}, "dir=;"},
        {{"--max_line_width", "-1"}, "width=-1;"},
        {{"--vad_filter"}, "vad=true;"},
        {{"--vad-filter", "False"}, "vad=false;"},
        {{"--vad_filter=TRUE"}, "vad=true;"},
        {{"-q"}, "vad=true;"},
        {{"-o", "a", "-o", "b"}, "dir=a;dir=b;"},
    };
    for (const auto& [arguments, expected] : cases) {
        EXPECT_TRUE(r.parse(arguments).empty()) << arguments[0];
        EXPECT_EQ(r.seen, expected) << arguments[0];
    }
}

TEST(Flags, LeaveFilesAlone) {
    Recorder r;
    EXPECT_EQ(r.parse({"a.mp3", "--vad_filter", "b.mp3", "-", "-o", "x", "c.mp3"}),
              (Words{"a.mp3", "b.mp3", "-", "c.mp3"}));
    EXPECT_EQ(r.seen, "vad=true;dir=x;");
    EXPECT_EQ(r.parse({"--", "-o", "--vad_filter"}), (Words{"-o", "--vad_filter"}));
    EXPECT_EQ(r.seen, "");
}

TEST(Flags, SayWhatIsWrong) {
    Recorder r;
    EXPECT_EQ(r.failure({"--max_line_widht", "3"}), "unknown flag --max_line_widht; did you mean --max_line_width?");
    EXPECT_EQ(r.failure({"--zzz=3"}), "unknown flag --zzz");
    EXPECT_EQ(r.failure({"-z"}), "unknown flag -z");
    EXPECT_EQ(r.failure({"-o"}), "-o: needs a value, DIR");
    EXPECT_EQ(r.failure({"-o", "--max-line-width", "3"}), "-o: needs a value, DIR") << "the folder was forgotten";
    EXPECT_EQ(r.failure({"--vad_filter=maybe"}), "--vad_filter maybe: takes True or False, or no value at all");
}

TEST(Flags, HelpHasGroupsAndStaysWithinTheWidth) {
    Recorder r;
    r.flags[0].help = std::string(30, 'a') + " " + std::string(30, 'b') + " " + std::string(30, 'c');
    const std::string help = flags_help(r.flags, 80);
    EXPECT_NE(help.find("Group one:\n"), std::string::npos);
    EXPECT_NE(help.find("  -o, --output_dir DIR"), std::string::npos);
    EXPECT_EQ(help.find("hidden"), std::string::npos);
    for (size_t begin = 0; begin < help.size();) {
        const size_t end = help.find('\n', begin);
        EXPECT_LE(end - begin, 80u);
        begin = end + 1;
    }
}

}  // namespace
}  // namespace ft
