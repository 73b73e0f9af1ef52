#pragma once
// A form with one file (multipart/form-data) that is made while it is sent: the file never lies in memory.
#include <cstdint>
#include <istream>
#include <string>
#include <utility>
#include <vector>

#include "net/http_client.h"

namespace ft {

using FormFields = std::vector<std::pair<std::string, std::string>>;

/// One upload, on one thread.
class UploadForm {
  public:
    /// `file` (which outlives the form) stands at its first byte; `file_bytes` < 0: until its end, however far that is.
    /// `name` is what the recording is called, for the server and in errors.
    UploadForm(const FormFields& fields, const std::string& name, std::istream& file, int64_t file_bytes);
    /// Without a file.
    explicit UploadForm(const FormFields& fields);

    std::string content_type() const { return "multipart/form-data; boundary=" + boundary_; }
    /// As HttpRequest::upload wants it; the form outlives it. Reading throws Error{io} when the file cannot be read or
    /// has become shorter.
    HttpUpload upload();

  private:
    std::string end() const;
    size_t read(char* target, size_t room);
    size_t read_file(char* target, size_t room);

    const std::string boundary_;
    std::string name_;
    std::string text_;  // what comes before the file, then what comes behind it
    size_t text_sent_ = 0;
    std::istream* file_ = nullptr;
    int64_t file_bytes_ = 0, file_sent_ = 0;
    bool file_ended_ = false;
};

}  // namespace ft
