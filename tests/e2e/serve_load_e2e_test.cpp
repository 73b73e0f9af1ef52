// Many clients at once ask a real server: all are answered, and nothing piles up.
// FT_CLIENTS=100 FT_SECONDS=120 ctest -V -R ManyClients: what the project's figures are measured with.
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "serve_fixture.h"

namespace ft {
namespace {

using nlohmann::json;

/// What all clients have seen.
struct Seen {
    std::mutex mutex;
    std::map<long, int> statuses;  // 0: no answer
    std::vector<double> status_ms;
    std::map<std::string, int> jobs;  // by their last state
};

class ServeLoad : public ServeE2e {
  protected:
    HttpResponse counted(Seen& seen, const HttpResponse& response) {
        const std::lock_guard lock(seen.mutex);
        ++seen.statuses[response.failure == HttpFailure::none ? response.status : 0];
        if (response.failure != HttpFailure::none || response.status >= 500)
            ADD_FAILURE() << response.url << ": " << response.status << " " << response.failure_text << " "
                          << response.body;
        return response;
    }

    /// A status call, with how long it took.
    json ask(Seen& seen, HttpClient& client, const std::string& id) {
        HttpRequest request;
        request.url = url_ + "/jobs/" + id;
        const auto begun = std::chrono::steady_clock::now();
        const HttpResponse response = counted(seen, client.send_once(request));
        const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;
        const std::lock_guard lock(seen.mutex);
        seen.status_ms.push_back(took.count());
        return json::parse(response.body, nullptr, false);
    }

    /// Uploads, asks until the job is over, gets the result; again until the time is over. Each tenth client waits for
    /// the text in OpenAI's way.
    void be_a_client(Seen& seen, int number, const std::string& audio, const std::atomic<bool>& over) {
        HttpOptions options;
        options.use_proxy = false;
        HttpClient client(options);
        while (!over) {
            if (number % 10 == 9) {
                const HttpResponse text = counted(seen, send_upload(audio, {}, "/v1/audio/transcriptions"));
                if (text.status == 429) clock_.sleep_ms(200);
                continue;
            }
            const HttpResponse made = counted(seen, send_upload(audio));
            if (made.status == 429) {
                clock_.sleep_ms(200);
                continue;
            }
            const std::string id = id_of(made.body);
            if (id.empty()) return;
            json job = ask(seen, client, id);
            while (job.is_object() && !is_over(job)) {
                clock_.sleep_ms(100);
                job = ask(seen, client, id);
            }
            HttpRequest result;
            result.url = "/jobs/" + id + "/result";
            counted(seen, send(result));
            const std::lock_guard lock(seen.mutex);
            ++seen.jobs[job.is_object() ? job["state"].get<std::string>() : "unknown"];
        }
    }

    static std::string id_of(const std::string& body) {
        const json job = json::parse(body, nullptr, false);
        return job.is_object() ? job.value("job_id", "") : "";
    }

    /// The server's memory, in MB.
    double resident_mb() const {
        std::ifstream status("/proc/" + std::to_string(server_->pid()) + "/status");
        std::string word;
        while (status >> word) {
            double kb = 0;
            if (word == "VmRSS:" && status >> kb) return kb / 1024;
        }
        return 0;
    }
};

TEST_F(ServeLoad, ManyClientsAreAnswered) {
    const int clients = number_of_environment("FT_CLIENTS", 30), seconds = number_of_environment("FT_SECONDS", 3);
    start_server({"--max_requests", "1000"});
    Seen seen;
    std::atomic<bool> over{false};
    const std::string audio = wavering(3);
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) threads.emplace_back([&, i] { be_a_client(seen, i, audio, over); });
    clock_.sleep_ms(seconds * 500);
    const double halfway_mb = resident_mb();
    clock_.sleep_ms(seconds * 500);
    const double end_mb = resident_mb();
    over = true;
    for (std::thread& thread : threads) thread.join();
    server_->signal(SIGTERM);
    EXPECT_EQ(server_->wait(), 0);
    if (HasFailure()) std::cout << server_->err();

    std::vector<double>& ms = seen.status_ms;
    ASSERT_FALSE(ms.empty());
    std::sort(ms.begin(), ms.end());
    EXPECT_GT(seen.jobs["succeeded"], 0);
    EXPECT_EQ(seen.jobs.size(), 1U) << "other states than succeeded";
    if (seconds >= 60) {
        EXPECT_LT(end_mb, halfway_mb * 1.2 + 20) << "memory grows";
    }
    std::cout << clients << " clients, " << seconds << " s: " << seen.jobs["succeeded"]
              << " jobs done; status calls: " << ms.size() << ", median " << ms[ms.size() / 2] << " ms, p99 "
              << ms[ms.size() * 99 / 100] << " ms, slowest " << ms.back() << " ms; memory " << halfway_mb
              << " MB halfway, " << end_mb << " MB at the end; answers:";
    for (const auto& [status, count] : seen.statuses) std::cout << " " << status << ": " << count;
    std::cout << std::endl;
}

}  // namespace
}  // namespace ft
