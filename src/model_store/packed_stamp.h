#pragma once
// What was true when a packed file was made or last checked: "<packed file>.stamp", JSON (docs/formats.md, "Packed
// model").
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ft {

/// A file as the file system sees it without reading it.
struct FileState {
    std::string path;
    uint64_t size = 0;
    int64_t modified_ns = 0;  ///< since the epoch of the file system's clock

    bool operator==(const FileState&) const = default;
};

/// Follows links. Throws Error{not_found, io}.
FileState file_state(const std::filesystem::path& path);

/// The files that can belong to a checkpoint: the file itself, or a folder's .json, .txt, .bin, .safetensors files;
/// ascending. A file that comes or goes changes it.
std::vector<FileState> checkpoint_state(const std::filesystem::path& checkpoint);

struct PackedStamp {
    FileState packed;
    std::vector<FileState> checkpoint;
    std::string packing;
    std::string source_format, source_sha256;

    bool operator==(const PackedStamp&) const = default;
};

std::filesystem::path stamp_path(const std::filesystem::path& packed_file);
/// Nothing when there is no stamp, or none that can be understood: then everything is checked anew.
std::optional<PackedStamp> read_stamp(const std::filesystem::path& packed_file);
/// Throws Error{permission, io}.
void write_stamp(const std::filesystem::path& packed_file, const PackedStamp& stamp);

}  // namespace ft
