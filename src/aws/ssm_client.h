#pragma once
// Parameters of AWS Systems Manager.
#include <memory>
#include <optional>
#include <string>

#include "aws/session.h"

namespace ft::aws {

struct Parameter {
    std::string value;
    int64_t version = 0;
};

/// One thread at a time. Failures: ServiceClient::call.
class SsmClient {
  public:
    explicit SsmClient(std::shared_ptr<Session> session);
    ~SsmClient();
    SsmClient(SsmClient&&) noexcept;

    /// Decrypted; nothing when there is no such parameter.
    std::optional<Parameter> get_parameter(const std::string& name);
    /// Overwrites. `type`: "String", "SecureString", "StringList". The new version.
    int64_t put_parameter(const std::string& name, const std::string& value, const std::string& type = "String");

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace ft::aws
