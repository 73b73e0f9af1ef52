#pragma once
// Objects in one bucket of S3, below a prefix.
#include <memory>
#include <string>

#include "aws/s3_client.h"
#include "jobs/aws/client_pool.h"
#include "jobs/object_store.h"

namespace ft {

struct S3Options {
    std::string bucket;
    std::string prefix;                       ///< before every key, e.g. "tenant/"; empty: none
    uint64_t part_size = uint64_t{16} << 20;  ///< what is longer goes up, and comes down, in parts of so many bytes
};

/// An object that is replaced while it is read gives the old bytes or the new ones, never some of both. Inputs may also
/// be "s3://<this bucket>/<any key>", with a version where the bucket has versions.
class S3ObjectStore : public ObjectStore {
  public:
    /// Asks nothing of AWS yet. Throws Error{invalid_argument} for a prefix that no key can begin with.
    S3ObjectStore(std::shared_ptr<aws::Session> session, S3Options options);

    std::unique_ptr<ObjectWriter> create(const std::string& key) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    std::string read(const std::string& key, int64_t offset, int64_t length) override;
    std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after, int limit) override;
    void remove(const std::string& key) override;
    std::unique_ptr<LocalCopy> fetch(const JobInput& input, const std::filesystem::path& scratch) override;

  private:
    friend class S3Writer;

    /// Work(S3Client&); what S3 says about the request becomes an error of the store.
    template <typename Work>
    auto call(const Work& work);
    std::optional<aws::ObjectInfo> head(const std::string& full_key, const std::string& version);
    std::string read_parts(const std::string& full_key, uint64_t first, uint64_t length);
    /// The key in the bucket; Error{unsupported} for other addresses.
    std::string key_of_input(const std::string& uri) const;

    S3Options options_;
    ClientPool<aws::S3Client> clients_;
};

}  // namespace ft
