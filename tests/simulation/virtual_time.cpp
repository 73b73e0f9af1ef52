#include "virtual_time.h"

#include <algorithm>

#include "jobs/memory/faults.h"

namespace ft::simulation {

struct Actor {
    VirtualTime* time = nullptr;
    const Process* process = nullptr;
    bool main = false, has_turn = false, queued = false;
    int64_t at_ms = 0, number = 0;
    std::binary_semaphore woken{0};
    // Of one that waits on a condition variable of its own.
    std::mutex* mutex = nullptr;
    std::condition_variable* changed = nullptr;
};

namespace {

/// A thread that ends gives its turn on.
struct ActorOfThread {
    std::unique_ptr<Actor> actor;
    std::function<void(Actor&)> leave;
    ~ActorOfThread() {
        if (actor) leave(*actor);
    }
};
thread_local ActorOfThread self;

}  // namespace

VirtualTime::~VirtualTime() {
    for (std::thread& thread : threads_) thread.join();
}

Actor& VirtualTime::become_actor(const Process& process) {
    self.actor = std::make_unique<Actor>();
    self.actor->time = this;
    self.actor->process = &process;
    self.leave = [this](Actor& actor) { leave(actor); };
    return *self.actor;
}

void VirtualTime::enqueue(Actor& actor, int64_t at_ms) {
    actor.at_ms = std::max({at_ms, now_ms_, actor.process->frozen_until_ms});
    actor.number = ++numbers_;
    actor.queued = true;
    turns_.emplace(actor.at_ms, actor.number, &actor);
}

/// Under the lock. Null: nobody has a turn before until_ms_, and the driver goes on.
Actor* VirtualTime::next() {
    if (turns_.empty() || std::get<0>(*turns_.begin()) > until_ms_) {
        driver_runs_ = true;
        idle_.notify_all();
        return nullptr;
    }
    Actor* actor = std::get<2>(*turns_.begin());
    turns_.erase(turns_.begin());
    actor->queued = false;
    now_ms_ = std::max(now_ms_, actor->at_ms);
    return actor;
}

/// Not under the lock.
void VirtualTime::grant(Actor* actor) {
    if (actor == nullptr) return;
    if (actor->mutex == nullptr) {
        actor->has_turn = true;
        actor->woken.release();
        return;
    }
    std::condition_variable* changed = actor->changed;
    {
        const std::lock_guard lock(*actor->mutex);
        actor->has_turn = true;
        changed->notify_all();
    }
}

void VirtualTime::pass_on() {
    Actor* other = nullptr;
    {
        const std::lock_guard lock(mutex_);
        other = next();
    }
    grant(other);
}

void VirtualTime::leave(Actor& actor) {
    Actor* other = nullptr;
    {
        const std::lock_guard lock(mutex_);
        if (actor.queued) turns_.erase({actor.at_ms, actor.number, &actor});
        if (actor.has_turn) other = next();
    }
    grant(other);
}

void VirtualTime::pause(Actor& actor, int64_t until_ms) {
    Actor* other = nullptr;
    {
        const std::lock_guard lock(mutex_);
        enqueue(actor, until_ms);
        other = next();
        if (other == &actor) return;
        actor.has_turn = false;
    }
    grant(other);
    actor.woken.acquire();
}

void VirtualTime::spawn(int64_t at_ms, Process& process, std::function<void()> body) {
    std::binary_semaphore ready{0};
    threads_.emplace_back([this, at_ms, &process, &ready, body = std::move(body)] {
        Actor& actor = become_actor(process);
        actor.main = true;
        {
            const std::lock_guard lock(mutex_);
            enqueue(actor, at_ms);
        }
        ready.release();
        actor.woken.acquire();
        try {
            if (!process.dead) body();
        } catch (const SimulatedCrash&) {
            process.dead = true;
        }
    });
    ready.acquire();
}

void VirtualTime::run(int64_t until_ms) {
    std::unique_lock lock(mutex_);
    until_ms_ = until_ms;
    driver_runs_ = false;
    Actor* first = next();
    lock.unlock();
    grant(first);
    lock.lock();
    idle_.wait(lock, [&] { return driver_runs_; });
    if (now_ms_ < until_ms) now_ms_ = until_ms;
}

void VirtualTime::move(const Process& process, const std::function<int64_t(int64_t)>& to) {
    const std::lock_guard lock(mutex_);
    std::vector<Actor*> moved;
    for (const Turn& turn : turns_) {
        if (std::get<2>(turn)->process == &process) moved.push_back(std::get<2>(turn));
    }
    for (Actor* actor : moved) {
        turns_.erase({actor->at_ms, actor->number, actor});
        enqueue(*actor, actor->main || !process.dead ? to(actor->at_ms) : actor->at_ms);
    }
}

void VirtualTime::kill(Process& process) {
    process.dead = true;
    process.frozen_until_ms = 0;
    move(process, [this](int64_t) { return now_ms_; });
}

void VirtualTime::freeze(Process& process, int64_t until_ms) {
    process.frozen_until_ms = until_ms;
    move(process, [](int64_t at_ms) { return at_ms; });
}

int64_t Process::wall_ms() const {
    return time_.now_ms();
}

int64_t Process::boot_ms() const {
    if (!self.actor) {
        Actor& actor = time_.become_actor(*this);
        {
            const std::lock_guard lock(time_.mutex_);
            time_.enqueue(actor, 0);
            ++threads_seen_;
            time_.registered_.notify_all();
        }
        actor.woken.acquire();
    }
    return time_.now_ms();
}

void Process::wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms) const {
    Actor& actor = *self.actor;
    Actor* other = nullptr;
    bool at_once = false;
    {
        const std::lock_guard turn(time_.mutex_);
        actor.mutex = lock.mutex();
        actor.changed = &changed;
        if (!actor.queued) time_.enqueue(actor, until_ms);
        if (actor.has_turn) {
            other = time_.next();
            at_once = other == &actor;
            actor.has_turn = at_once;
        }
    }
    if (at_once) return;
    VirtualTime::grant(other);
    changed.wait(lock);
    if (actor.has_turn) return;
    // Somebody else has woken it: its turn has not come.
    const std::lock_guard turn(time_.mutex_);
    if (actor.queued) time_.turns_.erase({actor.at_ms, actor.number, &actor});
    actor.queued = false;
}

void Process::sleep_ms(int64_t duration_ms) const {
    if (dead) throw SimulatedCrash{name};
    time_.pause(*self.actor, time_.now_ms() + std::max<int64_t>(duration_ms, 0));
    if (dead) throw SimulatedCrash{name};
}

void Process::await_thread() {
    std::unique_lock lock(time_.mutex_);
    ++threads_awaited_;
    time_.registered_.wait(lock, [&] { return threads_seen_ >= threads_awaited_; });
}

bool Process::is_main_thread() const {
    return self.actor && self.actor->main;
}

}  // namespace ft::simulation
