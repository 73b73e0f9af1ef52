#include "model_store/packed_stamp.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"

namespace ft {

namespace {

using nlohmann::json;

constexpr int stamp_version = 1;
constexpr size_t stamp_limit = size_t{1} << 20;

// Paths need not be UTF-8 and JSON strings must be: every byte becomes the code point of its value.
std::string to_json_text(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            text += c;
        } else {
            text += static_cast<char>(0xC0 | byte >> 6);
            text += static_cast<char>(0x80 | (byte & 0x3F));
        }
    }
    return text;
}

std::string from_json_text(const std::string& text) {
    std::string bytes;
    for (size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        bytes += byte >= 0xC0 && i + 1 < text.size()
                     ? static_cast<char>((byte & 0x03) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3F))
                     : text[i];
    }
    return bytes;
}

json to_json(const FileState& state) {
    return {{"path", to_json_text(state.path)}, {"size", state.size}, {"modified_ns", state.modified_ns}};
}

FileState state_from(const json& value) {
    return {from_json_text(value.at("path").get<std::string>()), value.at("size").get<uint64_t>(),
            value.at("modified_ns").get<int64_t>()};
}

bool can_belong(const std::filesystem::path& file) {
    const std::string extension = file.extension().string();
    return extension == ".json" || extension == ".txt" || extension == ".bin" || extension == ".safetensors";
}

}  // namespace

FileState file_state(const std::filesystem::path& path) {
    struct stat status = {};
    if (::stat(path.c_str(), &status) != 0) {
        throw Error(errno == ENOENT ? ErrorCode::not_found : ErrorCode::io, "{}: cannot be examined: {}", path.string(),
                    std::strerror(errno));
    }
    return {path.string(), static_cast<uint64_t>(status.st_size),
            status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
}

std::vector<FileState> checkpoint_state(const std::filesystem::path& checkpoint) {
    std::vector<FileState> states;
    std::error_code error;
    if (!std::filesystem::is_directory(checkpoint, error)) return {file_state(checkpoint)};
    for (const auto& entry : std::filesystem::directory_iterator(checkpoint, error)) {
        if (can_belong(entry.path()) && entry.is_regular_file(error)) states.push_back(file_state(entry.path()));
    }
    if (error) throw Error(ErrorCode::io, "{}: cannot be listed: {}", checkpoint.string(), error.message());
    std::sort(states.begin(), states.end(), [](const FileState& a, const FileState& b) { return a.path < b.path; });
    return states;
}

std::filesystem::path stamp_path(const std::filesystem::path& packed_file) {
    return packed_file.string() + ".stamp";
}

std::optional<PackedStamp> read_stamp(const std::filesystem::path& packed_file) {
    try {
        const json value = json::parse(read_file(stamp_path(packed_file), stamp_limit));
        if (value.at("version").get<int>() != stamp_version) return std::nullopt;
        PackedStamp stamp;
        stamp.packed = state_from(value.at("packed"));
        for (const json& file : value.at("checkpoint")) stamp.checkpoint.push_back(state_from(file));
        stamp.packing = value.at("packing").get<std::string>();
        stamp.source_format = value.at("format").get<std::string>();
        stamp.source_sha256 = value.at("sha256").get<std::string>();
        return stamp;
    } catch (const json::exception&) {
    } catch (const Error&) {
    }
    return std::nullopt;
}

void write_stamp(const std::filesystem::path& packed_file, const PackedStamp& stamp) {
    json value = {{"version", stamp_version}, {"packed", to_json(stamp.packed)}, {"checkpoint", json::array()}};
    for (const FileState& file : stamp.checkpoint) value["checkpoint"].push_back(to_json(file));
    value["packing"] = stamp.packing;
    value["format"] = stamp.source_format;
    value["sha256"] = stamp.source_sha256;
    write_file_atomically(stamp_path(packed_file), value.dump(1) + "\n");
}

}  // namespace ft
