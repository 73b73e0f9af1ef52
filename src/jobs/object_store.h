#pragma once
// THE DEPLOYMENT SEAM, part 2: where bytes live (memory | files | S3): inputs, checkpoints, results.
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/job.h"

namespace ft {

struct ObjectInfo {
    std::string key;
    int64_t size_bytes = 0;
    std::string etag;  ///< changes with the content; opaque
    int64_t modified_ms = 0;
};

/// An object on its way, for one thread. Nothing is seen under the key before commit(); the destructor without commit()
/// leaves nothing behind.
class ObjectWriter {
  public:
    virtual ~ObjectWriter() = default;
    virtual void append(std::span<const std::byte> bytes) = 0;
    /// Replaces what was there. Durable when it returns.
    virtual ObjectInfo commit() = 0;
};

/// An object as a file of this machine, for as long as this lives.
class LocalCopy {
  public:
    virtual ~LocalCopy() = default;
    virtual const std::filesystem::path& path() const = 0;
};

/// Threads: every function may be called by any thread at once, and by any number of processes.
/// Failure: Error{not_found} where nothing is under the key, Error{invalid_argument} for a key that is none
/// (check_key), Error{network, io, permission} else. Every function may be repeated. A reader sees a whole object, the
/// old or the new.
class ObjectStore {
  public:
    virtual ~ObjectStore() = default;

    virtual std::unique_ptr<ObjectWriter> create(const std::string& key) = 0;
    virtual std::optional<ObjectInfo> stat(const std::string& key) = 0;
    /// Bytes [offset, offset + length) as far as they exist; empty past the end.
    virtual std::string read(const std::string& key, int64_t offset, int64_t length) = 0;
    /// Keys that begin with `prefix`, in the order of their bytes, after `after` (empty: from the first), at most
    /// `limit`.
    virtual std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after, int limit) = 0;
    /// Nothing there is fine.
    virtual void remove(const std::string& key) = 0;
    /// The input as a file; `scratch` is a folder for what must be downloaded. Throws Error{not_found} when the object
    /// is gone or is no longer the one that the job was made for (size, etag), Error{unsupported} for an address that
    /// this store does not know.
    virtual std::unique_ptr<LocalCopy> fetch(const JobInput& input, const std::filesystem::path& scratch) = 0;

    /// In one go.
    ObjectInfo put(const std::string& key, std::string_view content);
    std::string get(const std::string& key);
    /// Every object whose key begins with it; returns how many.
    int64_t remove_all(const std::string& prefix);
};

/// Keys are parts of letters, digits, '.', '_', '=', '-', divided by '/'; no part begins with '.', none is empty; at
/// most 512 bytes. So no key leaves the folder that it is meant for. Throws Error{invalid_argument}.
void check_key(std::string_view key);
/// What a prefix may be: the beginning of a key.
void check_prefix(std::string_view prefix);

/// Where things lie.
std::string input_key(const std::string& job_id);                     ///< inputs/<job>/audio
std::string result_prefix(const std::string& job_id, int64_t fence);  ///< results/<job>/<fence>/
std::string result_file(const std::string& format);                   ///< below it: transcript.<extension>
std::string checkpoint_prefix(const std::string& job_id);             ///< checkpoints/<job>/
/// "object:<key>" → key; nothing for other schemes.
std::optional<std::string> key_of_uri(std::string_view uri);
/// Throws Error{not_found} unless the object is the one that the job was made for.
void check_same_object(const JobInput& input, const ObjectInfo& found);

}  // namespace ft
