#include "model_store/model_store.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <system_error>
#include <thread>

#include "base/error.h"
#include "base/sha256.h"
#include "model_store/model_names.h"
#include "model_store/repository_folder.h"
#include "model_store/store_places.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

const char* const kVoiceActivityFile = "silero_vad_16k.safetensors";

uint64_t bytes_of(const fs::path& path) {
    std::error_code error;
    if (fs::is_regular_file(path, error)) return fs::file_size(path, error);
    uint64_t bytes = 0;
    for (fs::directory_iterator entry(path, error), end; !error && entry != end; entry.increment(error)) {
        std::error_code ignored;
        const uint64_t size = fs::is_regular_file(entry->path(), ignored) ? fs::file_size(entry->path(), ignored) : 0;
        if (!ignored) bytes += size;
    }
    return bytes;
}

std::string hash8(const std::string& text) {
    return sha256_hex(std::as_bytes(std::span(text))).substr(0, 8);
}

/// "kb-whisper-small-1a2b3c4d-": the model's name for people, and its place as a hash.
std::string packed_stem(const LocatedModel& model) {
    std::error_code ignored;
    const fs::path absolute = fs::weakly_canonical(model.path, ignored);
    std::string stem = model.name.repository.empty()
                           ? (absolute.has_filename() ? absolute : absolute.parent_path()).filename().string()
                           : display_name(model.name.repository, model.name.revision);
    for (char& c : stem) {
        if (c == '/' || c == '@' || static_cast<unsigned char>(c) <= ' ') c = '-';
    }
    return fmt::format("{}-{}-", stem.substr(0, 100), hash8(absolute.string()));
}

std::string packed_name(const LocatedModel& model, const std::string& packing) {
    return packed_stem(model) + hash8(packing) + ".ftm";
}

void list_repository(const fs::path& models, const std::string& repository, std::vector<ModelStore::Listed>& result) {
    const RepositoryFolder folder(models, repository);
    std::set<std::string> named;
    const auto add = [&](const std::string& revision, const std::string& commit) {
        const fs::path snapshot = folder.snapshot(commit);
        if (!folder.is_complete(commit) || !is_whisper(snapshot)) return;
        result.push_back({display_name(repository, revision), commit, *usable_weights(snapshot), bytes_of(snapshot)});
        named.insert(commit);
    };
    for (const auto& [revision, commit] : folder.refs()) add(revision, commit);
    for (const std::string& commit : folder.commits()) {
        if (named.count(commit) == 0) add(commit, commit);
    }
}

}  // namespace

ModelStore::ModelStore(StoreOptions options) : options_(std::move(options)) {
    if (!options_.environment) {
        options_.environment = [](const char* name) {
            const char* value = std::getenv(name);
            return std::string(value == nullptr ? "" : value);
        };
    }
    if (!options_.wait) options_.wait = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
    places_ = std::make_shared<const StorePlaces>(options_);
}

std::optional<LocatedModel> ModelStore::find_snapshot(const ModelName& name, const std::string& commit) const {
    for (const ModelRoot& root : places_->roots()) {
        const RepositoryFolder folder(root.models, name.repository);
        if (folder.is_complete(commit)) return LocatedModel{name, *usable_weights(folder.snapshot(commit)), commit};
    }
    return std::nullopt;
}

std::optional<LocatedModel> ModelStore::find(const ModelName& name) const {
    std::error_code ignored;
    if (!name.path.empty()) {
        if (!fs::exists(name.path, ignored)) return std::nullopt;
        const std::optional<fs::path> weights =
            fs::is_directory(name.path, ignored) ? usable_weights(name.path) : std::nullopt;
        return LocatedModel{name, weights.value_or(name.path), {}};
    }
    for (const ModelRoot& root : places_->roots()) {
        const RepositoryFolder folder(root.models, name.repository);
        const std::string commit = folder.commit_of(name.revision);
        if (folder.is_complete(commit)) return LocatedModel{name, *usable_weights(folder.snapshot(commit)), commit};
        for (const std::string& plain : plain_folder_names(name)) {
            const auto weights = usable_weights(root.models / plain);
            if (weights) return LocatedModel{name, *weights, {}};
        }
    }
    return std::nullopt;
}

LocatedModel ModelStore::locate(const ModelName& name) const {
    std::optional<LocatedModel> found = find(name);
    if (found) return *found;
    if (!name.path.empty())
        throw Error(ErrorCode::not_found, "{}: there is no such file or folder", name.path.string());
    std::string places;
    for (const ModelRoot& root : places_->roots()) places += (places.empty() ? "" : ", ") + root.models.string();
    throw Error(ErrorCode::not_found,
                "the model {} is not on this machine (looked in {}); get it with: fast-transcribe model pull {}",
                name.given, places.empty() ? "no folder, for HOME is not set" : places, name.given);
}

std::vector<ModelStore::Listed> ModelStore::list() const {
    std::vector<Listed> result;
    std::set<fs::path> seen;
    for (const ModelRoot& root : places_->roots()) {
        std::error_code error;
        const fs::path models = fs::weakly_canonical(root.models, error);
        if (error || !seen.insert(models).second) continue;
        std::vector<fs::path> entries;
        for (fs::directory_iterator entry(root.models, error), end; !error && entry != end; entry.increment(error)) {
            entries.push_back(entry->path());
        }
        std::sort(entries.begin(), entries.end());
        for (const fs::path& entry : entries) {
            const std::string repository = repository_of_folder(entry.filename().string());
            if (!repository.empty()) {
                list_repository(root.models, repository, result);
            } else if (const auto weights = usable_weights(entry); weights && is_whisper(entry)) {
                result.push_back({entry.filename().string(), {}, *weights, bytes_of(entry)});
            }
        }
    }
    return result;
}

fs::path ModelStore::voice_activity_model() const {
    for (const ModelRoot& root : places_->roots()) {
        std::error_code ignored;
        if (fs::is_regular_file(root.models / kVoiceActivityFile, ignored)) return root.models / kVoiceActivityFile;
    }
    return {};
}

std::optional<fs::path> ModelStore::find_packed(const LocatedModel& model, const std::string& packing) const {
    const std::string name = packed_name(model, packing);
    for (const fs::path& folder : places_->packed_folders(model.path)) {
        std::error_code ignored;
        if (fs::is_regular_file(folder / name, ignored)) return folder / name;
    }
    return std::nullopt;
}

fs::path ModelStore::packed_path(const LocatedModel& model, const std::string& packing) const {
    if (const auto there = find_packed(model, packing)) return *there;
    return writable_packed_path(model, packing);
}

std::vector<fs::path> ModelStore::packed_files(const LocatedModel& model) const {
    const std::string stem = packed_stem(model);
    std::vector<fs::path> files;
    for (const fs::path& folder : places_->packed_folders(model.path)) {
        std::error_code error;
        for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
            const std::string name = entry->path().filename().string();
            const fs::path extension = entry->path().extension();
            if (name.rfind(stem, 0) == 0 && (extension == ".ftm" || extension == ".stamp"))
                files.push_back(entry->path());
        }
    }
    return files;
}

fs::path ModelStore::writable_packed_path(const LocatedModel& model, const std::string& packing) const {
    for (const fs::path& folder : places_->packed_folders(model.path)) {
        if (can_be_written(folder)) return folder / packed_name(model, packing);
    }
    throw Error(
        ErrorCode::permission,
        "there is no folder where the packed model can be written; set FAST_TRANSCRIBE_HOME, or give --model_dir");
}

}  // namespace ft
