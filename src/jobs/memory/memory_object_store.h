#pragma once
// Objects in memory: for tests. Inputs that are fetched are written to `scratch`.
#include <map>
#include <mutex>

#include "base/clock.h"
#include "jobs/object_store.h"

namespace ft {

class MemoryObjectStore : public ObjectStore {
  public:
    /// `clock` must outlive it.
    explicit MemoryObjectStore(const Clock& clock) : clock_(clock) {}

    std::unique_ptr<ObjectWriter> create(const std::string& key) override;
    std::optional<ObjectInfo> stat(const std::string& key) override;
    std::string read(const std::string& key, int64_t offset, int64_t length) override;
    std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after, int limit) override;
    void remove(const std::string& key) override;
    std::unique_ptr<LocalCopy> fetch(const JobInput& input, const std::filesystem::path& scratch) override;

  private:
    friend class MemoryWriter;
    struct Object {
        std::string content;
        ObjectInfo info;
    };
    ObjectInfo store(const std::string& key, std::string content);

    const Clock& clock_;
    std::mutex mutex_;
    int64_t versions_ = 0;
    std::map<std::string, Object> objects_;
};

}  // namespace ft
