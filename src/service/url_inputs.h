#pragma once
// Inputs that a client names by an address: fetched by the worker, from the public Internet only.
#include "jobs/object_store.h"
#include "net/address_check.h"

namespace ft {

struct UrlInputOptions {
    AddressPolicy addresses;
    int64_t longest_bytes = int64_t{4} << 30;
    int64_t timeout_ms = 3600000;  ///< for all of it
    int redirects = 5;             ///< each is checked as the first address was
    std::string certificates;      ///< file or folder of trusted ones; empty: the system's
};

/// Another object store, which also knows inputs "https://…" (and "http://…" where the policy allows it). All else goes
/// to the one behind it. Threads and failures as ObjectStore; fetch() of an address throws Error{network} for what may
/// pass by itself (no answer, 5xx, 429), Error{not_found} for other answers, Error{invalid_argument} for an address
/// that may not be called and for more bytes than are taken.
class UrlInputs : public ObjectStore {
  public:
    /// `store` outlives it.
    UrlInputs(ObjectStore& store, Resolver resolver, UrlInputOptions options);

    std::unique_ptr<ObjectWriter> create(const std::string& key) override { return store_.create(key); }
    std::optional<ObjectInfo> stat(const std::string& key) override { return store_.stat(key); }
    std::string read(const std::string& key, int64_t offset, int64_t length) override {
        return store_.read(key, offset, length);
    }
    std::vector<ObjectInfo> list(const std::string& prefix, const std::string& after, int limit) override {
        return store_.list(prefix, after, limit);
    }
    void remove(const std::string& key) override { store_.remove(key); }
    std::unique_ptr<LocalCopy> fetch(const JobInput& input, const std::filesystem::path& scratch) override;

  private:
    ObjectStore& store_;
    const Resolver resolver_;
    const UrlInputOptions options_;
};

/// "https://…", "http://…"
bool is_url_input(std::string_view uri);

}  // namespace ft
