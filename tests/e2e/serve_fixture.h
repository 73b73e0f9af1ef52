#pragma once
// The real `serve` with a small random model.
#include <functional>
#include <nlohmann/json.hpp>

#include "base/clock.h"
#include "e2e_fixture.h"
#include "net/http_client.h"

namespace ft {

class ServeE2e : public E2eTest {
  protected:
    void SetUp() override;

    /// With these flags besides; says where it listens in url_.
    void start_server(const std::vector<std::string>& more = {});

    /// A wav, 16 kHz mono: a wavering tone with pauses.
    static std::string wavering(double seconds);

    /// Any thread.
    HttpResponse send(HttpRequest request) const;
    nlohmann::json get(const std::string& path) const;
    /// POST /jobs with a file and further fields.
    HttpResponse send_upload(const std::string& audio,
                             const std::vector<std::pair<std::string, std::string>>& fields = {},
                             const std::string& path = "/jobs") const;
    /// Its job's id; the test fails when there is none.
    std::string upload(const std::string& audio) const;

    /// Asks until `good` says yes, 120 s at most.
    nlohmann::json wait_until(const std::string& id, const std::function<bool(const nlohmann::json&)>& good,
                              int64_t patience_s = 120) const;
    static bool is_over(const nlohmann::json& job);
    static bool has_windows(const nlohmann::json& job);

    const SystemClock clock_;
    std::unique_ptr<ChildProcess> server_;
    std::string url_;
};

/// A number of the environment, for tests that can be made longer: FT_KILLS=200 ctest -R Kill.
int number_of_environment(const char* name, int otherwise);

}  // namespace ft
