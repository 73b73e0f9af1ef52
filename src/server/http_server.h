#pragma once
// HTTP/1.1 on a port, over cpp-httplib (named in http_server.cpp and connection.h only).
#include <memory>
#include <string>

#include "base/clock.h"
#include "server/gate.h"

namespace ft {

struct HttpServerOptions {
    std::string host = "127.0.0.1";
    int port = 8080;    ///< 0: any that is free
    int threads = 128;  ///< connections that are answered at once
};

class HttpServer {
  public:
    /// Binds the port; who connects waits until start(). Throws Error{invalid_argument} when the port cannot be had.
    /// `clock` outlives the server.
    HttpServer(const HttpServerOptions& options, const Clock& clock);
    /// stop()
    ~HttpServer();
    HttpServer(const HttpServer&) = delete;
    HttpServer& operator=(const HttpServer&) = delete;

    /// With the port that was bound.
    const HttpServerOptions& options() const;
    /// "http://127.0.0.1:8080"
    std::string url() const;
    /// Once. `gate` must live until stop() has returned.
    void start(Gate& gate);
    /// No new connections; requests under way are answered, streams end. Returns when all threads have ended.
    void stop();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft
