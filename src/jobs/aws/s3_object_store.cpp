#include "jobs/aws/s3_object_store.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "jobs/temporary_copy.h"

namespace ft {

namespace {

constexpr int most_restarts = 5;

int64_t wall_ms(const std::optional<aws::TimePoint>& time) {
    if (!time) return 0;
    return std::chrono::duration_cast<std::chrono::milliseconds>(time->time_since_epoch()).count();
}

/// S3's lists have quotes around an ETag, its messages have none: ours has none.
std::string bare(const std::string& etag) {
    return etag.size() >= 2 && etag.front() == '"' && etag.back() == '"' ? etag.substr(1, etag.size() - 2) : etag;
}

bool is_key(const std::string& key) {
    try {
        check_key(key);
        return true;
    } catch (const Error&) {
        return false;
    }
}

bool has_changed(const aws::AwsError& error) {
    return error.aws_code() == "PreconditionFailed";
}

/// What says something about the object, and not about the store.
bool is_answer(const aws::AwsError& error) {
    const std::string& code = error.aws_code();
    return code == "NoSuchKey" || code == "NotFound" || code == "NoSuchVersion" || code == "InvalidRange" ||
           has_changed(error);
}

/// Two attempts of one request at once, or of two writers of one key.
bool is_conflict(const aws::AwsError& error) {
    return error.aws_code() == "ConditionalRequestConflict" || error.aws_code() == "OperationAborted";
}

}  // namespace

template <typename Work>
auto S3ObjectStore::call(const Work& work) {
    try {
        return clients_.use(work);
    } catch (const aws::AwsError& error) {
        if (is_conflict(error)) throw Error(ErrorCode::network, error.what());
        const bool passing = error.code() == ErrorCode::network || error.code() == ErrorCode::permission;
        if (passing || is_answer(error)) throw;
        // "wrong argument" would be taken for the job's fault, a missing bucket or upload for a missing recording.
        throw Error(ErrorCode::io, error.what());
    }
}

/// Small objects go up in one request, when they are complete; longer ones in parts, as they come.
class S3Writer : public ObjectWriter {
  public:
    S3Writer(S3ObjectStore& store, std::string key)
        : store_(store), key_(std::move(key)), full_key_(store.options_.prefix + key_) {}

    ~S3Writer() override {
        if (upload_id_.empty()) return;
        try {
            store_.call([&](aws::S3Client& s3) { s3.abort_multipart_upload(bucket(), full_key_, upload_id_); });
        } catch (const std::exception& error) {
            spdlog::warn("the parts of an upload that was given up stay until the bucket's lifecycle removes them: {}",
                         error.what());
        }
    }

    void append(std::span<const std::byte> bytes) override {
        waiting_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        const size_t part = store_.options_.part_size;
        while (waiting_.size() > part) {
            send_part(std::string_view(waiting_).substr(0, part));
            waiting_.erase(0, part);
        }
    }

    ObjectInfo commit() override {
        // S3 counts from the beginning of an upload, in whole seconds.
        if (upload_id_.empty()) begin();
        const aws::ObjectInfo done = upload_id_.empty() ? put() : complete();
        upload_id_.clear();
        return {key_, size_ + static_cast<int64_t>(waiting_.size()), bare(done.etag), began_ms_};
    }

  private:
    const std::string& bucket() const { return store_.options_.bucket; }

    void begin() { began_ms_ = wall_ms(store_.clients_.session()->now()) / 1000 * 1000; }

    void send_part(std::string_view bytes) {
        if (upload_id_.empty()) {
            begin();
            upload_id_ =
                store_.call([&](aws::S3Client& s3) { return s3.create_multipart_upload(bucket(), full_key_); });
        }
        const int number = static_cast<int>(parts_.size()) + 1;
        parts_.push_back(store_.call(
            [&](aws::S3Client& s3) { return s3.upload_part(bucket(), full_key_, upload_id_, number, bytes); }));
        size_ += static_cast<int64_t>(bytes.size());
    }

    aws::ObjectInfo put() {
        return store_.call([&](aws::S3Client& s3) { return s3.put_object(bucket(), full_key_, waiting_); });
    }

    aws::ObjectInfo complete() {
        send_part(waiting_);
        waiting_.clear();
        return store_.call(
            [&](aws::S3Client& s3) { return s3.complete_multipart_upload(bucket(), full_key_, upload_id_, parts_); });
    }

    S3ObjectStore& store_;
    std::string key_, full_key_, waiting_, upload_id_;
    std::vector<aws::UploadPart> parts_;
    int64_t size_ = 0, began_ms_ = 0;
};

S3ObjectStore::S3ObjectStore(std::shared_ptr<aws::Session> session, S3Options options)
    : options_(std::move(options)), clients_(std::move(session)) {
    check_prefix(options_.prefix);
    options_.part_size = std::clamp(options_.part_size, aws::S3Client::kSmallestPart, aws::S3Client::kLargestRange);
}

std::unique_ptr<ObjectWriter> S3ObjectStore::create(const std::string& key) {
    check_key(key);
    return std::make_unique<S3Writer>(*this, key);
}

std::optional<aws::ObjectInfo> S3ObjectStore::head(const std::string& full_key, const std::string& version) {
    try {
        return call([&](aws::S3Client& s3) { return s3.head_object(options_.bucket, full_key, version); });
    } catch (const Error& error) {
        if (error.code() != ErrorCode::not_found) throw;
    }
    // The answer to HEAD has no body to say whether it is the bucket that is missing; the answer to this has.
    call([&](aws::S3Client& s3) { return s3.list_page(options_.bucket, full_key, "", {"", 1}); });
    return std::nullopt;
}

std::optional<ObjectInfo> S3ObjectStore::stat(const std::string& key) {
    check_key(key);
    const auto found = head(options_.prefix + key, "");
    if (!found) return std::nullopt;
    return ObjectInfo{key, static_cast<int64_t>(found->size), bare(found->etag), wall_ms(found->last_modified)};
}

std::string S3ObjectStore::read(const std::string& key, int64_t offset, int64_t length) {
    check_key(key);
    if (offset < 0 || length < 0)
        throw Error(ErrorCode::invalid_argument, "{}: a range begins and ends at 0 or later", key);
    const std::string full_key = options_.prefix + key;
    const auto first = static_cast<uint64_t>(offset), wanted = static_cast<uint64_t>(length);
    try {
        if (wanted > options_.part_size) return read_parts(full_key, first, wanted);
        // Nothing is asked for by one byte, as S3 knows no empty range.
        std::string bytes = call([&](aws::S3Client& s3) {
            return s3.get_range(options_.bucket, full_key, first, std::max<uint64_t>(wanted, 1), "");
        });
        bytes.resize(std::min<size_t>(bytes.size(), wanted));
        return bytes;
    } catch (const aws::AwsError& error) {
        if (error.aws_code() == "InvalidRange") return {};
        if (error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::not_found, "{}: there is no such object", key);
    }
}

std::string S3ObjectStore::read_parts(const std::string& full_key, uint64_t first, uint64_t length) {
    for (int restarts = 0;; ++restarts) {
        try {
            return call([&](aws::S3Client& s3) {
                const aws::ObjectInfo whole = s3.head_object(options_.bucket, full_key);
                const uint64_t end = first < whole.size ? first + std::min(length, whole.size - first) : first;
                std::string bytes;
                for (uint64_t at = first; at < end; at += options_.part_size)
                    bytes +=
                        s3.get_range(options_.bucket, full_key, at, std::min(options_.part_size, end - at), whole.etag);
                return bytes;
            });
        } catch (const aws::AwsError& error) {
            // Replaced meanwhile: the new one, then, from its beginning.
            if (!has_changed(error)) throw;
            if (restarts >= most_restarts)
                throw Error(ErrorCode::network, "s3://{}/{}: is replaced again and again; try again later",
                            options_.bucket, full_key);
        }
    }
}

std::vector<ObjectInfo> S3ObjectStore::list(const std::string& prefix, const std::string& after, int limit) {
    check_prefix(prefix);
    const size_t wanted = static_cast<size_t>(std::max(limit, 0));
    std::vector<ObjectInfo> found;
    aws::ListOptions from;
    if (!after.empty()) from.after = options_.prefix + after;
    std::string token;
    while (found.size() < wanted) {
        from.limit = static_cast<int>(std::min<size_t>(wanted - found.size(), 1000));
        const aws::ListPage page = call(
            [&](aws::S3Client& s3) { return s3.list_page(options_.bucket, options_.prefix + prefix, token, from); });
        for (const aws::ListedObject& object : page.objects) {
            std::string key = object.key.substr(std::min(object.key.size(), options_.prefix.size()));
            // Folders' marks, and what others have put there.
            if (!is_key(key)) continue;
            found.push_back(
                {std::move(key), static_cast<int64_t>(object.size), bare(object.etag), wall_ms(object.last_modified)});
        }
        token = page.next;
        if (token.empty()) break;
    }
    return found;
}

void S3ObjectStore::remove(const std::string& key) {
    check_key(key);
    call([&](aws::S3Client& s3) { s3.delete_object(options_.bucket, options_.prefix + key); });
}

std::string S3ObjectStore::key_of_input(const std::string& uri) const {
    if (const auto key = key_of_uri(uri)) {
        check_key(*key);
        return options_.prefix + *key;
    }
    const std::string ours = "s3://" + options_.bucket + "/";
    if (uri.size() > ours.size() && uri.compare(0, ours.size(), ours) == 0) return uri.substr(ours.size());
    throw Error(ErrorCode::unsupported, "{}: this store reads its own bucket only (object:<key>, {}<key>)", uri, ours);
}

std::unique_ptr<LocalCopy> S3ObjectStore::fetch(const JobInput& input, const std::filesystem::path& scratch) {
    const std::string full_key = key_of_input(input.uri);
    const auto found = head(full_key, input.version);
    if (!found) throw Error(ErrorCode::not_found, "{}: the recording is no longer there; submit it again", input.uri);
    JobInput wanted = input;
    wanted.etag = bare(input.etag);
    check_same_object(wanted, {full_key, static_cast<int64_t>(found->size), bare(found->etag), 0});
    auto copy = std::make_unique<TemporaryCopy>(scratch);
    try {
        for (uint64_t at = 0; at < found->size; at += options_.part_size) {
            copy->append(call([&](aws::S3Client& s3) {
                const uint64_t length = std::min(options_.part_size, found->size - at);
                return s3.get_range(options_.bucket, full_key, at, length, found->etag, input.version);
            }));
        }
    } catch (const aws::AwsError& error) {
        if (!has_changed(error) && error.code() != ErrorCode::not_found) throw;
        throw Error(ErrorCode::not_found,
                    "{}: the recording was replaced or deleted while it was read; submit it again", input.uri);
    }
    return copy;
}

}  // namespace ft
