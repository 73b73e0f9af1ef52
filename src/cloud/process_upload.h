#pragma once
// TranscriptionProcessUpload: a batch of SQS messages, each an event of S3, becomes jobs; then machines are asked for.
#include <string>
#include <string_view>

#include "cloud/intake.h"
#include "cloud/launcher.h"

namespace ft::cloud {

/// `payload`: SQS's batch. The answer names the messages that are to come again (ReportBatchItemFailures): those whose
/// objects could not be looked at, and all when no machine could be asked for. What is no event of S3's is logged, by
/// its length only, and passed over: it would never become one. Throws Error{invalid_argument} for what is no batch.
std::string process_uploads(const IntakeParts& parts, Launcher& launcher, std::string_view payload);

}  // namespace ft::cloud
