#pragma once
// A queue of limited length between two threads; an exception of the producer reaches the consumer.
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>

namespace ft {

template <typename T>
class BoundedQueue {
  public:
    explicit BoundedQueue(size_t capacity) : capacity_(capacity) {}

    /// Waits for room. False when the consumer has cancelled: the producer should stop.
    bool push(T item) {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return cancelled_ || items_.size() < capacity_; });
        if (cancelled_) return false;
        items_.push_back(std::move(item));
        changed_.notify_all();
        return true;
    }

    /// No more items; with a failure, pop() rethrows it once the items before it are taken.
    void close(std::exception_ptr failure = nullptr) {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        failure_ = failure;
        changed_.notify_all();
    }

    /// The next item; empty at the end, or, without `wait`, when there is none yet.
    std::optional<T> pop(bool wait) {
        std::unique_lock lock(mutex_);
        if (wait) changed_.wait(lock, [&] { return closed_ || !items_.empty(); });
        if (items_.empty()) {
            if (closed_ && failure_) std::rethrow_exception(failure_);
            return std::nullopt;
        }
        std::optional<T> item(std::move(items_.front()));
        items_.pop_front();
        changed_.notify_all();
        return item;
    }

    /// Nothing is there now. To the one consumer, "false" stays true until it takes something.
    bool empty() {
        const std::lock_guard lock(mutex_);
        return items_.empty();
    }

    /// Nothing more will come: closed and empty.
    bool exhausted() {
        const std::lock_guard lock(mutex_);
        return closed_ && items_.empty() && !failure_;
    }

    void cancel() {
        const std::lock_guard lock(mutex_);
        cancelled_ = true;
        changed_.notify_all();
    }

  private:
    const size_t capacity_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<T> items_;
    bool closed_ = false, cancelled_ = false;
    std::exception_ptr failure_;
};

}  // namespace ft
