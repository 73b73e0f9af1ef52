#pragma once
// The three functions, put together from the clients of AWS: what the program of apps/lambda runs.
#include <memory>
#include <string>

#include "aws/lambda_runtime.h"
#include "aws/session.h"
#include "cloud/settings.h"

namespace ft::cloud {

/// `name`: TranscriptionApi, TranscriptionProcessUpload or TranscriptionReaper (what stands in front of a dot of
/// _HANDLER counts). Asks nothing of AWS before the first event. Throws Error{invalid_argument} for another name.
aws::LambdaHandler make_function(const std::string& name, std::shared_ptr<aws::Session> session,
                                 const CloudSettings& settings);

}  // namespace ft::cloud
