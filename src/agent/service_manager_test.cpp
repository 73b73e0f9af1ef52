#include "agent/service_manager.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <map>

namespace ft {
namespace {

/// What systemd hears.
class Listener {
  public:
    explicit Listener(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un name = {};
        name.sun_family = AF_UNIX;
        std::memcpy(name.sun_path, path.data(), path.size());
        if (path[0] == '@') name.sun_path[0] = '\0';
        const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
        bound = ::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&name), length) == 0;
    }
    std::string next() {
        char text[256];
        const ssize_t size = ::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT);
        return size < 0 ? "" : std::string(text, static_cast<size_t>(size));
    }
    bool bound = false;

  private:
    UniqueFd socket_;
};

TEST(ServiceManager, TellsSystemdByADatagram) {
    for (const std::string& path : {"@ft-notify-" + std::to_string(::getpid()),
                                    ::testing::TempDir() + "ft-notify-" + std::to_string(::getpid())}) {
        Listener listener(path);
        ASSERT_TRUE(listener.bound) << path;
        std::map<std::string, std::string> variables = {
            {"NOTIFY_SOCKET", path}, {"WATCHDOG_USEC", "30000000"}, {"WATCHDOG_PID", std::to_string(::getpid())}};
        const ServiceManager manager([&](const char* name) { return variables[name]; });
        EXPECT_EQ(manager.alive_every_ms(), 15000);
        manager.ready();
        EXPECT_EQ(listener.next(), "READY=1");
        manager.alive();
        EXPECT_EQ(listener.next(), "WATCHDOG=1");
        manager.status("one\nline");
        EXPECT_EQ(listener.next(), "STATUS=one line");
        manager.stopping();
        EXPECT_EQ(listener.next(), "STOPPING=1");
        ::unlink(path.c_str());
    }
}

TEST(ServiceManager, WithoutSystemdNothingHappens) {
    for (const char* const path : {"", "@", "relative", "/nonexistent/socket"}) {
        const ServiceManager manager(
            [&](const char* name) { return std::string(std::string(name) == "NOTIFY_SOCKET" ? path : "4000000"); });
        manager.ready();
        // A watchdog of another process is not ours to feed.
        EXPECT_EQ(manager.alive_every_ms(), std::nullopt) << path;
    }
}

}  // namespace
}  // namespace ft
