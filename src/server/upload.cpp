#include "server/upload.h"

#include <span>

#include "base/sha256.h"
#include "base/utf8.h"
#include "server/multipart.h"

namespace ft {

namespace {

/// "C:\talks\monday.mp3" → "monday.mp3"; never longer than 255 bytes, without control characters.
std::string file_name(const std::string& given) {
    const size_t slash = given.find_last_of("/\\");
    std::string name = valid_utf8(slash == std::string::npos ? given : given.substr(slash + 1));
    for (char& c : name) {
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
    }
    return name.size() <= 255 ? name : valid_utf8(name.substr(0, 252));
}

[[noreturn]] void too_long(const std::string& what, int64_t limit) {
    throw ApiRefusal(413, "too_long", fmt::format("{} more than the {} bytes that this server takes", what, limit));
}

class Receiver : public PartSink {
  public:
    Receiver(ObjectStore& objects, std::string key, const UploadLimits& limits)
        : objects_(objects), key_(std::move(key)), limits_(limits) {}

    void begin_part(const PartHead& head) override {
        name_ = valid_utf8(head.name);
        in_file_ = head.filename.has_value();
        value_.clear();
        if (!in_file_) return;
        if (upload_.file)
            throw ApiRefusal(400, "invalid_argument", "the form has two files; send one request for each");
        upload_.file = UploadedFile{file_name(*head.filename), "", {}};
        writer_ = objects_.create(key_);
    }

    void part_bytes(std::string_view bytes) override {
        if (!in_file_) {
            if ((fields_bytes_ += bytes.size()) > limits_.longest_fields)
                too_long("the form's fields have", static_cast<int64_t>(limits_.longest_fields));
            value_ += bytes;
            return;
        }
        if ((file_bytes_ += static_cast<int64_t>(bytes.size())) > limits_.longest_file)
            too_long("the file has", limits_.longest_file);
        const auto raw = std::as_bytes(std::span(bytes));
        digest_.update(raw);
        writer_->append(raw);
    }

    void end_part() override {
        if (in_file_) return;
        if ((name_ + value_).find('\0') != std::string::npos)
            throw ApiRefusal(400, "invalid_argument", "a field of the form has a zero byte in it");
        upload_.fields[name_] = value_;
        upload_.lists[name_].insert(value_);
    }

    /// After the form's end: only a whole one leaves an object.
    Upload finish() {
        if (!upload_.file) return std::move(upload_);
        if (file_bytes_ == 0) throw ApiRefusal(400, "bad_media", "the file is empty");
        upload_.file->sha256 = digest_.hex_digest();
        upload_.file->object = writer_->commit();
        return std::move(upload_);
    }

  private:
    ObjectStore& objects_;
    const std::string key_;
    const UploadLimits limits_;
    Upload upload_;
    std::string name_, value_;
    bool in_file_ = false;
    size_t fields_bytes_ = 0;
    int64_t file_bytes_ = 0;
    Sha256 digest_;
    std::unique_ptr<ObjectWriter> writer_;
};

}  // namespace

Upload receive_upload(const ApiRequest& request, ObjectStore& objects, const std::string& key,
                      const UploadLimits& limits) {
    const std::string boundary = multipart_boundary(request.header("content-type"));
    // Heads of parts and boundaries come on top of what is counted.
    constexpr int64_t form_bytes = int64_t{MultipartParser::longest_head} * 2 * MultipartParser::most_parts;
    if (request.body_bytes > limits.longest_file + static_cast<int64_t>(limits.longest_fields) + form_bytes)
        too_long("the file has", limits.longest_file);
    Receiver receiver(objects, key, limits);
    MultipartParser parser(boundary, receiver);
    request.read_body([&](std::string_view bytes) { parser.push(bytes); });
    parser.finish();
    return receiver.finish();
}

}  // namespace ft
