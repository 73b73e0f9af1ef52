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
    HttpServerOptions http;
    GateOptions gate;
    JobRules rules;
    UploadLimits uploads;
    int most_waiting = 200;  ///< jobs that wait for a worker
};

/// Answers from construction to stop().
class ApiServer {
  public:
    /// `service` and `clock` outlive it. Throws Error{invalid_argument}: the port cannot be had, or it would be open to
    /// the network without keys.
    ApiServer(ApiServerOptions options, LocalService& service, const Clock& clock);
    ~ApiServer();
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    int port() const;
    const Router& router() const;
    /// No new connections; requests under way are answered, those that wait for a job are told to come again.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft
