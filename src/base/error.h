#pragma once
// The one exception type of the engine: a code that decides what happens next, and one sentence for the user.
#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace ft {

enum class ErrorCode {
    invalid_argument,  ///< The caller asked for something that makes no sense (exit code 2, HTTP 400).
    bad_media,         ///< The audio cannot be decoded: empty, no audio track, random bytes. Never worth a retry.
    bad_model,         ///< A model file is damaged, incomplete or of an unknown kind.
    not_found,         ///< A file, a model or a revision does not exist.
    permission,        ///< A file or a repository may not be read or written.
    network,           ///< The other side did not answer, or broke off. Worth a retry.
    io,                ///< Reading or writing a local file failed (device error, damaged file).
    disk_full,      ///< No room is left for what is to be written (disk, quota, limit on files). Worth a retry later.
    out_of_memory,  ///< Neither the machine nor the device has room.
    device_lost,    ///< The GPU broke off, and this process cannot use it any more: a new one may.
    unsupported,    ///< This build or this machine cannot do it (no such device, instruction set, format).
    cancelled,      ///< Somebody asked to stop.
    internal,       ///< A bug: an invariant of ours is broken.
};

/// The code's name as it stands in results and logs, e.g. "bad_media".
std::string_view to_string(ErrorCode code);

/// What went wrong, where, and what to do, in one sentence; caught once, in main and in the worker.
class Error : public std::runtime_error {
  public:
    Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}
    template <typename... Args>
    Error(ErrorCode code, fmt::format_string<Args...> format, Args&&... args)
        : Error(code, fmt::format(format, std::forward<Args>(args)...)) {}

    ErrorCode code() const { return code_; }

  private:
    ErrorCode code_;
};

}  // namespace ft
