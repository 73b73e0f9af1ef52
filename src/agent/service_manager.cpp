#include "agent/service_manager.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace ft {

namespace {

int64_t number_of(const std::string& text) {
    int64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    return problem == std::errc() && end == text.data() + text.size() ? number : 0;
}

}  // namespace

ServiceManager::ServiceManager(const std::function<std::string(const char*)>& variable)
    : address_(variable("NOTIFY_SOCKET")) {
    const bool usable = address_.size() > 1 && address_.size() < sizeof(sockaddr_un::sun_path) &&
                        (address_[0] == '/' || address_[0] == '@');
    if (!usable) return;
    if (address_[0] == '@') address_[0] = '\0';  // a name that is no file
    socket_ = UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    // The watchdog may be meant for another process.
    const std::string process = variable("WATCHDOG_PID");
    const int64_t watchdog_us = number_of(variable("WATCHDOG_USEC"));
    if (watchdog_us > 0 && (process.empty() || number_of(process) == ::getpid()))
        alive_every_ms_ = std::max<int64_t>(1, watchdog_us / 2000);
}

void ServiceManager::status(const std::string& sentence) const {
    std::string line = "STATUS=" + sentence;
    std::replace(line.begin(), line.end(), '\n', ' ');
    send(line);
}

void ServiceManager::send(const std::string& message) const {
    if (!socket_) return;
    sockaddr_un name = {};
    name.sun_family = AF_UNIX;
    std::memcpy(name.sun_path, address_.data(), address_.size());
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address_.size());
    // Nobody there is no reason to do anything else.
    [[maybe_unused]] const ssize_t sent = ::sendto(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL,
                                                   reinterpret_cast<const sockaddr*>(&name), length);
}

}  // namespace ft
