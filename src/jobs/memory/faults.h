#pragma once
// Fault switches: a call of a store fails, or its process dies, before or after it has done its work.
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace ft {

/// Thrown where the process would have died. No std::exception, so that nobody handles it by mistake.
struct SimulatedCrash {
    std::string where;
};

enum class Fault {
    none,
    fails,       ///< Error{network}, nothing done
    lost_reply,  ///< done, then Error{network}
    dies_before,
    dies_after,
};

/// Counts the calls of everything that was given it. Threads: any.
class Faults {
  public:
    /// Instead of the switches: decides about each call, and is told when it has done its work (not when it threw).
    /// Set before the first call.
    std::function<Fault(const char* name)> decide;
    std::function<void(const char* name)> done;

    /// Call number `call` (from 0) has the fault, and with `repeat` more than 1 as many after it.
    void set(int call, Fault fault, int repeat = 1);
    /// Every call of this name has the fault, e.g. "renew".
    void set(const std::string& name, Fault fault);
    void clear();
    /// Names of all calls so far.
    std::vector<std::string> calls() const;

    template <typename Function>
    auto around(const char* name, const Function& function) {
        const Fault fault = next(name);
        before(fault, name);
        if constexpr (std::is_void_v<decltype(function())>) {
            function();
            if (done) done(name);
            after(fault, name);
        } else {
            auto result = function();
            if (done) done(name);
            after(fault, name);
            return result;
        }
    }

  private:
    Fault next(const char* name);
    static void before(Fault fault, const char* name);
    static void after(Fault fault, const char* name);

    mutable std::mutex mutex_;
    std::vector<std::string> calls_;
    int at_ = -1, repeat_ = 0;
    Fault fault_ = Fault::none;
    std::vector<std::pair<std::string, Fault>> named_;
};

}  // namespace ft
