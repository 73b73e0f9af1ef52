#pragma once
// Whether the machine runs the image that it should: the parameter that launches resolve, the instance, and the file
// that was written into the image when it was built.
#include <optional>
#include <string>
#include <string_view>

namespace ft {

/// /opt/transcribe/manifest.json: {"build_id", "version", "model", "model_sha256", "built_at"}, and "ami_id" where an
/// image was made from another one's files.
struct ImageManifest {
    std::string ami_id, build_id, version, model, model_sha256;
};
/// Throws Error{invalid_argument}, naming `origin`, when it is not that JSON.
ImageManifest parse_manifest(std::string_view text, std::string_view origin);

/// Empty: not known.
struct ImageFacts {
    std::string expected;  ///< the parameter's value
    std::string running;   ///< the instance's
    std::optional<ImageManifest> manifest;
    std::string version;       ///< this program's
    std::string model_sha256;  ///< of the weights in use
};

struct ImageVerdict {
    enum class Kind { match, mismatch, unknown } kind = Kind::unknown;
    std::string detail;  ///< a sentence: what differs, or what is not known
};
std::string_view to_string(ImageVerdict::Kind kind);

ImageVerdict check_image(const ImageFacts& facts);

}  // namespace ft
