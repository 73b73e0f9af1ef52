#pragma once
// A server of ours on AWS: where it is, and requests signed with the caller's own AWS credentials.
#include <functional>
#include <memory>
#include <string>

#include "aws/session.h"
#include "net/http_client.h"

namespace ft {

/// Where the stack's API is.
struct CloudAddress {
    std::string url;     ///< ends with /v1
    std::string region;  ///< empty: as AWS's tools are configured
};

/// `server` (--server; may be empty), else $FT_CLOUD_URL, else what deploy/aws/setup_infrastructure.sh has written to
/// ~/.config/fast-transcribe/cloud.json. Throws Error{invalid_argument} that says how to name it when none does.
CloudAddress find_cloud(const std::string& server, const std::function<std::string(const char* name)>& variable);

/// Signs requests to API Gateway (service execute-api). One thread.
class CloudSigner {
  public:
    /// `variable` as for find_cloud; credentials come from where AWS's tools look for them (docs/aws.md).
    CloudSigner(const CloudAddress& address, const std::function<std::string(const char* name)>& variable);

    /// Adds the headers of the signature, over method, address and body. Throws Error{permission} when there are no
    /// credentials.
    void sign(HttpRequest& request);
    /// After an answer that refused a signature: true when its Date says that our clock is wrong, which later
    /// signatures make up for.
    bool correct_clock(const HttpResponse& response);

  private:
    std::shared_ptr<aws::Session> session_;
};

}  // namespace ft
