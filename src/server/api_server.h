#pragma once
// The service over HTTP: routes, gate and port put together. START HERE in this folder.
#include <memory>

#include "base/clock.h"
#include "server/api_parts.h"
#include "server/gate.h"
#include "server/http_server.h"
#include "service/local_service.h"

namespace ft {

struct ApiServerOptions {
    GateOptions gate;
    JobRules rules;
    UploadLimits uploads;
    int most_waiting = 200;  ///< jobs that wait for a worker
};

/// Throws Error{invalid_argument}: the network would reach it, and everybody could ask.
void check_reach(const GateOptions& gate, const std::string& host);

/// Answers from construction to stop().
class ApiServer {
  public:
    /// `http` is not started yet. `service` and `clock` outlive the server. Throws as check_reach().
    ApiServer(ApiServerOptions options, std::unique_ptr<HttpServer> http, LocalService& service, const Clock& clock);
    ~ApiServer();
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    /// "http://127.0.0.1:8080"
    std::string url() const;
    const Router& router() const;
    /// No new connections; requests under way are answered, those that wait for a job are told to come again.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft
