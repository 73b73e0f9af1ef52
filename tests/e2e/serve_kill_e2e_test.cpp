// kill -9 of the real server at random moments while recordings come in: what it has said yes to is done, once.
// FT_KILLS=200 FT_SEED=1 ctest -R KilledAgainAndAgain: more of them, and the same again.
#include <signal.h>
#include <sqlite3.h>

#include <algorithm>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "net/testing/test_server.h"
#include "serve_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

/// What a query gives, a line each.
std::vector<std::string> ask_database(const std::filesystem::path& file, const std::string& query) {
    sqlite3* database = nullptr;
    std::vector<std::string> lines;
    EXPECT_EQ(sqlite3_open_v2(file.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
    const auto add = [](void* all, int, char** values, char**) {
        static_cast<std::vector<std::string>*>(all)->emplace_back(values[0]);
        return 0;
    };
    EXPECT_EQ(sqlite3_exec(database, query.c_str(), add, &lines, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
    return lines;
}

class ServeKill : public ServeE2e {
  protected:
    /// The callback's other end: which messages have come for which job.
    testing::TestReply receive(const testing::TestRequest& request) {
        const json message = json::parse(request.body);
        const std::lock_guard lock(mutex_);
        messages_[message["data"]["job_id"].get<std::string>()].insert(request.headers.at("webhook-id"));
        return testing::TestReply{.status = 204};
    }

    void start_with_callbacks() {
        start_server({"--max_queue", "1000", "--allow_http", "--allow_network", "127.0.0.0/8"});
    }

    /// Uploads some recordings, or fewer when the server goes; keeps the ids that it was given.
    void upload_some(const std::string& callback, unsigned seed) {
        std::mt19937 random(seed);
        for (int i = 0; i < 4; ++i) {
            const double seconds = random() % 4 == 0 ? 20 : 3;
            const HttpResponse response = send_upload(wavering(seconds), {{"callback", callback}});
            if (response.failure != HttpFailure::none) return;
            ASSERT_EQ(response.status, 202) << response.body;
            {
                const std::lock_guard lock(mutex_);
                acknowledged_.push_back(json::parse(response.body)["job_id"]);
            }
            clock_.sleep_ms(static_cast<int64_t>(random() % 200));
        }
    }

    /// Until a job under way has finished more windows than the short ones have, 10 s at most.
    void wait_for_windows() const {
        for (int i = 0; i < 500; ++i) {
            const json page = get("/jobs?state=running");
            const json jobs = page.is_object() ? page.value("jobs", json::array()) : json::array();
            if (std::any_of(jobs.begin(), jobs.end(),
                            [](const json& job) { return job["progress"]["windows_done"] > 2; }))
                return;
            clock_.sleep_ms(20);
        }
    }

    /// One life of the server, which ends in the middle of something.
    void live_and_die(const std::string& callback, std::mt19937& random) {
        start_with_callbacks();
        std::vector<std::thread> clients;
        for (int i = 0; i < 3; ++i)
            clients.emplace_back([this, &callback, seed = random()] { upload_some(callback, seed); });
        const bool at_work = random() % 2 == 0;
        if (at_work) wait_for_windows();
        clock_.sleep_ms(static_cast<int64_t>(random() % (at_work ? 100 : 900)));
        server_->signal(SIGKILL);
        for (std::thread& client : clients) client.join();
        EXPECT_EQ(server_->wait(), -SIGKILL) << server_->err();
        EXPECT_EQ(ask_database(folder_ / "data/jobs.db", "PRAGMA quick_check"), std::vector<std::string>{"ok"});
    }

    /// Three crashes make a job dead, as it may be the job's fault: here it is not.
    /// After many kills hundreds of jobs wait, and who is tried again stands behind all of them.
    static constexpr int64_t patience_s = 1200;

    json finished(const std::string& id) {
        json job = wait_until(id, is_over, patience_s);
        if (job["state"] != "dead") return job;
        ++dead_;
        HttpRequest retry;
        retry.url = "/jobs/" + id + "/retry";
        retry.method = "POST";
        retry.body = "";
        EXPECT_EQ(send(retry).status, 200);
        return wait_until(id, is_over, patience_s);
    }

    bool all_are_told() {
        const std::lock_guard lock(mutex_);
        return std::all_of(acknowledged_.begin(), acknowledged_.end(),
                           [this](const std::string& id) { return messages_.count(id) > 0; });
    }

    std::mutex mutex_;
    std::vector<std::string> acknowledged_;
    std::map<std::string, std::set<std::string>> messages_;
    int dead_ = 0;
};

TEST_F(ServeKill, KilledAgainAndAgainItLosesNothing) {
    const int kills = number_of_environment("FT_KILLS", 4);
    const auto seed =
        static_cast<unsigned>(number_of_environment("FT_SEED", static_cast<int>(std::random_device{}() >> 1)));
    std::cout << "FT_SEED=" << seed << std::endl;
    std::mt19937 random(seed);
    testing::TestServer receiver([this](const testing::TestRequest& request) { return receive(request); });
    const std::string callback = json({{"url", receiver.url() + "/hook"},
                                       {"types", {"transcription.completed"}},
                                       {"secret", "whsec_" + std::string(32, 'A')}})
                                     .dump();
    for (int i = 0; i < kills; ++i) live_and_die(callback, random);
    start_with_callbacks();
    ASSERT_FALSE(acknowledged_.empty());
    int64_t resumed = 0, computed = 0;
    for (const std::string& id : acknowledged_) {
        const json job = finished(id);
        EXPECT_EQ(job["state"], "succeeded") << job.dump();
        resumed += job["progress"]["windows_resumed"].get<int64_t>();
        computed += job["progress"]["windows_done"].get<int64_t>();
        EXPECT_TRUE(get("/jobs/" + id + "/result").contains("segments")) << id;
    }
    // A message whose sender was killed is sent again when its lease of 30 s is over.
    const int64_t begin_ms = clock_.boot_ms();
    while (!all_are_told() && clock_.boot_ms() < begin_ms + 90000) clock_.sleep_ms(10);
    const int64_t waited_ms = clock_.boot_ms() - begin_ms;
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0) << server_->err();
    const std::lock_guard lock(mutex_);
    for (const std::string& id : acknowledged_)
        EXPECT_EQ(messages_[id].size(), 1U) << id << ": one message, however often it is sent";
    EXPECT_EQ(ask_database(folder_ / "data/jobs.db", "PRAGMA quick_check"), std::vector<std::string>{"ok"});
    const std::vector<std::string> rows = ask_database(folder_ / "data/jobs.db", "SELECT job_id FROM usage");
    const std::set<std::string> billed(rows.begin(), rows.end());
    EXPECT_EQ(rows.size(), billed.size()) << "a job is billed once";
    for (const std::string& id : acknowledged_) EXPECT_EQ(billed.count(id), 1U) << id;
    if (kills >= 20) {
        EXPECT_GT(resumed, 0) << "what was finished before a kill is not computed again";
    }
    std::cout << kills << " kills, " << acknowledged_.size() << " jobs acknowledged, none lost; " << computed
              << " windows, of which " << resumed << " came from checkpoints; " << dead_
              << " jobs were under way at three "
              << "kills, and tried again by hand; the last message came " << waited_ms / 1000
              << " s after the last result" << std::endl;
}

}  // namespace
}  // namespace ft
