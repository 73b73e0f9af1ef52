#pragma once
// Where a server of ours is, on a machine or on AWS, and who asks it: from flags, variables, files.
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/secret.h"
#include "cloud_access.h"
#include "flags.h"

namespace ft {

/// Where the server is, and who asks.
struct ApiAccess {
    std::string url;                      ///< without "/" at the end
    Secret key;                           ///< empty: none
    std::shared_ptr<CloudSigner> signer;  ///< on AWS: requests are signed; else null
};

/// Holds the key of a server.
inline constexpr const char* api_key_variable = "FAST_TRANSCRIBE_API_KEY";

/// What the flags below have gathered.
struct ApiAccessFlags {
    std::string server, key_file;
    bool cloud = false;
};

/// --server, --cloud and --api_key_file; they write to `gathered`, which must outlive them.
std::vector<Flag> api_access_flags(ApiAccessFlags& gathered);

/// Flags go before $FAST_TRANSCRIBE_SERVER and $FAST_TRANSCRIBE_API_KEY; without either it is http://127.0.0.1:8080
/// and no key. With --cloud: find_cloud(). Throws Error{invalid_argument} for an address that is none and for a key
/// with --cloud, Error when a file cannot be read.
ApiAccess find_api_access(const ApiAccessFlags& flags, const std::function<std::string(const char* name)>& variable);

/// The key would go over a network where everybody can read it.
bool is_key_exposed(const ApiAccess& access);

}  // namespace ft
