#include "jobs/outbox_sender.h"

#include "base/error.h"
#include "base/log.h"

namespace ft {

OutboxSender::OutboxSender(JobStore& store, Notifier& notifier, const Clock& clock, Random random,
                           const OutboxSenderOptions& options)
    : store_(store), notifier_(notifier), clock_(clock), random_(std::move(random)), options_(options) {
    for (int i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { run(); });
}

OutboxSender::~OutboxSender() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
}

void OutboxSender::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    changed_.notify_all();
}

/// Whether there was one, so that there may be another.
bool OutboxSender::send_one() {
    OutboxOptions outbox = options_.outbox;
    outbox.limit = 1;  // so that the end comes soon
    try {
        const OutboxRun run = deliver_due(store_, notifier_, clock_, random_, outbox);
        return run.delivered + run.again + run.given_up > 0;
    } catch (const Error& error) {
        spdlog::warn("webhooks wait: {}", error.what());
    } catch (const std::exception& error) {
        // One message must not end the server.
        spdlog::error("webhooks wait: something unexpected went wrong: {}", error.what());
    }
    return false;
}

void OutboxSender::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const int64_t seen = wakes_;
        lock.unlock();
        const bool more = send_one();
        lock.lock();
        const int64_t until_ms = clock_.boot_ms() + options_.look_ms;
        while (!more && !stopping_ && wakes_ == seen && clock_.boot_ms() < until_ms)
            clock_.wait(lock, changed_, until_ms);
    }
}

}  // namespace ft
