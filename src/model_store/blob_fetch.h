#pragma once
// One file of a repository: fetched in as many tries as it takes, checked, and only then given its name.
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "model_store/file_digest.h"
#include "model_store/hub_client.h"

namespace ft {

struct BlobTask {
    std::string repository, commit;
    HubFile file;
    std::filesystem::path blobs;       ///< the folder that it comes to, under the name of its hash
    std::filesystem::path local_copy;  ///< the same blob in another cache of this machine; empty: none
};

struct FetchedBlob {
    std::filesystem::path path;
    FileDigest digest;
};

/// <blobs>/<hash>.partial, which a pull that was cut off leaves and the next one resumes.
std::filesystem::path partial_path(const BlobTask& task);

/// The caller holds the repository's lock. `progress` gets the bytes of this file that are here, and may throw.
/// Tries again while at least 1 MiB arrives between failures, else as often as the policy says; bytes of a wrong hash
/// are thrown away, once silently when a part was from an earlier run. Throws what HubClient::fail does, Error{network}
/// for wrong bytes, Error{io, permission} for the disk.
FetchedBlob fetch_blob(HubClient& hub, const BlobTask& task, const std::function<void(uint64_t done)>& progress);

}  // namespace ft
