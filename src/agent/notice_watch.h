#pragma once
// Watches for AWS's announcements that this machine will be, or is likely to be, taken away.
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "aws/instance_metadata.h"
#include "base/clock.h"

namespace ft {

struct NoticeHandlers {
    std::function<void(const aws::SpotNotice&)> spot;
    std::function<void()> rebalance;
};

/// A thread that asks the instance metadata service every `poll_ms`; each handler is called at most once, by it.
class NoticeWatch {
  public:
    /// `metadata` and `clock` outlive it.
    NoticeWatch(aws::InstanceMetadata& metadata, const Clock& clock, NoticeHandlers handlers, int64_t poll_ms = 5000);
    ~NoticeWatch();
    NoticeWatch(const NoticeWatch&) = delete;
    NoticeWatch& operator=(const NoticeWatch&) = delete;

  private:
    void run();
    /// False when there is nothing more to be told.
    bool look();

    aws::InstanceMetadata& metadata_;
    const Clock& clock_;
    const NoticeHandlers handlers_;
    const int64_t poll_ms_;
    bool rebalance_told_ = false, complained_ = false;  // of the thread
    std::mutex mutex_;
    std::condition_variable changed_;
    bool stopping_ = false;  // under mutex_
    std::thread thread_;
};

}  // namespace ft
