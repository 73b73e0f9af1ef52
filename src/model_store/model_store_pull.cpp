// ModelStore::pull: what the hub has and this machine has not.
#include <algorithm>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "model_store/blob_fetch.h"
#include "model_store/file_lock.h"
#include "model_store/model_names.h"
#include "model_store/model_store.h"
#include "model_store/repository_folder.h"
#include "model_store/store_files.h"
#include "model_store/store_places.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::milliseconds kLockPoll(200);
/// A holder of the lock that gets no byte for so long hangs.
constexpr std::chrono::minutes kLongestStandstill(10);

uint64_t size_or_zero(const fs::path& path) {
    std::error_code error;
    const uint64_t size = fs::file_size(path, error);
    return error ? 0 : size;
}

uint64_t bytes_in(const fs::path& folder) {
    std::error_code error;
    uint64_t bytes = 0;
    for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error))
        bytes += size_or_zero(entry->path());
    return bytes;
}

bool is_weights(const std::string& name) {
    return name.size() > 4 && (name.ends_with(".safetensors") || name.ends_with(".bin"));
}

/// One pull of one commit into one folder.
class Pull {
  public:
    Pull(HubClient& hub, const ModelName& name, const HubRevision& revision, const StorePlaces& places,
         const PullProgressFunction& progress, const HubWait& wait)
        : hub_(hub),
          name_(name),
          commit_(revision.commit),
          places_(places),
          progress_(progress),
          wait_(wait),
          folder_(places.writable().models, name.repository),
          names_(select_files(revision.files)) {
        if (!names_.empty()) return;
        throw Error(ErrorCode::not_found,
                    "{}: there are no weights in it that can be read here (model.safetensors with config.json and "
                    "tokenizer.json, CTranslate2's "
                    "model.bin with vocabulary.txt, or ggml-model.bin); choose another model, or convert it and give "
                    "the folder",
                    name.given);
    }

    /// Waits while another process gets the same repository.
    FileLock lock() {
        std::chrono::milliseconds standstill(0);
        uint64_t seen = 0;
        return FileLock(folder_.lock_path(), [&, this] {
            const uint64_t now = bytes_in(folder_.blobs());
            standstill = now == seen ? standstill + kLockPoll : std::chrono::milliseconds(0);
            seen = now;
            if (standstill > kLongestStandstill) {
                throw Error(
                    ErrorCode::network,
                    "{}: another process gets this model and has not moved for {} minutes (it locks {}); end it and "
                    "run the same command again",
                    name_.given, kLongestStandstill.count(), folder_.lock_path().string());
            }
            progress_({"(another process gets it)", 0, 0});
            wait_(kLockPoll);
        });
    }

    bool is_done() const { return folder_.read_manifest(commit_) && folder_.is_complete(commit_); }

    void get_files() {
        make_folder(folder_.blobs());
        std::vector<BlobTask> tasks;
        for (const std::string& file : names_) {
            progress_({file, 0, 0});
            tasks.push_back(
                {name_.repository, commit_, hub_.file(name_.repository, commit_, file), folder_.blobs(), {}});
            tasks.back().local_copy = copy_elsewhere(tasks.back().file);
            total_ += tasks.back().file.size.value_or(0);
        }
        check_room(tasks);
        std::vector<ManifestFile> manifest;
        for (const BlobTask& task : tasks) manifest.push_back(get_file(task));
        for (size_t i = 0; i < tasks.size(); ++i) folder_.link(commit_, tasks[i].file.name, blobs_[i]);
        folder_.write_manifest(name_.repository, commit_, manifest);
        if (!folder_.is_complete(commit_)) {
            throw Error(
                ErrorCode::bad_model,
                "{}: files that its model.safetensors.index.json names are not in the repository; choose another "
                "revision or tell its owner",
                name_.given);
        }
    }

    void name_commit() { folder_.write_ref(name_.revision, commit_); }

  private:
    fs::path blob_path(const HubFile& file) const {
        return file.hash().empty() ? fs::path() : folder_.blobs() / file.hash();
    }

    bool is_here(const HubFile& file) const {
        std::error_code error;
        const fs::path blob = blob_path(file);
        return !blob.empty() && fs::is_regular_file(blob, error) && (!file.size || size_or_zero(blob) == *file.size);
    }

    /// The same bytes in another cache, the hub's own for one, under another commit.
    fs::path copy_elsewhere(const HubFile& file) const {
        if (file.hash().empty() || !file.size) return {};
        for (const ModelRoot& root : places_.roots()) {
            const fs::path blob = RepositoryFolder(root.models, name_.repository).blobs() / file.hash();
            if (blob != blob_path(file) && size_or_zero(blob) == *file.size) return blob;
        }
        return {};
    }

    void check_room(const std::vector<BlobTask>& tasks) const {
        uint64_t needed = 0;
        for (const BlobTask& task : tasks) {
            const uint64_t size = is_here(task.file) ? 0 : task.file.size.value_or(0);
            needed += size - std::min(size, size_or_zero(partial_path(task)));
        }
        std::error_code error;
        const uint64_t available = fs::space(folder_.path(), error).available;
        if (error || needed <= available) return;
        throw Error(ErrorCode::io,
                    "{}: {} MB more are needed in {}, and {} MB are free there; free some, or choose another place "
                    "with --model_dir",
                    name_.given, needed / 1000000 + 1, folder_.path().string(), available / 1000000);
    }

    ManifestFile get_file(const BlobTask& task) {
        const std::function<void(uint64_t)> report = [&](uint64_t done) {
            progress_({task.file.name, before_ + done, std::max(total_, before_ + done)});
        };
        FetchedBlob blob;
        if (is_here(task.file)) {
            blob.path = blob_path(task.file);
            blob.digest = {size_or_zero(blob.path), task.file.sha256, {}};
            if (task.file.sha256.empty()) blob.digest = digest_file(blob.path);
        } else {
            blob = fetch_blob(hub_, task, report);
        }
        if (task.file.hash().empty() && is_weights(task.file.name)) {
            spdlog::warn("{}: the hub tells no SHA-256 of {}, so it could not be checked", name_.given, task.file.name);
        }
        report(blob.digest.size);
        before_ += blob.digest.size;
        blobs_.push_back(blob.path);
        return {task.file.name, blob.digest.size, blob.digest.sha256, !task.file.hash().empty()};
    }

    HubClient& hub_;
    const ModelName& name_;
    const std::string commit_;
    const StorePlaces& places_;
    const PullProgressFunction& progress_;
    const HubWait& wait_;
    RepositoryFolder folder_;
    std::vector<std::string> names_;
    std::vector<fs::path> blobs_;
    uint64_t before_ = 0, total_ = 0;  ///< bytes of the files that are done; of all
};

}  // namespace

LocatedModel ModelStore::pull(const ModelName& name, const PullProgressFunction& progress) const {
    if (!name.path.empty()) return locate(name);
    HubSettings settings = hub_settings(options_);
    if (settings.offline) {
        if (auto here = find(name)) return *here;
        throw Error(
            ErrorCode::not_found,
            "the model {} is not on this machine, and nothing may be downloaded (HF_HUB_OFFLINE is set, or the network "
            "is not allowed); allow it, or copy the model's folder here and give its path",
            name.given);
    }
    HttpOptions http;
    http.connect_timeout = options_.connect_timeout;
    http.stall_timeout = options_.stall_timeout;
    http.certificates = settings.certificates;
    // While nothing moves the last word is repeated, so that whoever wants to stop the pull can.
    PullProgress last{"(asking the hub)", 0, 0};
    const PullProgressFunction report = [&](const PullProgress& now) {
        last = now;
        if (progress) progress(last);
    };
    HubClient hub(std::move(settings), http, options_.wait, [&] { report(last); });
    HubRevision revision;
    try {
        revision = hub.revision(name.repository, name.revision);
    } catch (const Error& error) {
        const auto here = error.code() == ErrorCode::network ? find(name) : std::nullopt;
        if (!here) throw;
        spdlog::warn("{}; the copy in {} is taken", error.what(), here->path.string());
        return *here;
    }
    const auto current = find(name);
    if (current && current->commit == revision.commit) return *current;
    Pull pull(hub, name, revision, *places_, report, options_.wait);
    const FileLock lock = pull.lock();
    if (!pull.is_done()) pull.get_files();
    pull.name_commit();
    return *find_snapshot(name, revision.commit);
}

}  // namespace ft
