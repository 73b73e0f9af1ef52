#pragma once
// What the functions ask of EC2 and of the bucket of recordings, so that tests and the simulator can answer instead.
// (Jobs, results and messages they reach by the seams of src/jobs.)
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "aws/ec2_client.h"
#include "cloud/reap_policy.h"
#include "jobs/job.h"

namespace ft::cloud {

/// Machines of one stack. Threads: one at a time. Failures: Error, AwsError where EC2 said why; of a launch then
/// ErrorCode::network means that nobody knows whether it took place.
class Machines {
  public:
    virtual ~Machines() = default;
    /// May be repeated: equal requests launch once.
    virtual aws::FleetResult launch(const aws::FleetRequest& request) = 0;
    /// All workers of the stack, also what was terminated a short while ago. May be some moments behind.
    virtual std::vector<Machine> list() = 0;
    /// No error when it is gone already.
    virtual void terminate(const std::string& machine_id) = 0;
};

struct UploadInfo {
    std::string key;
    int64_t size_bytes = 0;
    std::string etag;     ///< without quotes
    std::string version;  ///< empty where the bucket has none, and in lists
    int64_t modified_ms = 0;
};

/// Recordings in the bucket, under keys that users chose. Threads: one at a time. Failures: Error; what is not there is
/// nothing.
class Uploads {
  public:
    virtual ~Uploads() = default;
    /// `version` empty: the current one.
    virtual std::optional<UploadInfo> head(const std::string& key, const std::string& version) = 0;
    /// In the order of the keys' bytes, those behind `after` (empty: from the first), without versions.
    virtual std::vector<UploadInfo> list(const std::string& prefix, const std::string& after, int limit) = 0;
    /// A small text, of a key of ours.
    virtual std::optional<std::string> read_text(const std::string& key) = 0;
    /// What JobInput::uri says of this key, and back; nothing for an input that lies elsewhere.
    virtual std::string uri_of(const std::string& key) const = 0;
    virtual std::optional<std::string> key_of(const std::string& uri) const = 0;
    /// For the id of a job.
    virtual const std::string& bucket() const = 0;
};

struct UploadForm {
    std::string url;
    std::map<std::string, std::string> fields;  ///< all but "file", which must be the form's last
};

/// Addresses that open one object for a while. Nothing is sent. Threads: one at a time.
class Links {
  public:
    virtual ~Links() = default;
    /// A form that takes exactly this key, and a file of 1 to `longest` bytes.
    virtual UploadForm upload(const std::string& key, int64_t longest) = 0;
    virtual std::string download(const std::string& key, const std::string& file_name) = 0;
};

}  // namespace ft::cloud
