#include "service/worker_pool.h"

#include "base/error.h"
#include "base/log.h"

namespace ft {

namespace {

/// How often an idle worker looks for a job whose waiting time is over, or which another process has made.
constexpr int64_t look_ms = 1000;
constexpr int64_t complain_ms = 60000;

}  // namespace

WorkerPool::WorkerPool(const WorkerParts& parts, const WorkerOptions& options, int workers,
                       std::function<bool()> may_begin)
    : clock_(parts.clock), may_begin_(std::move(may_begin)) {
    for (int i = 0; i < workers; ++i) {
        WorkerOptions own = options;
        own.owner += "/" + std::to_string(i);
        workers_.push_back(std::make_unique<Worker>(parts, own));
    }
}

WorkerPool::~WorkerPool() {
    stop();
}

void WorkerPool::start() {
    const std::lock_guard lock(mutex_);
    if (stopping_) return;
    for (const auto& worker : workers_) threads_.emplace_back([this, &worker] { run(*worker); });
}

void WorkerPool::wake() {
    {
        const std::lock_guard lock(mutex_);
        ++wakes_;
    }
    changed_.notify_all();
}

void WorkerPool::stop() {
    std::vector<std::thread> threads;
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
        threads.swap(threads_);
    }
    for (const auto& worker : workers_) worker->request_stop();
    changed_.notify_all();
    for (std::thread& thread : threads) thread.join();
}

bool WorkerPool::round(Worker& worker) {
    try {
        if (!may_begin_()) return false;
        const Round round = worker.run_one();
        ++rounds_[static_cast<size_t>(round)];
        return round != Round::idle;
    } catch (const std::exception& error) {
        // The disk may be full for a while: the next look is a second away.
        complain(error.what());
        return false;
    }
}

/// Once a minute while it is the same: all workers meet it, every second.
void WorkerPool::complain(const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    const int64_t now_ms = clock_.boot_ms();
    if (sentence == complaint_ && now_ms - complained_ms_ < complain_ms) return;
    complaint_ = sentence;
    complained_ms_ = now_ms;
    spdlog::error("no job can be taken: {}", sentence);
}

void WorkerPool::run(Worker& worker) {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        const int64_t seen = wakes_;
        lock.unlock();
        const bool more = round(worker);
        lock.lock();
        const int64_t until_ms = clock_.boot_ms() + look_ms;
        while (!more && !stopping_ && wakes_ == seen && clock_.boot_ms() < until_ms)
            clock_.wait(lock, changed_, until_ms);
    }
}

}  // namespace ft
