#include "model/packed_model.h"

#include <algorithm>
#include <cstring>

#include "base/checksum64.h"
#include "base/error.h"
#include "model/packed_format.h"
#include "model/packed_model_reader.h"

namespace ft {

namespace {

constexpr const char* again = "pack the model again";

PackedHeader read_header(std::span<const std::byte> bytes, const std::string& where) {
    PackedHeader header{};
    if (bytes.size() < sizeof header)
        throw Error(ErrorCode::bad_model, "{}: is too short to be a packed model; {}", where, again);
    std::memcpy(&header, bytes.data(), sizeof header);
    if (std::memcmp(header.magic, packed_magic, sizeof packed_magic) != 0) {
        throw Error(ErrorCode::bad_model, "{}: is no packed model; {}", where, again);
    }
    if (header.version != packed_version) {
        throw Error(ErrorCode::bad_model, "{}: has version {} of the packed format, this program reads {}; {}", where,
                    header.version, packed_version, again);
    }
    if (header.header_checksum != checksum64(bytes.first(offsetof(PackedHeader, header_checksum))) ||
        header.zero != 0 || header.reserved[0] != 0 || header.reserved[1] != 0) {
        throw Error(ErrorCode::bad_model, "{}: its header is damaged; {}", where, again);
    }
    if (header.file_size != bytes.size()) {
        throw Error(ErrorCode::bad_model, "{}: has {} bytes instead of {}; {}", where, bytes.size(), header.file_size,
                    again);
    }
    if (header.meta_size > bytes.size() - sizeof header)
        throw Error(ErrorCode::bad_model, "{}: its header is damaged; {}", where, again);
    return header;
}

}  // namespace

PackedModel PackedModelReader::parse(std::span<const std::byte> bytes, const std::string& where,
                                     const std::string& packing, bool verify_weights) {
    const PackedHeader header = read_header(bytes, where);
    const auto meta_bytes = bytes.subspan(sizeof header, header.meta_size);
    if (checksum64(meta_bytes) != header.meta_checksum) {
        throw Error(ErrorCode::bad_model, "{}: its description is damaged; {}", where, again);
    }
    PackedMeta meta = read_packed_meta(meta_bytes, where);
    if (meta.packing != packing) {
        throw Error(ErrorCode::bad_model, "{}: was packed for \"{}\", but this run needs \"{}\"; {}", where,
                    meta.packing, packing, again);
    }
    PackedModel model;
    model.bytes_ = bytes;
    model.entries_.reserve(meta.entries.size());
    for (PackedMeta::Entry& entry : meta.entries) {
        if (entry.offset % packed_alignment != 0 || entry.offset < sizeof header + header.meta_size ||
            entry.offset > bytes.size() || entry.size > bytes.size() - entry.offset) {
            throw Error(ErrorCode::bad_model, "{}: weight {} lies outside the file; {}", where, entry.name, again);
        }
        if (verify_weights && checksum64(bytes.subspan(entry.offset, entry.size)) != entry.checksum) {
            throw Error(ErrorCode::bad_model, "{}: weight {} is damaged; {}", where, entry.name, again);
        }
        model.entries_.push_back({std::move(entry.name), entry.offset, entry.size, entry.checksum});
    }
    model.config_ = meta.config;
    model.generation_ = std::move(meta.generation);
    model.vocabulary_ = std::move(meta.vocabulary);
    model.fingerprint_ = std::move(meta.fingerprint);
    model.packing_ = std::move(meta.packing);
    model.where_ = where;
    return model;
}

PackedModel PackedModel::open(const std::filesystem::path& file, const std::string& packing, bool verify_weights) {
    MappedFile mapped(file);
    PackedModel model = PackedModelReader::parse(mapped.bytes(), file.string(), packing, verify_weights);
    model.file_ = std::move(mapped);
    return model;
}

std::span<const std::byte> PackedModel::weight(const std::string& name) const {
    const auto found =
        std::lower_bound(entries_.begin(), entries_.end(), name,
                         [](const Entry& entry, const std::string& wanted) { return entry.name < wanted; });
    if (found == entries_.end() || found->name != name) {
        throw Error(ErrorCode::bad_model, "{}: has no weight {}; {}", where_, name, again);
    }
    return bytes_.subspan(found->offset, found->size);
}

}  // namespace ft
