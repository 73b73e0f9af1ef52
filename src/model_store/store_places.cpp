#include "model_store/store_places.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"

namespace ft {

namespace fs = std::filesystem;

namespace {

std::string variable(const StoreOptions& options, const char* name) {
    return trimmed(options.environment(name));
}

bool is_set(const StoreOptions& options, const char* name) {
    std::string value = variable(options, name);
    std::transform(value.begin(), value.end(), value.begin(), [](unsigned char c) { return std::toupper(c); });
    return value == "1" || value == "ON" || value == "YES" || value == "TRUE";
}

/// $XDG_CACHE_HOME or ~/.cache; empty when neither is known (a service without HOME).
fs::path cache_home(const StoreOptions& options) {
    const std::string xdg = variable(options, "XDG_CACHE_HOME");
    if (!xdg.empty()) return xdg;
    const std::string home = variable(options, "HOME");
    return home.empty() ? fs::path() : fs::path(home) / ".cache";
}

fs::path hub_home(const StoreOptions& options) {
    const std::string given = variable(options, "HF_HOME");
    if (!given.empty()) return given;
    const fs::path cache = cache_home(options);
    return cache.empty() ? fs::path() : cache / "huggingface";
}

fs::path hub_cache(const StoreOptions& options) {
    for (const char* name : {"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"}) {
        const std::string given = variable(options, name);
        if (!given.empty()) return given;
    }
    const fs::path home = hub_home(options);
    return home.empty() ? fs::path() : home / "hub";
}

bool lies_below(const fs::path& path, const fs::path& folder) {
    const fs::path relative =
        fs::absolute(path).lexically_normal().lexically_relative(fs::absolute(folder).lexically_normal());
    return !relative.empty() && *relative.begin() != "..";
}

/// A folder of this user's in the temporary one. Others may write there, so it must be ours and closed to them.
fs::path private_temporary_folder() {
    std::error_code error;
    const fs::path base = fs::temp_directory_path(error);
    if (error) return {};
    const fs::path folder = base / fmt::format("fast-transcribe-{}", ::geteuid());
    ::mkdir(folder.c_str(), 0700);
    struct stat status {};
    if (::lstat(folder.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) return {};
    const bool ours = status.st_uid == ::geteuid() && (status.st_mode & 077) == 0;
    return ours ? folder / "packed" : fs::path();
}

std::string read_token(const StoreOptions& options) {
    for (const char* name : {"HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"}) {
        const std::string given = variable(options, name);
        if (!given.empty()) return given;
    }
    fs::path file = variable(options, "HF_TOKEN_PATH");
    if (file.empty() && !hub_home(options).empty()) file = hub_home(options) / "token";
    std::error_code ignored;
    if (file.empty() || !fs::is_regular_file(file, ignored)) return {};
    return trimmed(read_file(file, 1 << 16));
}

}  // namespace

bool can_be_written(const fs::path& folder) {
    std::error_code ignored;
    fs::path existing = fs::absolute(folder, ignored);
    while (!existing.empty() && !fs::exists(existing, ignored) && existing != existing.parent_path()) {
        existing = existing.parent_path();
    }
    return fs::is_directory(existing, ignored) && ::access(existing.c_str(), W_OK | X_OK) == 0;
}

StorePlaces::StorePlaces(const StoreOptions& options) {
    std::error_code ignored;
    const bool system = !options.system_dir.empty() && fs::is_directory(options.system_dir, ignored);
    const ModelRoot system_root{options.system_dir, options.system_dir.parent_path(), true};
    if (system) roots_.push_back(system_root);
    // A folder given as --model_dir may be a store's home as well as its models/.
    const auto add_home = [this](const fs::path& home, bool models_lie_at_home) {
        const ModelRoot below{home / "models", home, true}, at{home, home, true};
        roots_.push_back(models_lie_at_home ? at : below);
        roots_.push_back(models_lie_at_home ? below : at);
        return models_lie_at_home ? at : below;
    };
    const std::string home = variable(options, "FAST_TRANSCRIBE_HOME");
    const fs::path cache = cache_home(options);
    std::vector<ModelRoot> given;
    if (!options.model_dir.empty()) given.push_back(add_home(options.model_dir, true));
    if (!home.empty()) given.push_back(add_home(home, false));
    if (!given.empty()) {
        place_was_given_ = true;
        write_order_.push_back(given.front());
    } else if (system) {
        write_order_.push_back(system_root);
    }
    if (!cache.empty()) {
        const ModelRoot root = add_home(cache / "fast-transcribe", false);
        write_order_.push_back(root);
    }
    const fs::path hub = hub_cache(options);
    if (!hub.empty()) roots_.push_back({hub, {}, false});
}

const ModelRoot& StorePlaces::writable() const {
    for (const ModelRoot& root : write_order_) {
        if (can_be_written(root.models)) return root;
        if (place_was_given_) break;
    }
    if (write_order_.empty()) {
        throw Error(ErrorCode::permission,
                    "there is no folder for models: set HOME or FAST_TRANSCRIBE_HOME, or give --model_dir");
    }
    const fs::path& wanted = place_was_given_ ? write_order_.front().models : write_order_.back().models;
    throw Error(ErrorCode::permission,
                "{}: models cannot be written there; make it writable for you, or give another folder with --model_dir",
                wanted.string());
}

std::vector<fs::path> StorePlaces::packed_folders(const fs::path& path) const {
    std::vector<fs::path> folders;
    const auto add = [&folders](const fs::path& home) {
        const fs::path folder = home / "packed";
        if (!home.empty() && std::find(folders.begin(), folders.end(), folder) == folders.end())
            folders.push_back(folder);
    };
    for (const ModelRoot& root : roots_) {
        if (root.own && lies_below(path, root.models)) add(root.home);
    }
    for (const ModelRoot& root : write_order_) add(root.home);
    const fs::path temporary = private_temporary_folder();
    if (!temporary.empty()) folders.push_back(temporary);
    return folders;
}

HubSettings hub_settings(const StoreOptions& options) {
    HubSettings settings;
    const std::string endpoint = variable(options, "HF_ENDPOINT");
    if (!endpoint.empty()) settings.endpoint = endpoint;
    while (settings.endpoint.size() > 1 && settings.endpoint.back() == '/') settings.endpoint.pop_back();
    if (settings.endpoint.rfind("https://", 0) != 0 && settings.endpoint.rfind("http://", 0) != 0) {
        throw Error(ErrorCode::invalid_argument,
                    "HF_ENDPOINT is \"{}\", which is no address; it must begin with https:// or http://",
                    settings.endpoint);
    }
    settings.token = read_token(options);
    // A token goes into a header line: a line break in it would start another header.
    if (std::any_of(settings.token.begin(), settings.token.end(),
                    [](unsigned char c) { return c <= ' ' || c > '~'; })) {
        throw Error(ErrorCode::invalid_argument,
                    "HF_TOKEN (or the token file of HF_HOME) holds characters that no token has; set it anew");
    }
    for (const char* name : {"CURL_CA_BUNDLE", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}) {
        if (settings.certificates.empty()) settings.certificates = variable(options, name);
    }
    settings.offline =
        !options.allow_network || is_set(options, "HF_HUB_OFFLINE") || is_set(options, "TRANSFORMERS_OFFLINE");
    return settings;
}

}  // namespace ft
