// ModelStore::pull against a hub that fails in every way it can.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "model_store/model_store.h"
#include "model_store/testing/fake_hub.h"

namespace ft {
namespace {

namespace fs = std::filesystem;
using testing::FakeHub;
using testing::TestReply;
using testing::TestRequest;

constexpr size_t kHalf = size_t{3} << 19;  // of the weights

class PullTest : public ::testing::Test {
  protected:
    StoreOptions options(std::map<std::string, std::string> variables = {}) {
        variables.emplace("HF_ENDPOINT", hub_.hub().url());
        return testing::store_options(home_.path(), std::move(variables), &waited_);
    }
    ModelStore store(std::map<std::string, std::string> variables = {}) {
        return ModelStore(options(std::move(variables)));
    }
    const std::string& weights() { return hub_.files["model.safetensors"]; }
    fs::path repository() const {
        return home_.path() / ".cache/fast-transcribe/models/models--KBLab--kb-whisper-small";
    }
    fs::path partial() {
        return repository() / "blobs" / (sha256_hex(std::as_bytes(std::span(weights()))) + ".partial");
    }

    void expect_whole(const LocatedModel& model) {
        EXPECT_EQ(model.commit, hub_.revisions["main"]);
        for (const char* name : {"config.json", "tokenizer.json", "model.safetensors"})
            EXPECT_EQ(read_file(model.path / name), hub_.files[name]) << name;
        EXPECT_FALSE(fs::exists(partial()));
        EXPECT_EQ(store().locate(name_).path, model.path);
        EXPECT_TRUE(store().verify(name_).wrong.empty());
    }

    Error error_of_pull() {
        try {
            store().pull(name_);
        } catch (const Error& error) {
            return error;
        }
        ADD_FAILURE() << "the pull went well";
        return {ErrorCode::internal, ""};
    }

    TestRequest last_from_storage() { return hub_.storage().requests().back(); }

    FakeHub hub_;
    testing::TemporaryFolder home_;
    std::chrono::milliseconds waited_{0};
    const ModelName name_ = parse_model_name("kb-whisper-small");
};

TEST_F(PullTest, GetsWhatARunNeedsAndNoMore) {
    uint64_t done = 0, total = 0;
    const LocatedModel model = store().pull(name_, [&](const PullProgress& progress) {
        if (progress.total_bytes == 0) return;
        EXPECT_GE(progress.done_bytes, done);
        done = progress.done_bytes;
        total = progress.total_bytes;
    });
    expect_whole(model);
    EXPECT_EQ(total, hub_.files["config.json"].size() + hub_.files["tokenizer.json"].size() + weights().size());
    EXPECT_EQ(done, total);
    EXPECT_EQ(hub_.hub().count("GET", "pytorch"), 0);
    EXPECT_EQ(hub_.hub().count("GET", "README"), 0);
    EXPECT_EQ(store().verify(name_).checked.size(), 3U);
}

TEST_F(PullTest, ASecondPullFetchesNothing) {
    store().pull(name_);
    const size_t before = hub_.storage().requests().size();
    expect_whole(store().pull(name_));
    EXPECT_EQ(hub_.storage().requests().size(), before);
}

TEST_F(PullTest, ResumesAfterTheConnectionBreaks) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        if (++answers == 1) reply.break_after = kHalf;
    };
    expect_whole(store().pull(name_));
    EXPECT_EQ(last_from_storage().headers.at("range"), "bytes=" + std::to_string(kHalf) + "-");
    EXPECT_EQ(hub_.storage().requests().size(), 2U);
}

TEST_F(PullTest, ManyBreaksDoNotEndAPullThatMovesOn) {
    hub_.files["model.safetensors"] = testing::pseudo_random(size_t{12} << 20, 2);
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        ++answers;
        reply.break_after = (size_t{1} << 20) + 1000;
    };
    expect_whole(store().pull(name_));
    EXPECT_EQ(answers, 12);
}

TEST_F(PullTest, ManyBreaksEndAPullThatDoesNotMove) {
    hub_.storage_fault = [](const TestRequest&, TestReply& reply) { reply.break_after = 1000; };
    const Error error = error_of_pull();
    EXPECT_EQ(error.code(), ErrorCode::network);
    EXPECT_NE(std::string(error.what()).find("broke off"), std::string::npos) << error.what();
    EXPECT_EQ(hub_.storage().requests().size(), 5U);
    EXPECT_EQ(fs::file_size(partial()), 5000U) << "kept for the next run";
    EXPECT_THROW(store().locate(name_), Error) << "a part is no model";
    hub_.storage_fault = {};
    expect_whole(store().pull(name_));
    EXPECT_EQ(last_from_storage().headers.at("range"), "bytes=5000-");
}

TEST_F(PullTest, StartsAnewWhereThereAreNoRanges) {
    hub_.serves_ranges = false;
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        if (++answers == 1) reply.break_after = kHalf;
    };
    expect_whole(store().pull(name_));
}

TEST_F(PullTest, StartsAnewWhenTheRangeIsRefused) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        ++answers;
        if (answers == 1) reply.break_after = kHalf;
        if (answers == 2) reply = {.status = 416, .headers = {}, .body = ""};
    };
    expect_whole(store().pull(name_));
    EXPECT_EQ(last_from_storage().headers.count("range"), 0U);
}

TEST_F(PullTest, StartsAnewWhenTheWrongRangeComes) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        ++answers;
        if (answers == 1) reply.break_after = kHalf;
        if (answers == 2) reply.headers = {{"Content-Range", "bytes 5-100/101"}};
    };
    expect_whole(store().pull(name_));
}

TEST_F(PullTest, KeepsNothingOfWrongBytes) {
    hub_.storage_fault = [](const TestRequest&, TestReply& reply) { reply.body[1000] ^= 1; };
    const Error error = error_of_pull();
    EXPECT_EQ(error.code(), ErrorCode::network);
    EXPECT_NE(std::string(error.what()).find("model.safetensors"), std::string::npos) << error.what();
    EXPECT_NE(std::string(error.what()).find("SHA-256"), std::string::npos) << error.what();
    EXPECT_FALSE(fs::exists(partial()));
    EXPECT_FALSE(fs::exists(repository() / "blobs" / partial().stem()));
    EXPECT_THROW(store().locate(name_), Error);
}

TEST_F(PullTest, KeepsNothingOfASmallFileWithWrongBytes) {
    hub_.fault = [](const TestRequest& request, TestReply& reply) {
        if (request.path.ends_with("/config.json") && request.method == "GET") reply.body[0] = '[';
    };
    EXPECT_NE(std::string(error_of_pull().what()).find("config.json"), std::string::npos);
    EXPECT_THROW(store().locate(name_), Error);
}

TEST_F(PullTest, RefusesMoreBytesThanTold) {
    hub_.storage_fault = [](const TestRequest&, TestReply& reply) {
        reply.body = reply.body.substr(7) + std::string(100000, 'x');
    };
    EXPECT_EQ(error_of_pull().code(), ErrorCode::network);
    EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(PullTest, ThrowsAwayADamagedPart) {
    write_file_atomically(partial(), std::string(kHalf, 'x'));
    expect_whole(store().pull(name_));
    EXPECT_EQ(hub_.storage().requests().size(), 2U);
    EXPECT_EQ(last_from_storage().headers.count("range"), 0U);
}

TEST_F(PullTest, ThrowsAwayAPartThatIsTooLong) {
    write_file_atomically(partial(), weights() + "x");
    expect_whole(store().pull(name_));
}

TEST_F(PullTest, TakesAPartThatIsWhole) {
    write_file_atomically(partial(), weights());
    expect_whole(store().pull(name_));
    EXPECT_TRUE(hub_.storage().requests().empty());
}

TEST_F(PullTest, ResumesAfterAStall) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        if (++answers == 1) reply.stall_after = 1000;
    };
    StoreOptions impatient = options();
    impatient.stall_timeout = std::chrono::seconds(1);
    expect_whole(ModelStore(impatient).pull(name_));
    EXPECT_EQ(hub_.storage().requests().at(1).headers.at("range"), "bytes=1000-");
}

TEST_F(PullTest, WaitsAsLongAsTheStorageAsks) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        if (++answers == 1) reply = {.status = 429, .headers = {{"Retry-After", "11"}}, .body = ""};
        if (answers == 2) reply = {.status = 503, .headers = {}, .body = ""};
    };
    expect_whole(store().pull(name_));
    EXPECT_EQ(waited_, std::chrono::seconds(11 + 2));
}

TEST_F(PullTest, StopsWhenTheProgressThrowsAndGoesOnLater) {
    const auto stop = [](const PullProgress& progress) {
        if (progress.file == "model.safetensors" && progress.done_bytes > kHalf)
            throw Error(ErrorCode::cancelled, "stopped by the user");
    };
    try {
        store().pull(name_, stop);
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::cancelled);
    }
    const uint64_t kept = fs::file_size(partial());
    EXPECT_GT(kept, kHalf / 2);
    expect_whole(store().pull(name_));
    EXPECT_EQ(last_from_storage().headers.at("range"), "bytes=" + std::to_string(kept) + "-");
}

TEST_F(PullTest, TellsTheTokenToTheHubAlone) {
    hub_.token = "secret";
    EXPECT_EQ(error_of_pull().code(), ErrorCode::permission);
    expect_whole(store({{"HF_TOKEN", "secret"}}).pull(name_));
    for (const TestRequest& request : hub_.storage().requests()) EXPECT_EQ(request.headers.count("authorization"), 0U);
}

TEST_F(PullTest, AsksForNoNetworkWhenItMayNot) {
    StoreOptions offline = options();
    offline.allow_network = false;
    EXPECT_THROW(ModelStore(offline).pull(name_), Error);
    EXPECT_THROW(store({{"HF_HUB_OFFLINE", "1"}}).pull(name_), Error);
    EXPECT_TRUE(hub_.hub().requests().empty());
    const LocatedModel model = store().pull(name_);
    EXPECT_EQ(ModelStore(offline).pull(name_).path, model.path);
}

TEST_F(PullTest, TakesTheCopyThatIsHereWhenTheHubIsAway) {
    const LocatedModel model = store().pull(name_);
    EXPECT_EQ(store({{"HF_ENDPOINT", "http://127.0.0.1:1"}}).pull(name_).path, model.path);
    EXPECT_THROW(store({{"HF_ENDPOINT", "http://127.0.0.1:1"}}).pull(parse_model_name("kb-whisper-tiny")), Error);
}

TEST_F(PullTest, FollowsABranchAndFetchesOnlyWhatChanged) {
    const LocatedModel before = store().pull(name_);
    const size_t fetched = hub_.storage().requests().size();
    hub_.revisions["main"] = std::string(40, 'd');
    hub_.files["config.json"] += " ";
    const LocatedModel after = store().pull(name_);
    expect_whole(after);
    EXPECT_NE(after.path, before.path);
    EXPECT_EQ(hub_.storage().requests().size(), fetched) << "the weights are the same";
}

TEST_F(PullTest, GetsRevisionsSideBySide) {
    hub_.revisions["strict"] = std::string(40, 'e');
    const LocatedModel standard = store().pull(name_);
    const LocatedModel strict = store().pull(parse_model_name("kb-whisper-small@strict"));
    EXPECT_NE(standard.path, strict.path);
    EXPECT_EQ(store().locate(parse_model_name("kb-whisper-small@standard")).path, standard.path);
    EXPECT_EQ(store().locate(parse_model_name("kb-whisper-small@strict")).path, strict.path);
    EXPECT_EQ(store().list().size(), 2U);
    store().remove(name_);
    EXPECT_THROW(store().locate(name_), Error);
    EXPECT_EQ(read_file(strict.path / "model.safetensors"), weights()) << "the other revision still uses the blob";
    store().remove(parse_model_name("kb-whisper-small@strict"));
    EXPECT_FALSE(fs::exists(repository()));
    EXPECT_THROW(store().remove(name_), Error);
}

TEST_F(PullTest, UsesTheHubsOwnCacheAndItsBlobs) {
    // A cache as the hub's own tools leave it, of an older commit.
    const fs::path cache = home_.path() / "hf/hub/models--KBLab--kb-whisper-small";
    const std::string hash = partial().stem(), commit(40, '1');
    write_file_atomically(cache / "blobs" / hash, weights());
    write_file_atomically(cache / "refs/main", commit);
    write_file_atomically(cache / "snapshots" / commit / "config.json", hub_.files["config.json"]);
    write_file_atomically(cache / "snapshots" / commit / "tokenizer.json", hub_.files["tokenizer.json"]);
    fs::create_symlink("../../blobs/" + hash, cache / "snapshots" / commit / "model.safetensors");
    const std::map<std::string, std::string> variables = {{"HF_HOME", (home_.path() / "hf").string()}};
    EXPECT_EQ(store(variables).locate(name_).path, cache / "snapshots" / commit);
    EXPECT_EQ(store(variables).locate(name_).commit, commit);
    const VerifyReport report = store(variables).verify(name_);
    EXPECT_EQ(report.checked.size(), 1U);
    EXPECT_EQ(report.unknown.size(), 2U) << "files whose hash nobody said";
    EXPECT_THROW(store(variables).remove(name_), Error) << "it is not ours";
    expect_whole(store(variables).pull(name_));
    EXPECT_TRUE(hub_.storage().requests().empty()) << "the weights were copied";
    // The very commit of the hub: nothing is even copied.
    fs::remove_all(repository());
    fs::rename(cache / "snapshots" / commit, cache / "snapshots" / hub_.revisions["main"]);
    write_file_atomically(cache / "refs/main", hub_.revisions["main"]);
    EXPECT_EQ(store(variables).pull(name_).path, cache / "snapshots" / hub_.revisions["main"]);
    EXPECT_FALSE(fs::exists(repository()));
}

TEST_F(PullTest, GetsShards) {
    hub_.files.erase("model.safetensors");
    hub_.files["model.safetensors.index.json"] =
        R"({"weight_map": {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}})";
    hub_.files["model-00001-of-00002.safetensors"] = "first";
    hub_.files["model.fp32-00001-of-00002.safetensors"] = "of another precision";
    EXPECT_EQ(error_of_pull().code(), ErrorCode::bad_model) << "a shard is missing";
    hub_.files["model-00002-of-00002.safetensors"] = "second";
    hub_.revisions["main"] = std::string(40, 'f');
    const LocatedModel model = store().pull(name_);
    EXPECT_EQ(read_file(model.path / "model-00002-of-00002.safetensors"), "second");
    EXPECT_FALSE(fs::exists(model.path / "model.fp32-00001-of-00002.safetensors"));
}

TEST_F(PullTest, GetsOtherFormatsWhenThereAreNoSafetensors) {
    hub_.files.erase("model.safetensors");
    EXPECT_EQ(error_of_pull().code(), ErrorCode::not_found) << "pytorch_model.bin is not read here";
    hub_.files["ggml-model.bin"] = "ggml";
    EXPECT_EQ(store().pull(name_).path.filename(), "ggml-model.bin");
    hub_.files["model.bin"] = "ctranslate2";
    hub_.files["vocabulary.json"] = "[]";
    hub_.revisions["main"] = std::string(40, 'f');
    EXPECT_EQ(read_file(store().pull(name_).path / "model.bin"), "ctranslate2");
}

TEST_F(PullTest, SaysWhenTheDiskIsTooSmall) {
    hub_.fault = [](const TestRequest& request, TestReply& reply) {
        for (auto& [name, value] : reply.headers) {
            if (request.method == "HEAD" && name == "X-Linked-Size") value = "900000000000000000";
        }
    };
    const Error error = error_of_pull();
    EXPECT_EQ(error.code(), ErrorCode::io);
    EXPECT_NE(std::string(error.what()).find("--model_dir"), std::string::npos) << error.what();
    EXPECT_TRUE(hub_.storage().requests().empty());
}

TEST_F(PullTest, TakesAHubThatTellsNoHashes) {
    hub_.tells_hashes = false;
    const LocatedModel model = store().pull(name_);
    EXPECT_EQ(read_file(model.path / "model.safetensors"), weights());
    const VerifyReport report = store().verify(name_);
    EXPECT_TRUE(report.checked.empty());
    EXPECT_EQ(report.unknown.size(), 3U);
}

TEST_F(PullTest, ThreadsAtOnceFetchOnce) {
    std::atomic<int> whole{0};
    StoreOptions patient = options();
    patient.wait = [](std::chrono::milliseconds) { std::this_thread::sleep_for(std::chrono::milliseconds(2)); };
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            const LocatedModel model = ModelStore(patient).pull(name_);
            if (read_file(model.path / "model.safetensors").size() == weights().size()) ++whole;
        });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(whole, 4);
    EXPECT_EQ(hub_.storage().requests().size(), 1U);
    expect_whole(store().locate(name_));
}

}  // namespace
}  // namespace ft
