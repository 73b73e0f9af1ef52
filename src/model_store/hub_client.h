#pragma once
// The hub's protocol: revision → commit and files; file → size, hash and bytes. Docs: what huggingface.co serves, and
// what mirrors under HF_ENDPOINT copy.
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model_store/retry_policy.h"
#include "model_store/store_places.h"
#include "net/http_client.h"

namespace ft {

/// GET {endpoint}/api/models/{repository}/revision/{revision}
struct HubRevision {
    std::string commit;              ///< 40 hexadecimal digits
    std::vector<std::string> files;  ///< paths in the repository, as the hub says them: not to be trusted as paths here
};

/// HEAD {endpoint}/{repository}/resolve/{commit}/{file}
struct HubFile {
    std::string name;
    std::optional<uint64_t> size;  ///< X-Linked-Size, or Content-Length
    std::string sha256;            ///< of large files (X-Linked-Etag); or
    std::string git_sha1;          ///< of small ones (ETag): of "blob <size>\0" and the bytes; both empty: not told

    /// What the hub's cache calls the file; "" when no hash was told.
    const std::string& hash() const { return sha256.empty() ? git_sha1 : sha256; }
};

using HubWait = std::function<void(std::chrono::milliseconds)>;

/// Belongs to one thread. Every failure becomes one sentence with what to do:
/// Error{permission} 401, 403; Error{not_found} 404; Error{network} for all others.
class HubClient {
  public:
    /// `tick` is called about once a second while something is waited for and may throw.
    HubClient(HubSettings settings, const HttpOptions& options, HubWait wait, HttpTick tick, RetryPolicy policy = {});

    /// Both repeat what failed as the policy says.
    HubRevision revision(const std::string& repository, const std::string& revision);
    HubFile file(const std::string& repository, const std::string& commit, const std::string& name);

    /// One try at a file's bytes from `offset` on, redirects followed. The caller looks at the status (200: the whole
    /// file, 206: from the offset on, 416: the offset is not in the file) and decides what is next.
    HttpResponse fetch_once(const std::string& repository, const std::string& commit, const std::string& name,
                            uint64_t offset, const HttpSink& sink);
    /// Waits as the policy says after the `failures`-th failure in a row, or throws what fail() throws.
    void wait_or_fail(int failures, const HttpResponse& response, const std::string& what);
    /// The sentence for an answer that is final. `what`: "KBLab/kb-whisper-small, file config.json".
    [[noreturn]] void fail(const HttpResponse& response, const std::string& what) const;

  private:
    HttpResponse send_with_retries(const HttpRequest& request, const std::string& what,
                                   const std::function<HttpResponse(const HttpRequest&)>& send);
    std::string file_url(const std::string& repository, const std::string& commit, const std::string& name) const;

    HubSettings settings_;
    HubWait wait_;
    HttpTick tick_;
    RetryPolicy policy_;
    HttpClient http_;
};

}  // namespace ft
