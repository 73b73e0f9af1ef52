#include "jobs/memory/memory_object_store.h"

#include "base/error.h"
#include "jobs/temporary_copy.h"

namespace ft {

class MemoryWriter : public ObjectWriter {
  public:
    MemoryWriter(MemoryObjectStore& store, std::string key) : store_(store), key_(std::move(key)) {}
    void append(std::span<const std::byte> bytes) override {
        content_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    ObjectInfo commit() override { return store_.store(key_, std::move(content_)); }

  private:
    MemoryObjectStore& store_;
    std::string key_, content_;
};

ObjectInfo MemoryObjectStore::store(const std::string& key, std::string content) {
    const std::lock_guard lock(mutex_);
    ObjectInfo info{key, static_cast<int64_t>(content.size()), std::to_string(++versions_), clock_.wall_ms()};
    objects_[key] = {std::move(content), info};
    return info;
}

std::unique_ptr<ObjectWriter> MemoryObjectStore::create(const std::string& key) {
    check_key(key);
    return std::make_unique<MemoryWriter>(*this, key);
}

std::optional<ObjectInfo> MemoryObjectStore::stat(const std::string& key) {
    check_key(key);
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    return found == objects_.end() ? std::nullopt : std::optional(found->second.info);
}

std::string MemoryObjectStore::read(const std::string& key, int64_t offset, int64_t length) {
    check_key(key);
    if (offset < 0 || length < 0)
        throw Error(ErrorCode::invalid_argument, "{}: a range begins and ends at 0 or later", key);
    const std::lock_guard lock(mutex_);
    const auto found = objects_.find(key);
    if (found == objects_.end()) throw Error(ErrorCode::not_found, "{}: there is no such object", key);
    const std::string& content = found->second.content;
    if (static_cast<uint64_t>(offset) >= content.size()) return {};
    return content.substr(static_cast<size_t>(offset), static_cast<size_t>(length));
}

std::vector<ObjectInfo> MemoryObjectStore::list(const std::string& prefix, const std::string& after, int limit) {
    check_prefix(prefix);
    const std::lock_guard lock(mutex_);
    std::vector<ObjectInfo> found;
    auto at = after < prefix ? objects_.lower_bound(prefix) : objects_.upper_bound(after);
    for (; at != objects_.end() && found.size() < static_cast<size_t>(limit); ++at) {
        if (at->first.compare(0, prefix.size(), prefix) != 0) break;
        found.push_back(at->second.info);
    }
    return found;
}

void MemoryObjectStore::remove(const std::string& key) {
    check_key(key);
    const std::lock_guard lock(mutex_);
    objects_.erase(key);
}

std::unique_ptr<LocalCopy> MemoryObjectStore::fetch(const JobInput& input, const std::filesystem::path& scratch) {
    const auto key = key_of_uri(input.uri);
    if (!key)
        throw Error(ErrorCode::unsupported, "{}: this store reads its own objects only (object:<key>)", input.uri);
    const auto found = stat(*key);
    if (!found) throw Error(ErrorCode::not_found, "{}: the recording is no longer there; submit it again", input.uri);
    check_same_object(input, *found);
    auto copy = std::make_unique<TemporaryCopy>(scratch);
    copy->append(get(*key));
    return copy;
}

}  // namespace ft
