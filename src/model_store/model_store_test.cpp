// What lies on this machine: no server, no network.
#include "model_store/model_store.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "model_store/repository_folder.h"
#include "model_store/testing/fake_hub.h"

namespace ft {
namespace {

namespace fs = std::filesystem;

class ModelStoreTest : public ::testing::Test {
  protected:
    StoreOptions options(std::map<std::string, std::string> variables = {}) {
        return testing::store_options(home_.path(), std::move(variables));
    }
    ModelStore store(std::map<std::string, std::string> variables = {}) {
        return ModelStore(options(std::move(variables)));
    }
    fs::path models() const { return home_.path() / ".cache/fast-transcribe/models"; }
    static void make_ctranslate2(const fs::path& folder) {
        write_file_atomically(folder / "model.bin", "weights");
        write_file_atomically(folder / "vocabulary.txt", "a\n");
        write_file_atomically(folder / "config.json", R"({"suppress_ids": []})");
    }
    static void make_snapshot(const fs::path& models, const std::string& repository, const std::string& commit,
                              const std::string& type = "whisper") {
        const RepositoryFolder folder(models, repository);
        write_file_atomically(folder.snapshot(commit) / "model.safetensors", "weights");
        write_file_atomically(folder.snapshot(commit) / "tokenizer.json", "{}");
        write_file_atomically(folder.snapshot(commit) / "config.json", R"({"model_type": ")" + type + "\"}");
        folder.write_ref("main", commit);
    }

    testing::TemporaryFolder home_;
    const ModelName base_ = parse_model_name("whisper-base");
    const std::string commit_ = std::string(40, 'a');
};

TEST_F(ModelStoreTest, SaysHowToGetAModelThatIsNotHere) {
    try {
        store().locate(parse_model_name("kb-whisper-small"));
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::not_found);
        EXPECT_NE(std::string(error.what()).find("fast-transcribe model pull kb-whisper-small"), std::string::npos)
            << error.what();
    }
}

TEST_F(ModelStoreTest, FindsPlainFolders) {
    make_ctranslate2(models() / "whisper-base");
    EXPECT_EQ(store().locate(base_).path, models() / "whisper-base");
    EXPECT_EQ(store().locate(parse_model_name("openai/whisper-base")).path, models() / "whisper-base");
    EXPECT_THROW(store().locate(parse_model_name("whisper-base@v2")), Error) << "of which revision it is, nobody knows";
    make_ctranslate2(models() / "someone--else");
    EXPECT_EQ(store().locate(parse_model_name("someone/else")).path, models() / "someone--else");
    make_ctranslate2(models() / "kb-whisper-tiny@strict");
    EXPECT_EQ(store().locate(parse_model_name("kb-whisper-tiny@strict")).path, models() / "kb-whisper-tiny@strict");
}

TEST_F(ModelStoreTest, TakesNoHalfModel) {
    make_ctranslate2(models() / "whisper-base");
    fs::remove(models() / "whisper-base" / "vocabulary.txt");
    EXPECT_THROW(store().locate(base_), Error);
    make_snapshot(models(), "openai/whisper-base", commit_);
    EXPECT_NO_THROW(store().locate(base_));
    fs::remove(RepositoryFolder(models(), "openai/whisper-base").snapshot(commit_) / "tokenizer.json");
    EXPECT_THROW(store().locate(base_), Error);
}

TEST_F(ModelStoreTest, SearchesTheSystemsPlaceFirst) {
    const StoreOptions with_system = options();
    make_ctranslate2(models() / "whisper-base");
    EXPECT_EQ(ModelStore(with_system).locate(base_).path, models() / "whisper-base");
    make_ctranslate2(with_system.system_dir / "whisper-base");
    EXPECT_EQ(ModelStore(with_system).locate(base_).path, with_system.system_dir / "whisper-base");
}

TEST_F(ModelStoreTest, FindsSnapshotsByBranchAndCommit) {
    make_snapshot(models(), "openai/whisper-base", commit_);
    EXPECT_EQ(store().locate(base_).commit, commit_);
    EXPECT_EQ(store().locate(parse_model_name("whisper-base@" + commit_)).commit, commit_);
    EXPECT_EQ(store().locate(parse_model_name("whisper-base@aaaaaaaa")).commit, commit_);
    EXPECT_THROW(store().locate(parse_model_name("whisper-base@aaaaaaab")), Error);
    make_snapshot(models(), "openai/whisper-base", std::string(39, 'a') + "b");
    EXPECT_THROW(store().locate(parse_model_name("whisper-base@aaaaaaaa")), Error) << "which of the two is not clear";
    write_file_atomically(models() / "models--openai--whisper-base/refs/main", "../../../../etc");
    EXPECT_THROW(store().locate(base_), Error) << "a damaged reference leads nowhere";
}

TEST_F(ModelStoreTest, TakesAnyFolderOrFile) {
    make_ctranslate2(home_.path() / "mine");
    EXPECT_EQ(store().locate(parse_model_name((home_.path() / "mine").string())).path, home_.path() / "mine");
    write_file_atomically(home_.path() / "other" / "ggml-model.bin", "x");
    EXPECT_EQ(store().locate(parse_model_name((home_.path() / "other").string())).path.filename(), "ggml-model.bin");
    EXPECT_EQ(store().pull(parse_model_name((home_.path() / "mine").string())).path, home_.path() / "mine");
    EXPECT_THROW(store().remove(parse_model_name((home_.path() / "mine").string())), Error);
    EXPECT_TRUE(fs::exists(home_.path() / "mine" / "model.bin"));
}

TEST_F(ModelStoreTest, ListsWhisperModelsAlone) {
    make_ctranslate2(models() / "whisper-base");
    make_snapshot(models(), "KBLab/kb-whisper-small", commit_);
    make_snapshot(home_.path() / ".cache/huggingface/hub", "openai/whisper-tiny", commit_);
    make_snapshot(home_.path() / ".cache/huggingface/hub", "google/bert", commit_, "bert");
    const auto listed = store().list();
    ASSERT_EQ(listed.size(), 3U);
    EXPECT_EQ(listed[0].name, "kb-whisper-small");
    EXPECT_EQ(listed[0].commit, commit_);
    EXPECT_GT(listed[0].bytes, 0U);
    EXPECT_EQ(listed[1].name, "whisper-base");
    EXPECT_EQ(listed[2].name, "whisper-tiny");
}

TEST_F(ModelStoreTest, VerifiesAgainstTheManifest) {
    make_snapshot(models(), "openai/whisper-base", commit_);
    const RepositoryFolder folder(models(), "openai/whisper-base");
    const std::string hash = sha256_hex(std::as_bytes(std::span("weights", 7)));
    folder.write_manifest("openai/whisper-base", commit_, {{"model.safetensors", 7, hash, true}});
    EXPECT_EQ(store().verify(base_).checked.size(), 1U);
    EXPECT_EQ(store().verify(base_).unknown.size(), 2U);
    write_file_atomically(folder.snapshot(commit_) / "model.safetensors", "weighty");
    ASSERT_EQ(store().verify(base_).wrong.size(), 1U);
    EXPECT_NE(store().verify(base_).wrong[0].find(hash), std::string::npos);
    write_file_atomically(folder.snapshot(commit_) / "model.safetensors", "weig");
    EXPECT_NE(store().verify(base_).wrong.at(0).find("must have 7"), std::string::npos)
        << "it can no longer be located, but be checked";
    fs::remove(folder.snapshot(commit_) / "model.safetensors");
    EXPECT_NE(store().verify(base_).wrong.at(0).find("missing"), std::string::npos);
    EXPECT_THROW(store().verify(parse_model_name("whisper-tiny")), Error);
}

TEST_F(ModelStoreTest, VerifiesAPlainFolderAgainstItsSums) {
    make_ctranslate2(models() / "whisper-base");
    EXPECT_EQ(store().verify(base_).unknown.size(), 3U);
    const std::string hash = sha256_hex(std::as_bytes(std::span("weights", 7)));
    write_file_atomically(models() / "whisper-base/SHA256SUMS", hash + "  model.bin\n" + hash + "  config.json\n");
    const VerifyReport report = store().verify(base_);
    EXPECT_EQ(report.checked.size(), 1U);
    EXPECT_EQ(report.wrong.size(), 1U);
    EXPECT_EQ(report.unknown.size(), 1U);
}

TEST_F(ModelStoreTest, FindsTheVoiceActivityModel) {
    EXPECT_TRUE(store().voice_activity_model().empty());
    write_file_atomically(models() / "silero_vad_16k.safetensors", "x");
    EXPECT_EQ(store().voice_activity_model(), models() / "silero_vad_16k.safetensors");
}

TEST_F(ModelStoreTest, PacksBesideTheModels) {
    make_ctranslate2(models() / "whisper-base");
    const LocatedModel model = store().locate(base_);
    const fs::path packed = store().packed_path(model, "cpu-int8-1");
    EXPECT_EQ(packed.parent_path(), home_.path() / ".cache/fast-transcribe/packed");
    EXPECT_EQ(packed.filename().string().rfind("whisper-base-", 0), 0U);
    EXPECT_EQ(packed.extension(), ".ftm");
    EXPECT_NE(packed, store().packed_path(model, "cpu-f32-1"));
    write_file_atomically(packed, "x");
    write_file_atomically(packed.string() + ".stamp", "x");
    store().remove(base_);
    EXPECT_FALSE(fs::exists(packed)) << "a packed file goes with its model";
    EXPECT_FALSE(fs::exists(packed.string() + ".stamp"));
    EXPECT_FALSE(fs::exists(model.path));
}

TEST_F(ModelStoreTest, PacksElsewhereWhatLiesInAReadOnlyPlace) {
    const StoreOptions with_system = options();
    make_ctranslate2(with_system.system_dir / "whisper-base");
    const LocatedModel model = ModelStore(with_system).locate(base_);
    const fs::path packed_by_system = ModelStore(with_system).packed_path(model, "p");
    EXPECT_EQ(packed_by_system.parent_path(), with_system.system_dir.parent_path() / "packed");
    if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere, so nothing is read-only";
    ::chmod(with_system.system_dir.parent_path().c_str(), 0555);
    EXPECT_EQ(ModelStore(with_system).packed_path(model, "p").parent_path(),
              home_.path() / ".cache/fast-transcribe/packed");
    ::chmod(with_system.system_dir.parent_path().c_str(), 0755);
}

TEST_F(ModelStoreTest, TakesAPackedFileThatTheSystemHas) {
    const StoreOptions with_system = options({{"FAST_TRANSCRIBE_HOME", (home_.path() / "ft").string()}});
    make_ctranslate2(with_system.system_dir / "whisper-base");
    const LocatedModel model = ModelStore(with_system).locate(base_);
    const fs::path name = ModelStore(with_system).packed_path(model, "p").filename();
    write_file_atomically(home_.path() / "ft/packed" / name, "x");
    EXPECT_EQ(ModelStore(with_system).packed_path(model, "p"), home_.path() / "ft/packed" / name)
        << "an existing one is taken";
    EXPECT_NE(ModelStore(with_system).writable_packed_path(model, "p"),
              ModelStore(with_system).packed_path(model, "p"));
}

TEST_F(ModelStoreTest, PacksInAPrivateTemporaryFolderWhenNothingElseCanBeWritten) {
    StoreOptions homeless = options();
    homeless.environment = [](const char*) { return std::string(); };
    make_ctranslate2(home_.path() / "mine");
    const LocatedModel model = ModelStore(homeless).locate(parse_model_name((home_.path() / "mine").string()));
    const fs::path packed = ModelStore(homeless).packed_path(model, "p");
    EXPECT_EQ(packed.filename().string().rfind("mine-", 0), 0U);
    struct stat status {};
    ASSERT_EQ(::stat(packed.parent_path().parent_path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 077, 0U) << "others may not put a model there";
}

TEST(SelectFiles, ChoosesOneFormat) {
    const std::vector<std::string> all = {
        "model.safetensors", "config.json",        "tokenizer.json",  "model.bin", "vocabulary.json",
        "ggml-model.bin",    "flax_model.msgpack", "onnx/model.onnx", "../evil",   "model.safetensors.index.json"};
    EXPECT_EQ(select_files(all), (std::vector<std::string>{"config.json", "tokenizer.json", "model.safetensors"}));
    EXPECT_TRUE(select_files({"model.safetensors"}).empty())
        << "weights without a configuration and a vocabulary say nothing";
    EXPECT_TRUE(select_files({"model.bin", "config.json", "pytorch_model.bin"}).empty());
    EXPECT_EQ(select_files({"ggml-model.bin", "ggml-tiny.bin"}), (std::vector<std::string>{"ggml-model.bin"}));
}

}  // namespace
}  // namespace ft
