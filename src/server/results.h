#pragma once
// The result of a job in every format, whole or in parts.
#include <string>
#include <vector>

#include "jobs/job_store.h"
#include "jobs/object_store.h"
#include "server/api.h"

namespace ft {

/// The formats that the job's result has been written in, in the order of known_formats().
std::vector<std::string> result_formats(const Job& job);

/// The content type of an output format, "srt" → "application/x-subrip; charset=utf-8".
std::string content_type_of(const std::string& format);

/// The object that holds the result in this format. Throws as read_result.
std::string result_key(const Job& job, const std::string& format);

/// The job's result, as it was written. Throws ApiRefusal: 409 while there is none, 400 for a format that is none.
std::string read_result(const Job& job, ObjectStore& objects, const std::string& format);

/// read_result as a reply, or the part of it that the request's Range asks for: one range of bytes; what is no such
/// range is passed over, as HTTP says.
ApiReply result_reply(const Job& job, ObjectStore& objects, const std::string& format, const std::string& range);

}  // namespace ft
