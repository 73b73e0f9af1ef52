#include "webhook_listener.h"

#include <httplib.h>
#include <sys/socket.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "base/error.h"

namespace ft {

namespace {

constexpr size_t kLongestBody = size_t{16} << 20;

}  // namespace

struct WebhookListener::State {
    httplib::Server server;
    WebhookAnswer answer;
    int port = 0;
    std::mutex mutex;
    std::condition_variable changed;
    int wanted = 0, received = 0;
    bool stopped = false, ended = false;

    void handle(const httplib::Request& request, httplib::Response& response) {
        const ReceivedWebhook message{
            {request.get_header_value("webhook-id"), request.get_header_value("webhook-timestamp"),
             request.get_header_value("webhook-signature")},
            request.body};
        const std::lock_guard lock(mutex);
        // Those that come while the last one is being answered are sent again, to somebody else.
        response.status = wanted > 0 && received == wanted ? 503 : answer(message);
        if (wanted > 0 && received < wanted) ++received;
        changed.notify_all();
    }

    bool finished() const { return stopped || ended || (wanted > 0 && received == wanted); }
};

WebhookListener::WebhookListener(int port, WebhookAnswer answer) : state_(std::make_unique<State>()) {
    State& state = *state_;
    state.answer = std::move(answer);
    state.server.new_task_queue = [] { return new httplib::ThreadPool(4); };
    state.server.set_payload_max_length(kLongestBody);
    state.server.set_keep_alive_max_count(1);  // nobody is waited for at the end
    // cpp-httplib's own options let several programs share a port, each getting some of the messages.
    state.server.set_socket_options([](socket_t socket) {
        const int yes = 1;
        ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
    state.server.Post(".*", [&state](const httplib::Request& request, httplib::Response& response) {
        state.handle(request, response);
    });
    const bool any = port == 0;
    const bool bound = any ? (state.port = state.server.bind_to_any_port("127.0.0.1")) > 0
                           : state.server.bind_to_port("127.0.0.1", port);
    if (!bound)
        throw Error(ErrorCode::invalid_argument,
                    "port {} of 127.0.0.1 cannot be had: another program has it, or it needs more rights; choose "
                    "another with --port",
                    port);
    if (!any) state.port = port;
}

WebhookListener::~WebhookListener() = default;

int WebhookListener::port() const {
    return state_->port;
}

void WebhookListener::stop() {
    const std::lock_guard lock(state_->mutex);
    state_->stopped = true;
    state_->changed.notify_all();
}

void WebhookListener::run(int count) {
    State& state = *state_;
    {
        const std::lock_guard lock(state.mutex);
        state.wanted = count;
    }
    std::thread thread([&state] {
        state.server.listen_after_bind();
        const std::lock_guard lock(state.mutex);
        state.ended = true;
        state.changed.notify_all();
    });
    std::unique_lock lock(state.mutex);
    state.changed.wait(lock, [&] { return state.finished(); });
    // A server that has not begun to run yet would not hear it.
    while (!state.ended && !state.server.is_running()) state.changed.wait_for(lock, std::chrono::milliseconds(1));
    lock.unlock();
    state.server.stop();
    thread.join();
}

}  // namespace ft
