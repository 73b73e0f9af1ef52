#include "net/testing/test_server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "base/text.h"
#include "base/unique_fd.h"

namespace ft::testing {

namespace {

/// A proxy of the machine is not to stand between the tests and their servers. Before main: no other thread reads it
/// yet.
[[maybe_unused]] const int proxy_is_off = ::setenv("no_proxy", "127.0.0.1", 1);

bool send_all(int fd, const char* data, size_t size) {
    while (size > 0) {
        const ssize_t sent = ::send(fd, data, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        data += sent;
        size -= static_cast<size_t>(sent);
    }
    return true;
}

TestRequest parse(const std::string& text) {
    TestRequest request;
    size_t line = text.find("\r\n");
    const std::string first = text.substr(0, line);
    const size_t space = first.find(' '), end = first.rfind(' ');
    request.method = first.substr(0, space);
    request.path = first.substr(space + 1, end - space - 1);
    for (size_t begin = line + 2; (line = text.find("\r\n", begin)) != std::string::npos; begin = line + 2) {
        const std::string header = text.substr(begin, line - begin);
        const size_t colon = header.find(':');
        if (colon == std::string::npos) break;
        const size_t value = header.find_first_not_of(' ', colon + 1);
        request.headers[lower_ascii(header.substr(0, colon))] = value == std::string::npos ? "" : header.substr(value);
    }
    return request;
}

}  // namespace

struct TestServer::State {
    Handler handler;
    UniqueFd listener;
    std::array<UniqueFd, 2> stop;  // a pipe: its end of life wakes everybody
    int port = 0;
    mutable std::mutex mutex;
    std::vector<TestRequest> requests;
    std::vector<std::thread> connections;
    std::thread acceptor;

    /// False when the server ends before anything is to be read.
    bool wait_for_input(int fd) const {
        std::array<pollfd, 2> polled{{{fd, POLLIN, 0}, {stop[0].get(), POLLIN, 0}}};
        return ::poll(polled.data(), polled.size(), -1) > 0 && polled[1].revents == 0;
    }

    void accept_all() {
        while (wait_for_input(listener.get())) {
            UniqueFd connection(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (!connection) continue;
            connections.emplace_back([this, fd = std::move(connection)] { serve(fd.get()); });
        }
    }

    void serve(int fd) {
        std::string text;
        char buffer[4096];
        while (text.find("\r\n\r\n") == std::string::npos) {
            if (!wait_for_input(fd)) return;
            const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
            if (got <= 0) return;
            text.append(buffer, static_cast<size_t>(got));
            if (text[0] < 'A' || text[0] > 'Z') return;  // no HTTP: somebody speaks TLS to us
        }
        TestRequest request = parse(text);
        const auto length = request.headers.find("content-length");
        const size_t body_begin = text.find("\r\n\r\n") + 4;
        const size_t all = body_begin + (length == request.headers.end() ? 0 : std::stoull(length->second));
        while (text.size() < all) {
            if (!wait_for_input(fd)) return;
            const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
            if (got <= 0) return;
            text.append(buffer, static_cast<size_t>(got));
        }
        request.body = text.substr(body_begin, all - body_begin);
        {
            const std::lock_guard<std::mutex> lock(mutex);
            requests.push_back(request);
        }
        const TestReply reply = handler(request);
        if (reply.reset) {
            const linger at_once{1, 0};
            ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        }
        if (reply.silent) wait_for_input(fd);
        if (reply.lost || reply.reset || reply.silent) return;
        std::string head = "HTTP/1.1 " + std::to_string(reply.status) + " Status\r\nConnection: close\r\n";
        for (const auto& [name, value] : reply.headers) head += name + ": " + value + "\r\n";
        head += "Content-Length: " + std::to_string(reply.body.size()) + "\r\n\r\n";
        if (!send_all(fd, head.data(), head.size()) || request.method == "HEAD") return;
        const size_t bytes = std::min({reply.body.size(), reply.break_after, reply.stall_after});
        if (!send_all(fd, reply.body.data(), bytes)) return;
        if (reply.stall_after < reply.body.size()) wait_for_input(fd);
    }
};

TestServer::TestServer(Handler handler) : state_(std::make_unique<State>()) {
    state_->handler = std::move(handler);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    state_->stop = {UniqueFd(ends[0]), UniqueFd(ends[1])};
    state_->listener = UniqueFd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(state_->listener.get(), generic, length) != 0 || ::listen(state_->listener.get(), 64) != 0 ||
        ::getsockname(state_->listener.get(), generic, &length) != 0) {
        throw std::runtime_error("no port on 127.0.0.1");
    }
    state_->port = ntohs(address.sin_port);
    state_->acceptor = std::thread([this] { state_->accept_all(); });
}

TestServer::~TestServer() {
    { const UniqueFd closed = std::move(state_->stop[1]); }
    state_->acceptor.join();
    for (std::thread& connection : state_->connections) connection.join();
}

std::string TestServer::url() const {
    return "http://127.0.0.1:" + std::to_string(state_->port);
}

std::vector<TestRequest> TestServer::requests() const {
    const std::lock_guard<std::mutex> lock(state_->mutex);
    return state_->requests;
}

int TestServer::count(const std::string& method, const std::string& part) const {
    const std::vector<TestRequest> all = requests();
    return static_cast<int>(std::count_if(all.begin(), all.end(), [&](const TestRequest& request) {
        return request.method == method && request.path.find(part) != std::string::npos;
    }));
}

}  // namespace ft::testing
