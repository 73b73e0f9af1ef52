#pragma once
// What the key of an object below transcription_upload/ means: whose recording it is, and who wants to be told.
#include <optional>
#include <string>
#include <string_view>

namespace ft::cloud {

inline constexpr std::string_view upload_prefix = "transcription_upload/";

struct UploadKey {
    std::string name;    ///< for people: the last part
    std::string job_id;  ///< transcription_upload/api/<job id>/<name>: the job was made before the upload
    std::string
        callback_id;  ///< transcription_upload/<callback id>/<name>; whether it is registered is another question
};

/// `key` as S3 has it, decoded. Nothing: no recording (another prefix, a folder's mark, no name). Below more folders,
/// or below one whose name cannot be a callback's id, a recording is one without a callback.
std::optional<UploadKey> parse_upload_key(std::string_view key);

std::string api_upload_key(const std::string& job_id, const std::string& name);
/// Where a callback is registered: callbacks/<id>.json
std::string callback_key(const std::string& callback_id);

/// What a user called a file, as the last part of a key: no control characters, no slash, at most 200 bytes of UTF-8.
std::string key_name(std::string_view file_name);

}  // namespace ft::cloud
