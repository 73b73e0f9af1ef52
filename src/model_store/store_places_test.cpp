#include "model_store/store_places.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "model_store/testing/fake_hub.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using testing::store_options;
using testing::TemporaryFolder;

std::vector<fs::path> searched(const StorePlaces& places) {
    std::vector<fs::path> result;
    for (const ModelRoot& root : places.roots()) result.push_back(root.models);
    return result;
}

TEST(StorePlaces, AreSearchedInTheirOrder) {
    const TemporaryFolder home;
    StoreOptions options = store_options(home.path(), {{"FAST_TRANSCRIBE_HOME", "/ft"}, {"XDG_CACHE_HOME", "/xdg"}});
    options.model_dir = "/given";
    fs::create_directories(options.system_dir);
    const std::vector<fs::path> expected = {options.system_dir,
                                            "/given",
                                            "/given/models",
                                            "/ft/models",
                                            "/ft",
                                            "/xdg/fast-transcribe/models",
                                            "/xdg/fast-transcribe",
                                            "/xdg/huggingface/hub"};
    EXPECT_EQ(searched(StorePlaces(options)), expected);
    EXPECT_FALSE(StorePlaces(options).roots().back().own) << "the hub's cache is only read";
}

TEST(StorePlaces, AreThoseOfTheHomeWithoutVariables) {
    const TemporaryFolder home;
    const std::vector<fs::path> expected = {home.path() / ".cache/fast-transcribe/models",
                                            home.path() / ".cache/fast-transcribe",
                                            home.path() / ".cache/huggingface/hub"};
    const StorePlaces places(store_options(home.path(), {}));
    EXPECT_EQ(searched(places), expected);
    EXPECT_EQ(places.writable().models, expected[0]);
}

TEST(StorePlaces, FollowTheHubsVariables) {
    const TemporaryFolder home;
    EXPECT_EQ(searched(StorePlaces(store_options(home.path(), {{"HF_HOME", "/hf"}}))).back(), "/hf/hub");
    EXPECT_EQ(searched(StorePlaces(store_options(home.path(), {{"HF_HOME", "/hf"}, {"HF_HUB_CACHE", "/hubs"}}))).back(),
              "/hubs");
}

TEST(StorePlaces, WriteWhereTheUserSays) {
    const TemporaryFolder home;
    StoreOptions options = store_options(home.path(), {{"FAST_TRANSCRIBE_HOME", (home.path() / "ft").string()}});
    fs::create_directories(options.system_dir);
    EXPECT_EQ(StorePlaces(options).writable().models, home.path() / "ft" / "models");
    options.model_dir = home.path() / "given";
    EXPECT_EQ(StorePlaces(options).writable().models, home.path() / "given");
    EXPECT_EQ(StorePlaces(store_options(home.path(), {})).writable().models, options.system_dir)
        << "writable for this user";
}

TEST(StorePlaces, SayWhichPlaceCannotBeWritten) {
    const TemporaryFolder home;
    write_file_atomically(home.path() / "file", "a file is no folder, for root neither");
    StoreOptions options = store_options(home.path(), {});
    options.model_dir = home.path() / "file" / "models";
    try {
        StorePlaces(options).writable();
        FAIL() << "another place was taken silently";
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::permission);
        EXPECT_NE(std::string(error.what()).find(options.model_dir.string()), std::string::npos) << error.what();
    }
    StoreOptions homeless = store_options(home.path(), {});
    homeless.environment = [](const char*) { return std::string(); };
    EXPECT_THROW(StorePlaces(homeless).writable(), Error);
}

TEST(HubSettings, ComeFromTheEnvironment) {
    const TemporaryFolder home;
    HubSettings settings = hub_settings(store_options(home.path(), {}));
    EXPECT_EQ(settings.endpoint, "https://huggingface.co");
    EXPECT_TRUE(settings.token.empty());
    EXPECT_FALSE(settings.offline);
    settings = hub_settings(store_options(home.path(), {{"HF_ENDPOINT", "https://mirror.example/hf//"},
                                                        {"HF_TOKEN", " abc\n"},
                                                        {"HF_HUB_OFFLINE", "yes"},
                                                        {"SSL_CERT_FILE", "/c"}}));
    EXPECT_EQ(settings.endpoint, "https://mirror.example/hf");
    EXPECT_EQ(settings.token, "abc");
    EXPECT_TRUE(settings.offline);
    EXPECT_EQ(settings.certificates, "/c");
    EXPECT_FALSE(hub_settings(store_options(home.path(), {{"HF_HUB_OFFLINE", "0"}})).offline);
}

TEST(HubSettings, FindTheTokenThatLoginLeft) {
    const TemporaryFolder home;
    write_file_atomically(home.path() / ".cache/huggingface/token", "from-file\n");
    EXPECT_EQ(hub_settings(store_options(home.path(), {})).token, "from-file");
    EXPECT_EQ(hub_settings(store_options(home.path(), {{"HF_TOKEN", "from-variable"}})).token, "from-variable");
    write_file_atomically(home.path() / "hf" / "token", "from-hf-home");
    EXPECT_EQ(hub_settings(store_options(home.path(), {{"HF_HOME", (home.path() / "hf").string()}})).token,
              "from-hf-home");
}

TEST(HubSettings, RefuseWhatCannotBe) {
    const TemporaryFolder home;
    EXPECT_THROW(hub_settings(store_options(home.path(), {{"HF_ENDPOINT", "ftp://mirror"}})), Error);
    EXPECT_THROW(hub_settings(store_options(home.path(), {{"HF_ENDPOINT", "mirror.example"}})), Error);
    EXPECT_THROW(hub_settings(store_options(home.path(), {{"HF_TOKEN", "abc\r\nX-Evil: 1"}})), Error);
}

}  // namespace
}  // namespace ft
