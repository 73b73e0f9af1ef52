#pragma once
// What a client asks for at POST /jobs → a NewJob.
#include <string>

#include "jobs/job.h"
#include "net/address_check.h"
#include "server/upload.h"
#include "transcriber/options.h"

namespace ft {

/// What decides whether a request is acceptable.
struct JobRules {
    OptionsDraft defaults;        ///< for options that a job does not give
    AddressPolicy urls;           ///< of audio
    AddressPolicy callbacks;      ///< of callback.url
    bool signs_webhooks = false;  ///< the server has a secret of its own
};

/// A form: the file or a field `audio` with an address; options, callback, metadata as JSON; options also as fields of
/// their own. Throws Error{invalid_argument} with a sentence on what is wrong.
NewJob job_of_form(const Upload& upload, const std::string& job_id, const JobRules& rules);

/// {"audio": {"url", "name"}, "options": {…}, "callback": {"url", "secret" or "secrets", "types"}, "metadata": …}
NewJob job_of_json(const std::string& text, const std::string& job_id, const JobRules& rules);

/// A recording that is still to come: {"name", "size_bytes", "options", "callback", "metadata"}. Its input has a name
/// and a size, and no address yet. Throws Error{invalid_argument}, also for more than `longest_bytes`.
NewJob job_of_upload(const std::string& text, const std::string& job_id, const JobRules& rules, int64_t longest_bytes);

/// {"url", "secret" or "secrets", "types"}
JobCallback callback_of_json(const std::string& text, const JobRules& rules);

}  // namespace ft
