#include "agent/notice_watch.h"

#include "base/error.h"
#include "base/log.h"

namespace ft {

NoticeWatch::NoticeWatch(aws::InstanceMetadata& metadata, const Clock& clock, NoticeHandlers handlers, int64_t poll_ms)
    : metadata_(metadata), clock_(clock), handlers_(std::move(handlers)), poll_ms_(poll_ms), thread_([this] {
          run();
      }) {}

NoticeWatch::~NoticeWatch() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
}

bool NoticeWatch::look() {
    try {
        if (const auto notice = metadata_.spot_notice()) {
            handlers_.spot(*notice);
            return false;
        }
        if (!rebalance_told_ && metadata_.rebalance_notice()) {
            rebalance_told_ = true;
            handlers_.rebalance();
        }
        complained_ = false;
    } catch (const Error& error) {
        // Most machines end without a notice anyway; leases and checkpoints do not need one.
        if (!complained_) spdlog::warn("notices cannot be looked for: {}", error.what());
        complained_ = true;
    }
    return true;
}

void NoticeWatch::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        lock.unlock();
        const bool more = look();
        lock.lock();
        if (!more) return;
        const int64_t until_ms = clock_.boot_ms() + poll_ms_;
        while (!stopping_ && clock_.boot_ms() < until_ms) clock_.wait(lock, changed_, until_ms);
    }
}

}  // namespace ft
