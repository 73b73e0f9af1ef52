#include "model_store/blob_fetch.h"

#include <fcntl.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "base/error.h"
#include "base/log.h"
#include "base/sha256.h"
#include "model_store/partial_file.h"

namespace ft {

namespace {

constexpr uint64_t kProgressThatCounts = uint64_t{1} << 20;
/// Of files whose size nobody told: more is no configuration and no weights either.
constexpr uint64_t kLargestUntold = uint64_t{64} << 30;

/// First byte of "bytes 5-9/10"; nothing when the header is none.
std::optional<uint64_t> range_start(const HttpResponse& head) {
    const std::string text = head.header("content-range");
    if (text.rfind("bytes ", 0) != 0 || text.size() < 7 || text[6] < '0' || text[6] > '9') return std::nullopt;
    return std::strtoull(text.c_str() + 6, nullptr, 10);
}

bool is_right(const FileDigest& digest, const HubFile& file) {
    if (file.size && digest.size != *file.size) return false;
    if (!file.sha256.empty()) return digest.sha256 == file.sha256;
    return file.git_sha1.empty() || digest.git_sha1 == file.git_sha1;
}

/// Takes over what another cache has; whatever comes of it is checked like a download.
void copy_locally(const std::filesystem::path& from, PartialFile& partial,
                  const std::function<void(uint64_t)>& progress) {
    const UniqueFd file(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) return;
    std::vector<char> buffer(size_t{1} << 20);
    for (;;) {
        const ssize_t got = ::read(file.get(), buffer.data(), buffer.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return;
        partial.append({buffer.data(), static_cast<size_t>(got)});
        progress(partial.size());
    }
}

class BlobFetch {
  public:
    BlobFetch(HubClient& hub, const BlobTask& task, const std::function<void(uint64_t)>& progress)
        : hub_(hub),
          task_(task),
          progress_(progress),
          what_(fmt::format("{}, file {}", task.repository, task.file.name)),
          partial_(partial_path(task)) {}

    FetchedBlob run() {
        // Bytes without a known hash could belong to anything.
        if (task_.file.hash().empty()) partial_.clear();
        if (partial_.size() == 0 && !task_.local_copy.empty()) copy_locally(task_.local_copy, partial_, progress_);
        bool old_bytes = partial_.size() > 0;
        for (;;) {
            download();
            FileDigest digest = digest_file(partial_.path(), [this] { progress_(partial_.size()); });
            if (is_right(digest, task_.file)) return finish(std::move(digest));
            partial_.clear();
            if (old_bytes) {
                spdlog::warn("{}: what an earlier run left is damaged; it is fetched anew", what_);
                old_bytes = false;
                continue;
            }
            partial_.discard();
            throw Error(
                ErrorCode::network,
                "{}: the bytes that arrived are not those that the hub promises ({} has SHA-256 {}, size {}); they are "
                "thrown away: a "
                "proxy or mirror may change files, so check HF_ENDPOINT and https_proxy and run the same command again",
                what_, task_.file.name, digest.sha256, digest.size);
        }
    }

  private:
    uint64_t largest() const { return task_.file.size.value_or(kLargestUntold); }

    FetchedBlob finish(FileDigest digest) {
        const std::string& hash = task_.file.hash();
        std::filesystem::path target = task_.blobs / (hash.empty() ? digest.sha256 : hash);
        partial_.finish(target);
        return {std::move(target), std::move(digest)};
    }

    /// Until all bytes are here, right or wrong.
    void download() {
        int failures = 0;
        if (partial_.size() > largest()) partial_.clear();
        bool whole = task_.file.size && partial_.size() == *task_.file.size;
        while (!whole) {
            const uint64_t before = partial_.size();
            HttpResponse response = fetch(before);
            progress_(partial_.size());
            if (too_long_) return;  // the digest will say so
            whole = response.ok() && (!task_.file.size || partial_.size() == *task_.file.size);
            if (whole) return;
            if (response.status == 416 || misplaced_) partial_.clear();
            if (response.ok() || response.status == 416 || misplaced_) {
                response.failure = HttpFailure::broken;
                response.failure_text = "it ended before the file did";
            }
            if (partial_.size() >= before + kProgressThatCounts) failures = 0;
            hub_.wait_or_fail(++failures, response, what_);
        }
    }

    HttpResponse fetch(uint64_t offset) {
        bool first = true;
        misplaced_ = too_long_ = false;
        const auto sink = [&](const HttpResponse& head, std::string_view bytes) {
            if (first && head.status == 206) {
                misplaced_ = range_start(head).value_or(offset) != offset;
            } else if (first && offset > 0) {
                partial_.clear();  // no ranges here: the whole file comes
            }
            first = false;
            too_long_ = !misplaced_ && partial_.size() + bytes.size() > largest();
            if (misplaced_ || too_long_) return false;
            partial_.append(bytes);
            progress_(partial_.size());
            return true;
        };
        return hub_.fetch_once(task_.repository, task_.commit, task_.file.name, offset, sink);
    }

    HubClient& hub_;
    const BlobTask& task_;
    const std::function<void(uint64_t)>& progress_;
    std::string what_;
    PartialFile partial_;
    bool misplaced_ = false, too_long_ = false;
};

}  // namespace

std::filesystem::path partial_path(const BlobTask& task) {
    std::string name = task.file.hash();
    if (name.empty()) {
        const std::string identity = task.commit + "/" + task.file.name;
        name = "untold-" + sha256_hex(std::as_bytes(std::span(identity))).substr(0, 16);
    }
    return task.blobs / (name + ".partial");
}

FetchedBlob fetch_blob(HubClient& hub, const BlobTask& task, const std::function<void(uint64_t done)>& progress) {
    return BlobFetch(hub, task, progress).run();
}

}  // namespace ft
