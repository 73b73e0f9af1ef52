#pragma once
// A whole service on a free port of 127.0.0.1, with an engine that makes words up: no model, no waiting.
#include <gtest/gtest.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/testing/temporary_folder.h"
#include "net/http_client.h"
#include "server/api_server.h"
#include "service/local_service.h"

namespace ft {

/// A recording is a text here: "3 talk" has three windows, named by what follows the number. "broken" is no recording.
class InventedEngine : public Engine {
  public:
    std::string model() const override { return "invented"; }
    std::string plan(TranscribeOptions options) override;
    Transcript transcribe(const std::string& audio, TranscribeOptions options, const TranscribeHooks& hooks) override;

    /// Recordings with this name stop before window number `window` until let_go().
    void hold(const std::string& name, int64_t window);
    void let_go();
    /// Windows that were not taken from checkpoints.
    int windows_computed() const;

  private:
    void wait_before(const std::string& name, int64_t window, const std::atomic<bool>* stop);

    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string held_;
    int64_t held_window_ = 0;
    int computed_ = 0;
};

struct FormPart {
    std::string name, value;
    std::string filename = {};  ///< makes it a file
};

class ServiceTest : public ::testing::Test {
  protected:
    ServiceTest();
    ~ServiceTest() override;

    /// Called by the first request, with what a test has changed before; also after stop().
    void start();
    void stop();

    int port() const;

    HttpResponse send(HttpRequest request);
    HttpResponse get(const std::string& path);
    HttpResponse post(const std::string& path, const std::string& body = "", const std::string& type = "");
    HttpResponse post_form(const std::string& path, const std::vector<FormPart>& parts,
                           const std::vector<std::string>& headers = {});
    /// Uploads a recording, and returns its job's id.
    std::string upload(const std::string& recording, const std::vector<FormPart>& more = {});
    nlohmann::json job(const std::string& id);
    /// Asks until the job is in this state, 20 s at most.
    nlohmann::json wait_for(const std::string& id, const std::string& state);
    /// Sends bytes as they are and returns all that comes back until the server closes, or falls silent for
    /// `silence_ms`.
    std::string send_raw(const std::string& bytes, int silence_ms = 2000);

    const test::TemporaryFolder folder_;
    const SystemClock clock_;
    const std::shared_ptr<InventedEngine> engine_ = std::make_shared<InventedEngine>();
    ServiceOptions service_options_;
    HttpServerOptions http_options_ = {"127.0.0.1", 0, 16};
    ApiServerOptions server_options_;
    LoadEngine load_;
    std::string token_;
    std::unique_ptr<LocalService> service_;
    std::unique_ptr<ApiServer> server_;
};

nlohmann::json json_of(const HttpResponse& response);
/// The "message" of an error in the form of all errors; fails the test when it is none.
std::string sentence_of(const HttpResponse& response);
std::string reason_of(const HttpResponse& response);

}  // namespace ft
