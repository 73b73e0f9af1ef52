// Several processes at one SQLite store: at once, and killed at any moment.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <random>
#include <set>
#include <sstream>

#include "jobs/local/file_object_store.h"
#include "jobs/local/sqlite.h"
#include "jobs/local/sqlite_job_store.h"
#include "suite.h"

extern char** environ;

namespace ft::conformance {
namespace {

/// A store_child whose lines are read; killed at the end if it still runs.
class Child {
  public:
    Child(const std::filesystem::path& data, std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), {FT_STORE_CHILD, data.string()});
        std::vector<char*> words;
        for (std::string& word : arguments) words.push_back(word.data());
        words.push_back(nullptr);
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
        const int result = ::posix_spawn(&pid_, FT_STORE_CHILD, &actions, nullptr, words.data(), environ);
        posix_spawn_file_actions_destroy(&actions);
        ::close(ends[1]);
        out_ = ends[0];
        if (result != 0) throw std::runtime_error("no process could be started");
    }
    ~Child() {
        kill();
        ::close(out_);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    /// Reads until so many bytes have come (or its end); true while it lives.
    bool read(size_t bytes) {
        while (text_.size() < bytes) {
            char buffer[4096];
            const ssize_t got = ::read(out_, buffer, sizeof buffer);
            if (got <= 0) return false;
            text_.append(buffer, static_cast<size_t>(got));
        }
        return true;
    }
    void kill() {
        if (pid_ > 0) ::kill(pid_, SIGKILL);
        wait();
    }
    /// Exit code; -signal.
    int wait() {
        if (pid_ <= 0) return 0;
        read(static_cast<size_t>(-1));
        int status = 0;
        ::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    /// Its whole lines so far.
    std::vector<std::string> lines() const {
        std::vector<std::string> all;
        std::istringstream stream(text_.substr(0, text_.rfind('\n') + 1));
        for (std::string line; std::getline(stream, line);) all.push_back(line);
        return all;
    }

  private:
    pid_t pid_ = -1;
    int out_ = -1;
    std::string text_;
};

TEST(Processes, AtOnceGetEachJobOnce) {
    const TemporaryFolder folder;
    const SystemClock clock;
    constexpr int jobs = 60;
    SqliteJobStore store(folder.path() / "jobs.db", clock);
    NewJob wanted;
    wanted.input.uri = "object:a";
    for (int i = 0; i < jobs; ++i) store.create(wanted);
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 4; ++i)
        children.push_back(std::make_unique<Child>(folder.path(), std::vector<std::string>{"claim"}));
    std::map<std::string, int> times;
    for (const auto& child : children) {
        EXPECT_EQ(child->wait(), 0);
        for (const std::string& line : child->lines()) {
            ++times[line];
            EXPECT_EQ(line.substr(line.rfind(' ')), " 1") << line;
        }
    }
    EXPECT_EQ(times.size(), static_cast<size_t>(jobs));
    for (const auto& [line, count] : times) EXPECT_EQ(count, 1) << line;
    JobFilter filter;
    filter.states = {JobState::succeeded};
    filter.limit = 1000;
    EXPECT_EQ(store.list(filter).jobs.size(), static_cast<size_t>(jobs));
}

TEST(Processes, MakeANewStoreAtTheSameTime) {
    for (int round = 0; round < 3; ++round) {
        const TemporaryFolder folder;
        std::vector<std::unique_ptr<Child>> children;
        for (int i = 0; i < 4; ++i)
            children.push_back(std::make_unique<Child>(folder.path() / "new", std::vector<std::string>{"claim"}));
        for (const auto& child : children) EXPECT_EQ(child->wait(), 0);
    }
}

/// Two processes work on one store and one of them is killed, again and again.
TEST(Processes, KilledAtAnyMomentLoseNothingAcknowledged) {
    const TemporaryFolder folder;
    const unsigned seed = std::random_device{}();
    std::mt19937 random(seed);
    std::set<std::string> made, done;
    const auto take_in = [&](const Child& child) {
        for (const std::string& line : child.lines())
            (line.rfind("made ", 0) == 0 ? made : done).insert(line.substr(5));
    };
    for (int kills = 0; kills < 20; ++kills) {
        Child victim(folder.path(), {"work", "victim" + std::to_string(kills)});
        Child other(folder.path(), {"work", "other" + std::to_string(kills)});
        // A line has some 37 bytes; what follows it in the process is anything up to the next.
        ASSERT_TRUE(victim.read(1 + random() % 400)) << "seed " << seed;
        ::usleep(static_cast<useconds_t>(random() % 3000));
        victim.kill();
        other.kill();
        take_in(victim);
        take_in(other);
        const sqlite::Database database(folder.path() / "jobs.db", 10000);
        sqlite::Statement check(const_cast<sqlite::Database&>(database), "PRAGMA quick_check");
        ASSERT_TRUE(check.step());
        ASSERT_EQ(check.text(0), "ok") << "seed " << seed;
    }
    const SystemClock clock;
    SqliteJobStore store(folder.path() / "jobs.db", clock);
    FileObjectStore objects(folder.path() / "objects");
    EXPECT_GT(made.size(), 20U);
    EXPECT_GT(done.size(), 5U);
    for (const std::string& id : made) EXPECT_TRUE(store.get(id)) << id << " of seed " << seed;
    for (const std::string& id : done) {
        const auto job = store.get(id);
        ASSERT_TRUE(job) << id;
        EXPECT_EQ(job->state, JobState::succeeded) << id << " of seed " << seed;
        EXPECT_EQ(objects.get(job->result.prefix + "transcript.txt"), id);
        ASSERT_TRUE(store.usage_of(id));
        EXPECT_EQ(store.usage_of(id)->fence, job->fence);
        int completed = 0;
        for (const OutboxEvent& event : store.events_of(id)) completed += event.type == event_completed;
        EXPECT_EQ(completed, 1) << id;
    }
    // Whatever the killed ones held can be finished.
    ManualClock later;
    later.jump_wall(clock.wall_ms() - later.wall_ms() + 3600000);
    SqliteJobStore rest(folder.path() / "jobs.db", later);
    ClaimRequest request;
    request.owner = "heir";
    request.max_crashes = 1000;
    while (const auto job = rest.claim(request))
        EXPECT_EQ(rest.commit(lease_of(*job), {"results/x/", {}, "", 0, 0, ""}), StoreResult::done);
    JobFilter open;
    open.states = {JobState::queued, JobState::running, JobState::retry_wait, JobState::launching};
    EXPECT_TRUE(rest.list(open).jobs.empty());
}

}  // namespace
}  // namespace ft::conformance
