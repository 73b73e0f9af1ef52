#pragma once
// Clients of one service, each for one thread at a time, for callers of any thread.
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "aws/session.h"

namespace ft {

template <typename Client>
class ClientPool {
  public:
    explicit ClientPool(std::shared_ptr<aws::Session> session) : session_(std::move(session)) {}

    /// Calls `work` with a client that nobody else has meanwhile; there are as many as calls at once.
    template <typename Work>
    auto use(const Work& work) {
        const Borrowed borrowed(*this);
        return work(*borrowed.client);
    }

    const std::shared_ptr<aws::Session>& session() const { return session_; }

  private:
    struct Borrowed {
        explicit Borrowed(ClientPool& owner) : pool(owner), client(owner.take()) {}
        ~Borrowed() {
            const std::lock_guard lock(pool.mutex_);
            pool.idle_.push_back(std::move(client));
        }
        Borrowed(const Borrowed&) = delete;
        Borrowed& operator=(const Borrowed&) = delete;

        ClientPool& pool;
        std::unique_ptr<Client> client;
    };

    std::unique_ptr<Client> take() {
        {
            const std::lock_guard lock(mutex_);
            if (!idle_.empty()) {
                auto client = std::move(idle_.back());
                idle_.pop_back();
                return client;
            }
        }
        return std::make_unique<Client>(session_);
    }

    std::shared_ptr<aws::Session> session_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<Client>> idle_;
};

}  // namespace ft
