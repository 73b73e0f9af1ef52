#include "interruption.h"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace ft {

void Interruption::catch_signals(std::function<void()> notice) {
    notice_ = std::move(notice);
    sigset_t set;
    sigemptyset(&set);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
        struct sigaction action = {};
        if (sigaction(signal, nullptr, &action) == 0 && action.sa_handler != SIG_IGN) sigaddset(&set, signal);
    }
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signals_ = ::signalfd(-1, &set, SFD_CLOEXEC);
    wake_ = ::eventfd(0, EFD_CLOEXEC);
    if (signals_ < 0 || wake_ < 0) throw Error(ErrorCode::io, "signals cannot be watched: {}", std::strerror(errno));
    thread_ = std::thread([this] { watch(); });
}

Interruption::~Interruption() {
    if (thread_.joinable()) {
        const uint64_t one = 1;
        // An eventfd takes eight bytes whole; there is nothing to do about a failure in a destructor.
        [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
        thread_.join();
    }
    if (signals_ >= 0) ::close(signals_);
    if (wake_ >= 0) ::close(wake_);
}

void Interruption::watch() {
    for (;;) {
        pollfd events[] = {{signals_, POLLIN, 0}, {wake_, POLLIN, 0}};
        if (::poll(events, 2, -1) < 0) continue;
        if (events[1].revents != 0) return;
        signalfd_siginfo info = {};
        if (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
            request(static_cast<int>(info.ssi_signo));
    }
}

void Interruption::request(int signal) {
    int none = 0;
    if (!signal_.compare_exchange_strong(none, signal)) ::_exit(128 + signal_);
    stop_ = true;
    if (notice_) notice_();
}

}  // namespace ft
