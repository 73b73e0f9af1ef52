#include "server/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <charconv>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "server/connection.h"

namespace ft {

namespace {

/// Under this name the type of a body hides from cpp-httplib, whose own reading of forms keeps them in memory and takes
/// their heads apart with std::regex, which a long line makes overflow the stack.
const char* const hidden_type = "FT-Content-Type";

/// What a handler has to know of the connection that its request came on.
struct Exchange {
    Connection& connection;
    bool has_body = false, body_read = false;

    bool is_awaited() const { return connection.is_open(); }
    bool is_stopping() const { return connection.stopping(); }
};

bool has_body(const httplib::Request& request) {
    return request.has_header("Transfer-Encoding") ||
           (request.has_header("Content-Length") && request.get_header_value("Content-Length") != "0");
}

/// The reply's bytes as they come, on the connection's thread.
class ConnectionSink : public ReplySink {
  public:
    ConnectionSink(const Exchange& exchange, httplib::DataSink& sink) : exchange_(exchange), sink_(sink) {}

    bool write(std::string_view bytes) override {
        return !is_stopping() && exchange_.is_awaited() && sink_.write(bytes.data(), bytes.size());
    }
    bool wait_ms(int64_t duration_ms) override {
        std::this_thread::sleep_for(std::chrono::milliseconds(duration_ms));
        return !is_stopping() && exchange_.is_awaited();
    }
    bool is_stopping() const override { return exchange_.is_stopping(); }

  private:
    const Exchange& exchange_;
    httplib::DataSink& sink_;
};

/// The length that the head gives, −1 when it gives none. Throws ApiRefusal for heads that could mean two things.
int64_t body_bytes_of(const httplib::Request& request) {
    const bool chunked = request.has_header("Transfer-Encoding");
    if (chunked && lower_ascii(request.get_header_value("Transfer-Encoding")) != "chunked")
        throw ApiRefusal(501, "unknown_encoding", "a body may be chunked, but not otherwise encoded for the transfer");
    const size_t lengths = request.get_header_value_count("Content-Length");
    if (lengths > 1 || (lengths == 1 && chunked))
        throw ApiRefusal(400, "invalid_argument", "the head gives the length of the body twice");
    if (lengths == 0) return chunked ? -1 : 0;
    const std::string text = request.get_header_value("Content-Length");
    int64_t bytes = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
    if (error != std::errc() || end != text.data() + text.size() || bytes < 0)
        throw ApiRefusal(400, "invalid_argument", "the Content-Length is no number");
    return bytes;
}

ApiRequest request_of(const httplib::Request& request, const Exchange& exchange) {
    ApiRequest api;
    api.method = request.method;
    api.path = request.path;
    for (const auto& [name, value] : request.params) api.query.emplace(name, value);
    for (const auto& [name, value] : request.headers) api.headers.emplace(lower_ascii(name), value);
    if (request.has_header(hidden_type)) api.headers["content-type"] = request.get_header_value(hidden_type);
    api.is_awaited = [&exchange] { return exchange.is_awaited(); };
    api.is_stopping = [&exchange] { return exchange.is_stopping(); };
    api.read_body = [](const auto&) {};
    return api;
}

void read_body(Exchange& exchange, const httplib::ContentReader& reader,
               const std::function<void(std::string_view)>& sink) {
    if (!exchange.has_body) return;
    std::exception_ptr refusal;
    const bool whole = reader([&](const char* data, size_t size) {
        try {
            sink({data, size});
            return true;
        } catch (...) {
            refusal = std::current_exception();
            return false;
        }
    });
    if (refusal) std::rethrow_exception(refusal);
    if (!whole)
        throw ApiRefusal(400, "body_broken_off",
                         "the body ended too soon, came too slowly or was encoded in a wrong way");
    exchange.body_read = true;
}

void give(ApiReply reply, const Exchange& exchange, httplib::Response& response) {
    response.status = reply.status;
    for (const auto& [name, value] : reply.headers) response.set_header(name, value);
    response.set_header("X-Content-Type-Options", "nosniff");
    if (!reply.stream) {
        response.set_content(reply.body, reply.type);
        return;
    }
    response.set_chunked_content_provider(
        reply.type, [&exchange, stream = std::move(reply.stream)](size_t, httplib::DataSink& sink) {
            ConnectionSink out(exchange, sink);
            stream(out);
            sink.done();
            return true;
        });
}

}  // namespace

/// cpp-httplib's server over connections of our own.
class Listener : public httplib::Server {
  public:
    Listener(const Clock& clock, int threads) : clock_(clock) {
        crowd_.most = threads;
        set_payload_max_length(SIZE_MAX);  // routes have limits of their own, with a sentence
        // The library's own options let several programs share a port, each getting some of the requests.
        set_socket_options([](socket_t socket) {
            const int yes = 1;
            ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        });
        set_tcp_nodelay(true);
        set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
            return handle_without_body(request, response);
        });
        Post(".*", [this](const httplib::Request& request, httplib::Response& response,
                          const httplib::ContentReader& reader) { handle_with_body(request, response, reader); });
        set_error_handler(HandlerWithResponse([](const httplib::Request&, httplib::Response& response) {
            fill_error(response);
            return HandlerResponse::Unhandled;
        }));
        set_exception_handler(
            [](const httplib::Request&, httplib::Response& response, std::exception_ptr) { response.status = 500; });
    }

    void set_gate(Gate& gate) { gate_ = &gate; }
    /// The library asks for room for 5 clients that have not been taken yet: more at once would have to knock again, a
    /// second later.
    bool bind(const std::string& host, int& port) {
        const bool bound = port == 0 ? (port = bind_to_any_port(host)) > 0 : bind_to_port(host, port);
        return bound && ::listen(svr_sock_, 1024) == 0;
    }

    void ask_to_stop() { crowd_.stopping.store(true); }
    bool stopping() const { return crowd_.stopping.load(); }

  private:
    HandlerResponse handle_without_body(const httplib::Request& request, httplib::Response& response) {
        constexpr size_t longest_path = 1024;  // the library looks for its handlers with std::regex
        const Exchange& exchange = exchange_of(request);
        if (request.path.size() > longest_path) {
            give(error_reply(414, "too_long", "the path is longer than any that there is"), exchange, response);
        } else if (request.method != "POST") {
            ApiRequest api = request_of(request, exchange);
            give(gate_->handle(api), exchange, response);
        } else {
            return HandlerResponse::Unhandled;
        }
        close_if_unread(exchange, response);
        return HandlerResponse::Handled;
    }

    void handle_with_body(const httplib::Request& request, httplib::Response& response,
                          const httplib::ContentReader& reader) {
        Exchange& exchange = exchange_of(request);
        try {
            ApiRequest api = request_of(request, exchange);
            api.body_bytes = body_bytes_of(request);
            api.read_body = [&](const auto& sink) { read_body(exchange, reader, sink); };
            give(gate_->handle(api), exchange, response);
        } catch (const std::exception& error) {
            give(error_reply(error), exchange, response);
        }
        close_if_unread(exchange, response);
    }

    static void close_if_unread(const Exchange& exchange, httplib::Response& response) {
        if (exchange.has_body && !exchange.body_read) response.set_header("Connection", "close");
    }

    /// What the library itself has to say gets the form of all errors.
    static void fill_error(httplib::Response& response) {
        if (!response.body.empty() || response.status < 400) return;
        const char* sentence = response.status == 414   ? "the address is longer than any that there is"
                               : response.status == 416 ? "the Range header is malformed"
                               : response.status >= 500
                                   ? "something unexpected went wrong in the server"
                                   : "the request line, a header or the body is malformed or too long";
        const ApiReply reply = error_reply(response.status, "bad_request", sentence);
        response.set_content(reply.body, reply.type);
        response.set_header("Content-Length", std::to_string(reply.body.size()));
    }

    /// Called when the head is read, before anybody else sees it.
    void prepare(httplib::Request& request, Exchange& exchange) {
        exchange.connection.head_is_read();
        exchange.has_body = has_body(request);
        request.headers.erase(hidden_type);
        request.set_header(hidden_type, request.get_header_value("Content-Type"));
        request.headers.erase("Content-Type");
        request.headers.erase("Accept-Encoding");  // streams would be held back to be compressed
        request.ranges.clear();                    // results.cpp reads the header
        const std::lock_guard lock(mutex_);
        exchanges_[&request] = &exchange;
    }

    /// The library gives its handlers the request alone; it is the same object all the way.
    Exchange& exchange_of(const httplib::Request& request) {
        const std::lock_guard lock(mutex_);
        return *exchanges_.at(&request);
    }

    void forget(const Exchange& exchange) {
        const std::lock_guard lock(mutex_);
        std::erase_if(exchanges_, [&exchange](const auto& entry) { return entry.second == &exchange; });
    }

    bool process_and_close_socket(socket_t socket) override {
        Connection connection(socket, ConnectionLimits(), clock_, crowd_);
        while (connection.wait_for_request()) {
            Exchange exchange{connection};
            bool closed = false;
            const bool answered = process_request(connection, stopping(), closed,
                                                  [&](httplib::Request& request) { prepare(request, exchange); });
            forget(exchange);
            if (exchange.has_body && !exchange.body_read) {
                connection.drain();
                return true;
            }
            if (!answered || closed || stopping()) break;
        }
        return true;
    }

    std::mutex mutex_;
    std::unordered_map<const httplib::Request*, Exchange*> exchanges_;  // under way
    Gate* gate_ = nullptr;                                              // set before anybody is answered
    const Clock& clock_;
    ConnectionCrowd crowd_;
};

struct HttpServer::State {
    State(const HttpServerOptions& wanted, const Clock& clock) : options(wanted), listener(clock, wanted.threads) {
        listener.new_task_queue = [threads = options.threads] {
            return new httplib::ThreadPool(static_cast<size_t>(threads));
        };
        if (!listener.bind(options.host, options.port))
            throw Error(ErrorCode::invalid_argument,
                        "port {} of {} cannot be had: another program has it, the address is not this machine's, or it "
                        "needs more rights; choose another with --port or --host",
                        wanted.port, options.host);
    }

    void run() {
        listener.listen_after_bind();
        // A connection that was reset before it was taken ends the library's loop.
        while (!listener.stopping()) {
            spdlog::warn("the port is opened again");
            if (!listener.bind(options.host, options.port))
                std::this_thread::sleep_for(std::chrono::milliseconds(100));
            else
                listener.listen_after_bind();
        }
    }

    void stop() {
        listener.ask_to_stop();
        if (!thread.joinable()) return;
        // A server that has not begun to run yet would not hear it.
        while (!listener.is_running() && !ended) std::this_thread::sleep_for(std::chrono::milliseconds(1));
        listener.stop();
        thread.join();
    }

    HttpServerOptions options;
    Listener listener;
    std::atomic<bool> ended{false};
    std::thread thread;
};

HttpServer::HttpServer(const HttpServerOptions& options, const Clock& clock)
    : state_(std::make_unique<State>(options, clock)) {}

HttpServer::~HttpServer() {
    stop();
}

const HttpServerOptions& HttpServer::options() const {
    return state_->options;
}

std::string HttpServer::url() const {
    const std::string& host = state_->options.host;
    const bool bare_v6 = host.find(':') != std::string::npos && host.front() != '[';
    return fmt::format("http://{}:{}", bare_v6 ? "[" + host + "]" : host, state_->options.port);
}

void HttpServer::start(Gate& gate) {
    state_->listener.set_gate(gate);
    state_->thread = std::thread([state = state_.get()] {
        state->run();
        state->ended = true;
    });
}

void HttpServer::stop() {
    state_->stop();
}

}  // namespace ft
