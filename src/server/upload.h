#pragma once
// A form on its way in: its file goes to the object store as it comes, its fields stay in memory.
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "jobs/object_store.h"
#include "server/api.h"

namespace ft {

struct UploadLimits {
    int64_t longest_file = int64_t{4} << 30;
    size_t longest_fields = size_t{256} << 10;  ///< all of them together
    std::function<int64_t()> room;              ///< how many bytes the disk has left for files; empty: it is not known
};

struct UploadedFile {
    std::string name;    ///< the last part of what the client called it, fit to be shown
    std::string sha256;  ///< of its bytes
    ObjectInfo object;
};

struct Upload {
    std::map<std::string, std::string> fields;           ///< of equal names the last
    std::map<std::string, std::set<std::string>> lists;  ///< all values of a name
    std::optional<UploadedFile> file;
};

/// Reads the request's form to its end; its file (a part with a file name) goes to `key`. When it throws, or the key's
/// job is never made, whoever called removes the object. Throws Error{invalid_argument} for a broken form, ApiRefusal
/// for a file or fields that are too long, two files, another kind of body or no room, and as the store does.
Upload receive_upload(const ApiRequest& request, ObjectStore& objects, const std::string& key,
                      const UploadLimits& limits);

}  // namespace ft
