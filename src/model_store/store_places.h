#pragma once
// The folders of this machine where models lie, and what the environment says about the hub.
#include <filesystem>
#include <string>
#include <vector>

#include "model_store/model_store.h"

namespace ft {

/// One place of the search.
struct ModelRoot {
    std::filesystem::path models;  ///< holds models--Owner--name/ and plain folders
    std::filesystem::path home;    ///< holds packed/
    bool own = true;               ///< false: the hub's own cache, which is only read
};

/// Immutable.
class StorePlaces {
  public:
    explicit StorePlaces(const StoreOptions& options);

    /// In the order of the search; not all exist.
    const std::vector<ModelRoot>& roots() const { return roots_; }
    /// Where downloads go. Throws Error{permission} naming the place that was asked for and cannot be written.
    const ModelRoot& writable() const;
    /// Folders for the packed file of a model at `path`, best first.
    std::vector<std::filesystem::path> packed_folders(const std::filesystem::path& path) const;

  private:
    std::vector<ModelRoot> roots_;
    std::vector<ModelRoot> write_order_;
    bool place_was_given_ = false;  ///< then another place may not silently be taken
};

/// How to talk to the hub.
struct HubSettings {
    std::string endpoint = "https://huggingface.co";  ///< without a slash at its end
    std::string token;                                ///< empty: none
    std::string certificates;                         ///< file or folder of trusted certificates; empty: the system's
    bool offline = false;
};

/// Reads HF_ENDPOINT, HF_TOKEN (or $HF_TOKEN_PATH, $HF_HOME/token), HF_HUB_OFFLINE and CURL_CA_BUNDLE, SSL_CERT_FILE,
/// REQUESTS_CA_BUNDLE. Throws Error{invalid_argument} for an endpoint that is no http(s) address or a token with
/// characters that no token has.
HubSettings hub_settings(const StoreOptions& options);

/// Whether a folder can be written, or made where it does not exist.
bool can_be_written(const std::filesystem::path& folder);

}  // namespace ft
