#pragma once
// Amazon S3: objects whole, in ranges and in parts; lists; presigned addresses and forms.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/service_client.h"

namespace ft::aws {

struct ObjectInfo {
    uint64_t size = 0;
    std::string etag;        ///< with its quotes, as If-Match wants it
    std::string version_id;  ///< empty in buckets without versions
    std::string content_type;
    std::optional<TimePoint> last_modified;
    std::string checksum_sha256;                  ///< base64; "…-3" is of three parts; empty: none is kept
    std::map<std::string, std::string> metadata;  ///< x-amz-meta-NAME → value, names in lower case
};

struct PutOptions {
    std::string content_type = "application/octet-stream";
    std::map<std::string, std::string> metadata;
    bool only_if_absent = false;  ///< If-None-Match: *; when it is there: AwsError with code PreconditionFailed
    std::string if_match;         ///< an ETag; when another is there: the same error
};

struct ListedObject {
    std::string key, etag;
    uint64_t size = 0;
    std::optional<TimePoint> last_modified;
};

struct ListPage {
    std::vector<ListedObject> objects;
    std::string next;  ///< token of the next page; empty: this was the last
};

struct ListOptions {
    std::string after;  ///< only keys behind this one; empty: from the first. For the first page
    int limit = 1000;   ///< of a page, 1 … 1000
};

struct UploadPart {
    int number = 1;  ///< from 1
    std::string etag, checksum_sha256;
};

struct PresignedPost {
    std::string url;
    std::map<std::string, std::string> fields;  ///< all but "file", which must be the form's last
};

struct PostLimits {
    uint64_t shortest = 1, longest = 0;  ///< bytes of the file
    std::chrono::seconds expires{900};
    std::map<std::string, std::string> fields;  ///< further fields with exact values: Content-Type, x-amz-meta-…
};

/// One thread at a time. `version` empty: the current one. Failures: ServiceClient::call; a missing object is
/// Error{not_found}; one that has changed (If-Match) is AwsError with the code PreconditionFailed.
class S3Client {
  public:
    explicit S3Client(std::shared_ptr<Session> session);

    static constexpr uint64_t kSmallestPart = uint64_t{5} << 20;  ///< of a multipart upload, the last part aside
    static constexpr int kMostParts = 10000;
    static constexpr uint64_t kLargestRange = uint64_t{32} << 20;

    ObjectInfo head_object(const std::string& bucket, const std::string& key, const std::string& version = "");

    /// Bytes [first, first + length), fewer at the object's end. Only if its ETag is `etag` still (empty: whatever is
    /// there). Throws Error{network} when the answer is not these bytes, Error{invalid_argument} for more than
    /// kLargestRange.
    std::string get_range(const std::string& bucket, const std::string& key, uint64_t first, uint64_t length,
                          const std::string& etag, const std::string& version = "");

    /// All of it, checked against the checksum that S3 keeps, if it does. At most 32 MiB: larger ones in ranges.
    std::string get_object(const std::string& bucket, const std::string& key, const std::string& version = "");

    /// Its SHA-256 goes with it, and S3 refuses other bytes. `size` of the result is the body's.
    ObjectInfo put_object(const std::string& bucket, const std::string& key, std::string_view body,
                          const PutOptions& options = {});

    /// No error when there is none.
    void delete_object(const std::string& bucket, const std::string& key, const std::string& version = "");

    /// In the order of the keys' bytes; `token` is the page before's `next`.
    ListPage list_page(const std::string& bucket, const std::string& prefix, const std::string& token = "",
                       const ListOptions& options = {});
    /// All pages. `visit` returns false to end it.
    void list(const std::string& bucket, const std::string& prefix,
              const std::function<bool(const ListedObject&)>& visit);

    std::string create_multipart_upload(const std::string& bucket, const std::string& key,
                                        const PutOptions& options = {});
    UploadPart upload_part(const std::string& bucket, const std::string& key, const std::string& upload_id, int number,
                           std::string_view body);
    ObjectInfo complete_multipart_upload(const std::string& bucket, const std::string& key,
                                         const std::string& upload_id, const std::vector<UploadPart>& parts,
                                         const PutOptions& options = {});
    /// What was uploaded is dropped. No error when the upload is gone already.
    void abort_multipart_upload(const std::string& bucket, const std::string& key, const std::string& upload_id);

    /// Fills a buffer of at most `size` bytes; shorter than that only at the end.
    using Reader = std::function<std::string(size_t size)>;
    /// In one request when it fits into `part_size` (at least kSmallestPart), else in parts, which are dropped when
    /// anything fails. Throws what the reader throws.
    ObjectInfo upload(const std::string& bucket, const std::string& key, const Reader& read,
                      const PutOptions& options = {}, uint64_t part_size = uint64_t{16} << 20);

    /// An address under which anybody may read the object until it expires, or until the credentials do.
    /// `file_name` becomes the name under which browsers save it.
    std::string presign_get(const std::string& bucket, const std::string& key, std::chrono::seconds expires,
                            const std::string& file_name = "");

    /// A form with which anybody may upload exactly this key, of a size within the limits.
    PresignedPost presign_post(const std::string& bucket, const std::string& key, const PostLimits& limits);

  private:
    ServiceRequest request(const std::string& operation, const std::string& method, const std::string& bucket,
                           const std::string& key) const;
    bool in_host(const std::string& bucket) const;

    ServiceClient client_;
    bool amazons_own_;
};

}  // namespace ft::aws
