#include "server/connection.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace ft {

namespace {

/// How soon a waiting connection sees that the server is to stop.
constexpr int64_t step_ms = 50;

void read_address(const sockaddr_storage& storage, std::string& ip, int& port) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    if (storage.ss_family == AF_INET) {
        const auto* v4 = reinterpret_cast<const sockaddr_in*>(&storage);
        ::inet_ntop(AF_INET, &v4->sin_addr, text.data(), text.size());
        port = ntohs(v4->sin_port);
    } else if (storage.ss_family == AF_INET6) {
        const auto* v6 = reinterpret_cast<const sockaddr_in6*>(&storage);
        ::inet_ntop(AF_INET6, &v6->sin6_addr, text.data(), text.size());
        port = ntohs(v6->sin6_port);
    }
    ip = text.data();
}

}  // namespace

Connection::Connection(int socket, const ConnectionLimits& limits, const Clock& clock, ConnectionCrowd& crowd)
    : socket_(socket), limits_(limits), clock_(clock), crowd_(crowd) {
    ++crowd_.open;
}

Connection::~Connection() {
    --crowd_.open;
    ::shutdown(socket_, SHUT_RDWR);
    ::close(socket_);
}

bool Connection::poll_for(short events, int64_t wait_ms) const {
    pollfd entry{socket_, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::clamp<int64_t>(wait_ms, 0, 3600000)));
    return ready > 0;
}

bool Connection::is_open() const {
    if (begin_ < end_) return true;
    char byte = 0;
    const ssize_t got = ::recv(socket_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
}

bool Connection::fill(int64_t wait_ms) {
    if (!poll_for(POLLIN, wait_ms)) return false;
    const ssize_t got = ::recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return false;
    begin_ = 0;
    end_ = static_cast<size_t>(got);
    return true;
}

bool Connection::wait_for_request() {
    in_head_ = true;
    head_bytes_ = 0;
    const int64_t begun_ms = clock_.boot_ms();
    while (begin_ == end_) {
        const bool crowded = had_request_ && crowd_.open >= crowd_.most;
        const int64_t left_ms = begun_ms + (crowded ? limits_.crowded_idle_ms : limits_.idle_ms) - clock_.boot_ms();
        if (stopping() || left_ms <= 0) return false;
        if (!poll_for(POLLIN, std::min(step_ms, left_ms))) continue;
        if (!fill(0)) return false;
    }
    had_request_ = true;
    head_until_ms_ = clock_.boot_ms() + limits_.head_ms;
    return true;
}

ssize_t Connection::read(char* target, size_t size) {
    if (in_head_) {
        const int64_t left_ms = head_until_ms_ - clock_.boot_ms();
        if (left_ms <= 0 || head_bytes_ >= limits_.longest_head) return -1;
        if (begin_ == end_ && !fill(left_ms)) return -1;
    } else if (begin_ == end_ && !fill(limits_.stall_ms)) {
        return -1;
    }
    const size_t count = std::min(size, end_ - begin_);
    std::memcpy(target, buffer_.data() + begin_, count);
    begin_ += count;
    if (in_head_) head_bytes_ += count;
    return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* source, size_t size) {
    if (!poll_for(POLLOUT, limits_.stall_ms)) return -1;
    ssize_t sent = 0;
    do {
        sent = ::send(socket_, source, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !poll_for(POLLOUT, limits_.stall_ms)) return -1;
    } while (sent < 0 && (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK));
    return sent;
}

void Connection::drain() {
    constexpr size_t most_bytes = size_t{8} << 20;
    constexpr int64_t longest_ms = 2000;
    ::shutdown(socket_, SHUT_WR);
    const int64_t until_ms = clock_.boot_ms() + longest_ms;
    for (size_t taken = 0; taken < most_bytes && clock_.boot_ms() < until_ms; taken += end_) {
        if (!fill(until_ms - clock_.boot_ms())) break;
    }
    begin_ = end_ = 0;
}

bool Connection::is_readable() const {
    return begin_ < end_ || poll_for(POLLIN, limits_.stall_ms);
}

bool Connection::is_writable() const {
    return poll_for(POLLOUT, limits_.stall_ms);
}

void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getpeername(socket_, reinterpret_cast<sockaddr*>(&storage), &length) == 0) read_address(storage, ip, port);
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
    sockaddr_storage storage{};
    socklen_t length = sizeof storage;
    if (::getsockname(socket_, reinterpret_cast<sockaddr*>(&storage), &length) == 0) read_address(storage, ip, port);
}

}  // namespace ft
