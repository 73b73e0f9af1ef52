#include "jobs/memory/faults.h"

namespace ft {

void Faults::set(int call, Fault fault, int repeat) {
    const std::lock_guard lock(mutex_);
    at_ = call;
    fault_ = fault;
    repeat_ = repeat;
}

void Faults::set(const std::string& name, Fault fault) {
    const std::lock_guard lock(mutex_);
    named_.emplace_back(name, fault);
}

void Faults::clear() {
    const std::lock_guard lock(mutex_);
    calls_.clear();
    named_.clear();
    at_ = -1;
}

std::vector<std::string> Faults::calls() const {
    const std::lock_guard lock(mutex_);
    return calls_;
}

Fault Faults::next(const char* name) {
    if (decide) return decide(name);
    const std::lock_guard lock(mutex_);
    const int number = static_cast<int>(calls_.size());
    calls_.emplace_back(name);
    for (const auto& [wanted, fault] : named_) {
        if (wanted == name) return fault;
    }
    return at_ >= 0 && number >= at_ && number < at_ + repeat_ ? fault_ : Fault::none;
}

void Faults::before(Fault fault, const char* name) {
    if (fault == Fault::dies_before) throw SimulatedCrash{name};
    if (fault == Fault::fails) throw Error(ErrorCode::network, "{}: the service did not answer", name);
}

void Faults::after(Fault fault, const char* name) {
    if (fault == Fault::dies_after) throw SimulatedCrash{name};
    if (fault == Fault::lost_reply) throw Error(ErrorCode::network, "{}: the answer was lost", name);
}

}  // namespace ft
