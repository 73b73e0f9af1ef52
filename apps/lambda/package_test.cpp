// The zip as Lambda would run it: unpacked into an empty folder, started with that folder as its task root and almost
// no environment, given events by a runtime interface of the test's own.
#include <gtest/gtest.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "base/file.h"
#include "base/testing/temporary_folder.h"
#include "net/testing/test_server.h"

namespace ft {
namespace {

using ft::testing::TestReply;
using ft::testing::TestRequest;
using ft::testing::TestServer;
using std::chrono::steady_clock;

double ms_since(steady_clock::time_point begin) {
    return std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count();
}

/// Gives out the events once each, and keeps what is posted.
class RuntimeEmulator {
  public:
    explicit RuntimeEmulator(std::vector<std::string> events)
        : events_(std::move(events)), server_([this](const TestRequest& request) { return answer(request); }) {}

    std::string address() const { return server_.url().substr(7); }
    /// What was posted for event `index` (from 0), or as the failure of the start ("init"); "" after 20 s.
    std::string wait_for(const std::string& what) {
        for (int i = 0; i < 20000; ++i) {
            {
                const std::lock_guard lock(mutex_);
                for (const auto& [path, body] : posts_) {
                    if (path.find(what) != std::string::npos) return body;
                }
            }
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
        return "";
    }
    steady_clock::time_point first_next() const {
        const std::lock_guard lock(mutex_);
        return first_next_;
    }

  private:
    TestReply answer(const TestRequest& request) {
        const std::lock_guard lock(mutex_);
        TestReply reply;
        if (request.method == "POST") {
            posts_.emplace_back(request.path, request.body);
            reply.status = 202;
            return reply;
        }
        if (given_ == 0) first_next_ = steady_clock::now();
        if (given_ == events_.size()) {
            reply.silent = true;
            return reply;
        }
        reply.headers = {{"Lambda-Runtime-Aws-Request-Id", "event-" + std::to_string(given_)},
                         {"Lambda-Runtime-Deadline-Ms", "4102444800000"}};
        reply.body = events_[given_++];
        return reply;
    }

    const std::vector<std::string> events_;
    mutable std::mutex mutex_;
    size_t given_ = 0;
    steady_clock::time_point first_next_;
    std::vector<std::pair<std::string, std::string>> posts_;
    TestServer server_;  // last: its threads use the others
};

/// A process of the test's own, ended with the object.
class Child {
  public:
    Child(const std::filesystem::path& program, std::vector<std::string> environment) {
        std::vector<char*> variables;
        for (std::string& variable : environment) variables.push_back(variable.data());
        variables.push_back(nullptr);
        std::string path = program.string();
        char* arguments[] = {path.data(), nullptr};
        if (::posix_spawn(&pid_, path.c_str(), nullptr, nullptr, arguments, variables.data()) != 0) pid_ = -1;
    }
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }
    /// Of one that ends by itself.
    int exit_code() {
        int status = 0;
        ::waitpid(std::exchange(pid_, -1), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

  private:
    pid_t pid_ = -1;
};

class Package : public ::testing::Test {
  protected:
    static void SetUpTestSuite() {
        folder = new test::TemporaryFolder;
        const std::string zip = (folder->path() / "function.zip").string(), root = (folder->path() / "task").string();
        const std::string pack = "'" FT_SOURCE_DIR "/apps/lambda/package.sh' '" FT_BOOTSTRAP "' '" + zip + "'";
        ASSERT_EQ(std::system(pack.c_str()), 0);
        ASSERT_EQ(std::system(("unzip -q '" + zip + "' -d '" + root + "'").c_str()), 0);
        zip_bytes = std::filesystem::file_size(zip);
    }
    static void TearDownTestSuite() {
        delete folder;
        folder = nullptr;
    }
    void SetUp() override {
        if (std::system("command -v zip unzip >/dev/null") != 0) GTEST_SKIP() << "zip and unzip are not installed";
    }

    static std::filesystem::path root() { return folder->path() / "task"; }
    static std::vector<std::string> environment(const RuntimeEmulator& runtime, const std::string& handler) {
        return {"AWS_LAMBDA_RUNTIME_API=" + runtime.address(), "_HANDLER=" + handler,
                "LAMBDA_TASK_ROOT=" + root().string(), "PATH=/usr/bin:/bin", "AWS_REGION=eu-north-1",
                "AWS_ACCESS_KEY_ID=AKIDOFTHETEST", "AWS_SECRET_ACCESS_KEY=canary",
                // Nobody listens there: what needs AWS fails at once.
                "AWS_ENDPOINT_URL=http://127.0.0.1:9", "FT_STACK=s", "FT_BUCKET=recordings", "FT_LAUNCH_TEMPLATE=lt-1",
                "FT_SUBNETS=subnet-a"};
    }

    static inline test::TemporaryFolder* folder = nullptr;
    static inline uintmax_t zip_bytes = 0;
};

TEST_F(Package, IsSmallAndWhole) {
    std::printf("the zip has %.1f MB\n", static_cast<double>(zip_bytes) / 1e6);
    EXPECT_LE(zip_bytes, 15000000U);
    for (const char* part : {"bootstrap", "bin/bootstrap", "lib/libc.so.6", "lib/certificates.pem"})
        EXPECT_TRUE(std::filesystem::exists(root() / part)) << part;
    for (const auto& entry : std::filesystem::directory_iterator(root() / "lib")) {
        const std::string name = entry.path().filename();
        for (const char* engine : {"libav", "libdnnl", "libswresample"}) EXPECT_FALSE(name.starts_with(engine)) << name;
    }
}

TEST_F(Package, AnswersEvents) {
    const std::string lost = R"({"version":"2.0","rawPath":"/v1/nothing","requestContext":{"http":{"method":"GET"}}})";
    RuntimeEmulator runtime({lost, lost, "no event at all"});
    const auto begin = steady_clock::now();
    const Child child(root() / "bootstrap", environment(runtime, "TranscriptionApi"));
    const std::string first = runtime.wait_for("event-0/response");
    const double answered_ms = ms_since(begin);
    ASSERT_NE(first, "");
    const double started_ms = std::chrono::duration<double, std::milli>(runtime.first_next() - begin).count();
    std::printf("cold start: %.0f ms to the first request for an event, %.0f ms to the first answer\n", started_ms,
                answered_ms);
    const auto answer = nlohmann::json::parse(first);
    EXPECT_EQ(answer.at("statusCode"), 404);
    EXPECT_NE(runtime.wait_for("event-1/response"), "");
    EXPECT_EQ(nlohmann::json::parse(runtime.wait_for("event-2/error")).at("errorType"), "invalid_argument");
}

TEST_F(Package, EveryFunctionStarts) {
    for (const std::string name : {"TranscriptionApi", "TranscriptionProcessUpload", "TranscriptionReaper"}) {
        RuntimeEmulator runtime({R"({"Records":[]})"});
        const Child child(root() / "bootstrap", environment(runtime, name));
        EXPECT_NE(runtime.wait_for("event-0/"), "") << name;
    }
}

TEST_F(Package, SaysWhyItCannotStart) {
    RuntimeEmulator runtime({});
    Child other(root() / "bootstrap", environment(runtime, "SomethingElse"));
    EXPECT_NE(runtime.wait_for("init/error").find("SomethingElse"), std::string::npos);
    EXPECT_EQ(other.exit_code(), 1);
    RuntimeEmulator second({});
    auto variables = environment(second, "TranscriptionApi");
    std::erase_if(variables, [](const std::string& variable) { return variable.starts_with("FT_BUCKET="); });
    Child unset(root() / "bootstrap", variables);
    EXPECT_NE(second.wait_for("init/error").find("FT_BUCKET"), std::string::npos);
    EXPECT_EQ(unset.exit_code(), 1);
}

}  // namespace
}  // namespace ft
