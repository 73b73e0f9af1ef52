#pragma once
// What a service tells systemd: that it is ready, alive, ending. The protocol is one datagram with lines NAME=VALUE to
// the socket that $NOTIFY_SOCKET names (sd_notify(3)).
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/unique_fd.h"

namespace ft {

/// Without systemd every function does nothing. Any thread; never blocks, never throws.
class ServiceManager {
  public:
    /// `variable`: of the environment; empty when unset.
    explicit ServiceManager(const std::function<std::string(const char*)>& variable);

    void ready() const { send("READY=1"); }
    void alive() const { send("WATCHDOG=1"); }
    void stopping() const { send("STOPPING=1"); }
    /// One line for `systemctl status`.
    void status(const std::string& sentence) const;

    /// How often alive() is wanted: half of the watchdog's time. Nothing without a watchdog.
    std::optional<int64_t> alive_every_ms() const { return alive_every_ms_; }

  private:
    void send(const std::string& message) const;

    UniqueFd socket_;
    std::string address_;  // bytes of sun_path
    std::optional<int64_t> alive_every_ms_;
};

}  // namespace ft
