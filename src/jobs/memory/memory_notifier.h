#pragma once
// A receiver in memory: for tests.
#include <functional>
#include <mutex>
#include <vector>

#include "jobs/notifier.h"

namespace ft {

class MemoryNotifier : public Notifier {
  public:
    /// What it answers; without one, everything is delivered.
    std::function<Delivery(const OutboxEvent&)> answer;

    Delivery deliver(const OutboxEvent& event) override {
        const std::lock_guard lock(mutex_);
        received_.push_back(event);
        return answer ? answer(event) : Delivery{Delivery::Verdict::delivered, 200, {}, ""};
    }
    std::vector<OutboxEvent> received() const {
        const std::lock_guard lock(mutex_);
        return received_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<OutboxEvent> received_;
};

}  // namespace ft
