#include "upload_form.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/error.h"
#include "base/random_bytes.h"
#include "base/text.h"
#include "base/utf8.h"

namespace ft {

namespace {

std::string make_boundary() {
    const std::string bytes = random_bytes(16);
    return "form-" + to_hex(std::as_bytes(std::span(bytes)));
}

/// Names in quotes may hold everything but quotes and line ends, which are written as browsers do.
std::string quoted(const std::string& name) {
    std::string text;
    for (const char c : name) {
        if (c == '"' || c == '\r' || c == '\n' || c == '\\')
            text += percent_encode(std::string(1, c));
        else
            text += c;
    }
    return "\"" + text + "\"";
}

}  // namespace

UploadForm::UploadForm(const FormFields& fields) : boundary_(make_boundary()) {
    for (const auto& [field, value] : fields) {
        text_ += "--" + boundary_ + "\r\nContent-Disposition: form-data; name=" + quoted(field) + "\r\n\r\n" + value +
                 "\r\n";
    }
}

UploadForm::UploadForm(const FormFields& fields, const std::string& name, std::istream& file, int64_t file_bytes)
    : UploadForm(fields) {
    name_ = name;
    file_ = &file;
    file_bytes_ = file_bytes;
    const std::string shown = valid_utf8(name);
    text_ += "--" + boundary_ + "\r\nContent-Disposition: form-data; name=\"file\"; filename=" + quoted(shown) +
             "; filename*=utf-8''" + percent_encode(shown) + "\r\nContent-Type: application/octet-stream\r\n\r\n";
}

/// Fields bring their line ends, a file does not.
std::string UploadForm::end() const {
    return std::string(file_ == nullptr ? "" : "\r\n") + "--" + boundary_ + "--\r\n";
}

HttpUpload UploadForm::upload() {
    HttpUpload upload;
    if (file_bytes_ >= 0) upload.bytes = static_cast<int64_t>(text_.size() + end().size()) + file_bytes_;
    upload.read = [this](char* target, size_t room) { return read(target, room); };
    return upload;
}

/// The file's next bytes; none at its end.
size_t UploadForm::read_file(char* target, size_t room) {
    if (file_ == nullptr) return 0;
    const auto most = static_cast<int64_t>(room);
    const int64_t left = file_bytes_ < 0 ? most : file_bytes_ - file_sent_;
    file_->read(target, std::min(most, left));
    const int64_t got = file_->gcount();
    file_sent_ += got;
    if (got == 0 && file_->bad()) throw Error(ErrorCode::io, "{}: cannot be read to its end", name_);
    if (got == 0 && left > 0 && file_bytes_ >= 0)
        throw Error(ErrorCode::io, "{}: has become shorter while it was being sent", name_);
    return static_cast<size_t>(got);
}

size_t UploadForm::read(char* target, size_t room) {
    if (text_sent_ == text_.size() && !file_ended_) {
        const size_t got = read_file(target, room);
        if (got > 0) return got;
        file_ended_ = true;
        text_ = end();
        text_sent_ = 0;
    }
    const size_t count = std::min(room, text_.size() - text_sent_);
    std::memcpy(target, text_.data() + text_sent_, count);
    text_sent_ += count;
    return count;
}

}  // namespace ft
