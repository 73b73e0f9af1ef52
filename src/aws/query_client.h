#pragma once
// The query protocols (EC2, CloudWatch, IAM): a form in, XML out.
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/service_client.h"
#include "aws/xml.h"

namespace ft::aws {

/// A form's fields in their order.
class QueryForm {
  public:
    QueryForm& add(std::string name, std::string_view value) {
        fields_.emplace_back(std::move(name), value);
        return *this;
    }
    /// Nothing for an empty value.
    QueryForm& add_if(std::string name, std::string_view value) {
        return value.empty() ? *this : add(std::move(name), value);
    }
    /// "name=value&…", encoded as forms are.
    std::string encoded() const;

  private:
    std::vector<std::pair<std::string, std::string>> fields_;
};

class QueryClient {
  public:
    /// `version` of the service's interface: "2016-11-15".
    QueryClient(std::shared_ptr<Session> session, Service service, std::string version);

    struct Call {
        std::string operation, about;
        bool repeatable = true;
        std::chrono::milliseconds timeout{60000};
    };
    /// The answer, whose root is called operation + "Response". Throws as ServiceClient::call, and AwsError{network}
    /// when the answer is something else.
    XmlElement call(const Call& call, const QueryForm& form);

  private:
    ServiceClient client_;
    std::string version_;
};

}  // namespace ft::aws
