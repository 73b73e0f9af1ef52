// Several processes at one store: at once, killed, and out of room.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <chrono>
#include <thread>

#include "base/error.h"
#include "base/file.h"
#include "base/sha256.h"
#include "model_store/model_store.h"
#include "model_store/testing/fake_hub.h"

extern char** environ;

namespace ft {
namespace {

namespace fs = std::filesystem;
using testing::FakeHub;
using testing::TestReply;
using testing::TestRequest;

constexpr size_t kHalfOfIt = size_t{3} << 19;  // of the weights

/// A running pull_child; killed at the end if it still runs.
class Child {
  public:
    Child(const fs::path& home, const std::string& endpoint, size_t largest, const fs::path& error_output) {
        std::vector<std::string> words = {FT_PULL_CHILD, home.string(), endpoint, "kb-whisper-small",
                                          std::to_string(largest)};
        std::vector<char*> arguments;
        for (std::string& word : words) arguments.push_back(word.data());
        arguments.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_addopen(&actions, 2, error_output.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
        const int result = ::posix_spawn(&pid_, FT_PULL_CHILD, &actions, nullptr, arguments.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        if (result != 0) throw std::runtime_error("no process could be started");
    }
    ~Child() {
        if (pid_ > 0) end();
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    /// Its exit code; -1 when a signal ended it.
    int wait() {
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    int end() {
        ::kill(pid_, SIGKILL);
        return wait();
    }

  private:
    pid_t pid_ = -1;
};

class PullProcessTest : public ::testing::Test {
  protected:
    std::unique_ptr<Child> start(size_t largest = 0) {
        return std::make_unique<Child>(home_.path() / "store", hub_.hub().url(), largest, home_.path() / "errors");
    }
    ModelStore store() {
        StoreOptions options = testing::store_options(
            home_.path(),
            {{"HF_ENDPOINT", hub_.hub().url()}, {"FAST_TRANSCRIBE_HOME", (home_.path() / "store").string()}});
        return ModelStore(options);
    }
    const std::string& weights() { return hub_.files["model.safetensors"]; }
    fs::path partial() {
        return home_.path() / "store/models/models--KBLab--kb-whisper-small/blobs" /
               (sha256_hex(std::as_bytes(std::span(weights()))) + ".partial");
    }
    void wait_for_part(size_t bytes) {
        for (int i = 0; i < 6000; ++i) {
            std::error_code error;
            if (fs::file_size(partial(), error) >= bytes && !error) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(5));
        }
        FAIL() << "the child wrote nothing";
    }
    std::string errors() { return fs::exists(home_.path() / "errors") ? read_file(home_.path() / "errors") : ""; }

    FakeHub hub_;
    testing::TemporaryFolder home_;
    const ModelName name_ = parse_model_name("kb-whisper-small");
};

TEST_F(PullProcessTest, ProcessesAtOnceFetchOnce) {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 3; ++i) children.push_back(start());
    for (const auto& child : children) EXPECT_EQ(child->wait(), 0) << errors();
    EXPECT_EQ(hub_.storage().requests().size(), 1U) << "the others reuse the work of the first";
    EXPECT_EQ(read_file(store().locate(name_).path / "model.safetensors"), weights());
}

TEST_F(PullProcessTest, AKilledPullIsResumedAndLocksNothing) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        if (++answers == 1) reply.stall_after = kHalfOfIt;
    };
    const auto child = start();
    wait_for_part(kHalfOfIt);
    EXPECT_THROW(store().locate(name_), Error);
    EXPECT_EQ(child->end(), -1);
    const LocatedModel model = store().pull(name_);
    EXPECT_EQ(read_file(model.path / "model.safetensors"), weights());
    EXPECT_EQ(hub_.storage().requests().back().headers.at("range"), "bytes=" + std::to_string(kHalfOfIt) + "-");
    EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(PullProcessTest, AWaitingProcessGoesOnWhenTheFirstIsKilled) {
    int answers = 0;
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) {
        if (++answers == 1) reply.stall_after = kHalfOfIt;
    };
    const auto first = start();
    wait_for_part(kHalfOfIt);
    const auto second = start();
    for (int i = 0; i < 6000 && hub_.hub().count("GET", "/revision/main") < 2; ++i)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(first->end(), -1);
    EXPECT_EQ(second->wait(), 0) << errors();
    EXPECT_EQ(hub_.storage().requests().size(), 2U);
    EXPECT_EQ(hub_.storage().requests().back().headers.at("range"), "bytes=" + std::to_string(kHalfOfIt) + "-");
}

TEST_F(PullProcessTest, AHangingHolderOfTheLockIsNotWaitedForForEver) {
    hub_.storage_fault = [&](const TestRequest&, TestReply& reply) { reply.stall_after = kHalfOfIt; };
    const auto child = start();
    wait_for_part(kHalfOfIt);
    try {
        store().pull(name_);  // its waits take no time
        FAIL();
    } catch (const Error& error) {
        EXPECT_EQ(error.code(), ErrorCode::network);
        EXPECT_NE(std::string(error.what()).find("another process"), std::string::npos) << error.what();
    }
    EXPECT_EQ(child->end(), -1);
}

TEST_F(PullProcessTest, AWriteThatFailsIsSaidAndTheRestIsKept) {
    const auto child = start(kHalfOfIt);
    EXPECT_EQ(child->wait(), 3);
    EXPECT_NE(errors().find("disk_full: "), std::string::npos) << errors();
    EXPECT_NE(errors().find(partial().string()), std::string::npos) << errors();
    EXPECT_EQ(fs::file_size(partial()), kHalfOfIt);
    EXPECT_EQ(read_file(store().pull(name_).path / "model.safetensors"), weights());
    EXPECT_EQ(hub_.storage().requests().back().headers.at("range"), "bytes=" + std::to_string(kHalfOfIt) + "-");
}

}  // namespace
}  // namespace ft
