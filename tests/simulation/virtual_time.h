#pragma once
// Threads that run one at a time, in an order that virtual time alone decides: whoever waits gives the turn to the one
// that wakes first. So one seed is one course of events.
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <semaphore>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "base/clock.h"

namespace ft::simulation {

class VirtualTime;
struct Actor;

/// A process of some machine: its main thread, and those that it starts and that wait on its clock (lease keepers).
class Process : public Clock {
  public:
    Process(VirtualTime& time, std::string name) : name(std::move(name)), time_(time) {}

    const std::string name;
    bool dead = false;            ///< its main thread ends at its next step, its other threads do nothing more
    int64_t frozen_until_ms = 0;  ///< SIGSTOP: nothing of it runs before that

    int64_t wall_ms() const override;
    /// A thread that is not known yet becomes one of this process and waits for its turn.
    int64_t boot_ms() const override;
    void wait(std::unique_lock<std::mutex>& lock, std::condition_variable& changed, int64_t until_ms) const override;
    /// Throws SimulatedCrash in a process that has died meanwhile.
    void sleep_ms(int64_t duration_ms) const override;

    /// Waits, in real time, until a thread that has just been started has come to its first wait.
    void await_thread();
    /// Whether the caller is the thread that spawn() has started.
    bool is_main_thread() const;

  private:
    friend class VirtualTime;
    VirtualTime& time_;
    mutable int threads_seen_ = 0;
    int threads_awaited_ = 0;
};

class VirtualTime {
  public:
    static constexpr int64_t begin_ms = 1700000000000;
    VirtualTime() = default;
    /// Every thread must have ended.
    ~VirtualTime();

    int64_t now_ms() const { return now_ms_; }
    /// A new thread, whose turn comes at `at_ms`. What it throws as SimulatedCrash ends it. `process` outlives it.
    void spawn(int64_t at_ms, Process& process, std::function<void()> body);
    /// Gives the turn away until all threads have ended, or only such are left whose turn is after `until_ms`.
    void run(int64_t until_ms);
    /// kill -9: the main thread's turn comes at once, and is its last.
    void kill(Process& process);
    void freeze(Process& process, int64_t until_ms);

  private:
    friend class Process;
    using Turn = std::tuple<int64_t, int64_t, Actor*>;

    Actor& become_actor(const Process& process);
    void enqueue(Actor& actor, int64_t at_ms);
    void leave(Actor& actor);
    void pause(Actor& actor, int64_t until_ms);
    Actor* next();
    static void grant(Actor* actor);
    void pass_on();
    void move(const Process& process, const std::function<int64_t(int64_t)>& to);

    std::mutex mutex_;
    std::condition_variable registered_, idle_;
    int64_t now_ms_ = begin_ms, until_ms_ = 0, numbers_ = 0;
    bool driver_runs_ = true;
    std::set<Turn> turns_;
    std::list<std::thread> threads_;
};

}  // namespace ft::simulation
