#pragma once
// The credentials in use: found once, renewed before they expire, shared by all clients of a session.
#include <memory>
#include <mutex>
#include <optional>

#include "aws/credentials.h"
#include "aws/http_send.h"
#include "aws/instance_metadata.h"
#include "aws/surroundings.h"

namespace ft::aws {

/// Any number of threads; while one renews them, the others wait for the result.
class CredentialChain {
  public:
    /// `metadata` may be null: then an instance's role is not asked for. `container_send` is for tests.
    CredentialChain(Surroundings surroundings, std::shared_ptr<InstanceMetadata> metadata,
                    HttpSend container_send = {});

    /// The first place that is set up: environment, container, profile, the instance's role. Valid for five more
    /// minutes, or, when they cannot be renewed just now, for as long as they last. Throws Error{permission} that says
    /// which places were tried and what to do, or the place's own error.
    Credentials get();

    /// A service called these expired: the next get() asks anew.
    void discard(const Credentials& refused);

  private:
    Credentials find();

    std::mutex mutex_;
    Surroundings surroundings_;
    std::shared_ptr<InstanceMetadata> metadata_;
    HttpSend container_send_;
    std::optional<Credentials> current_;
    TimePoint next_try_{};
};

}  // namespace ft::aws
