#include "model_store/model_names.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "model_store/testing/fake_hub.h"

namespace ft {
namespace {

ErrorCode code_of(const std::string& name) {
    try {
        parse_model_name(name);
    } catch (const Error& error) {
        return error.code();
    }
    ADD_FAILURE() << name << " was taken";
    return ErrorCode::internal;
}

TEST(ModelNames, ShortNamesStandForRepositories) {
    EXPECT_EQ(known_model_names().size(), 11U);
    EXPECT_EQ(parse_model_name("kb-whisper-small").repository, "KBLab/kb-whisper-small");
    EXPECT_EQ(parse_model_name("kb-whisper-small").revision, "main");
    EXPECT_EQ(parse_model_name("kb-whisper-large@standard").revision, "main");
    EXPECT_EQ(parse_model_name("kb-whisper-large@strict").revision, "strict");
    EXPECT_EQ(parse_model_name("kb-whisper-tiny@0123abcd").revision, "0123abcd");
    EXPECT_EQ(parse_model_name("whisper-large-v3-turbo").repository, "openai/whisper-large-v3-turbo");
    EXPECT_EQ(parse_model_name("whisper-base@refs/pr/2").revision, "refs/pr/2");
    EXPECT_EQ(parse_model_name("NbAiLab/nb-whisper-small@v1.0").repository, "NbAiLab/nb-whisper-small");
    EXPECT_EQ(parse_model_name("NbAiLab/nb-whisper-small@v1.0").revision, "v1.0");
}

TEST(ModelNames, AnUnknownNameIsAnsweredWithTheKnownOnes) {
    try {
        parse_model_name("kb-whisper-smal");
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::invalid_argument);
        for (const std::string& name : known_model_names())
            EXPECT_NE(std::string(error.what()).find(name), std::string::npos);
    }
    EXPECT_EQ(code_of(""), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of("kb-whisper-small@subtitles"), ErrorCode::invalid_argument);
    EXPECT_EQ(code_of("kb-whisper-small@"), ErrorCode::invalid_argument);
}

TEST(ModelNames, NothingLeavesItsFolder) {
    for (const char* name : {"whisper-base@../../etc", "whisper-base@/etc", "whisper-base@a//b",
                             "openai/whisper-base@a b", "whisper-base@a%2f"}) {
        EXPECT_EQ(code_of(name), ErrorCode::invalid_argument) << name;
    }
    for (const char* name : {"../nowhere/model", "/nowhere/at/all", "./nowhere", "a/b/c", "owner/..", "-owner/name",
                             "own er/name", "o--w/n"}) {
        EXPECT_EQ(code_of(name), ErrorCode::not_found) << name;
    }
}

TEST(ModelNames, AnExistingPathIsAPath) {
    const testing::TemporaryFolder folder;
    write_file_atomically(folder.path() / "my@model" / "config.json", "{}");
    const ModelName name = parse_model_name((folder.path() / "my@model").string());
    EXPECT_EQ(name.path, folder.path() / "my@model");
    EXPECT_TRUE(name.repository.empty());
    EXPECT_EQ(parse_model_name((folder.path() / "my@model" / "config.json").string()).path.filename(), "config.json");
}

TEST(ModelNames, NamesGoBothWays) {
    for (const std::string& name : known_model_names())
        EXPECT_EQ(display_name(parse_model_name(name).repository, "main"), name);
    EXPECT_EQ(display_name("KBLab/kb-whisper-base", "strict"), "kb-whisper-base@strict");
    EXPECT_EQ(display_name("someone/else", "main"), "someone/else");
    EXPECT_EQ(repository_folder_name("KBLab/kb-whisper-base"), "models--KBLab--kb-whisper-base");
    EXPECT_EQ(repository_of_folder("models--KBLab--kb-whisper-base"), "KBLab/kb-whisper-base");
    EXPECT_EQ(repository_of_folder("models--bert"), "");
    EXPECT_EQ(repository_of_folder("datasets--a--b"), "");
}

}  // namespace
}  // namespace ft
