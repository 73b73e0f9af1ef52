#include "base/safetensors.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "base/error.h"

namespace ft {

namespace {

using Json = nlohmann::json;

constexpr uint64_t header_limit_bytes = uint64_t{16} << 20;
constexpr int deepest_json = 3;  // file → tensor → shape
constexpr const char* metadata_key = "__metadata__";

/// What is being read, for errors; the name comes from the file, so it is shortened and kept on one line.
struct Place {
    const std::string& path;
    std::string tensor;

    Place(const std::string& file, const std::string& name) : path(file), tensor(name.substr(0, 80)) {
        std::replace_if(
            tensor.begin(), tensor.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
    }
    [[noreturn]] void fail(const char* what) const {
        throw Error(ErrorCode::bad_model,
                    "{}: the safetensors header is damaged: tensor \"{}\" {}; download the file again", path, tensor,
                    what);
    }
};

[[noreturn]] void fail(const std::string& path, const char* what) {
    throw Error(ErrorCode::bad_model, "{}: is no valid safetensors file: {}; download it again", path, what);
}

/// Refuses nesting and repeated names while parsing, before they cost memory or hide a tensor.
Json parse_header(std::span<const std::byte> text, const std::string& path) {
    std::set<std::string> names;
    const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
        const bool opens = event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
        if (opens && depth >= deepest_json) fail(path, "its header is nested too deeply");
        if (event == Json::parse_event_t::key && depth == 1 && !names.insert(value.get<std::string>()).second) {
            fail(path, "its header names a tensor twice");
        }
        return true;
    };
    const char* begin = reinterpret_cast<const char*>(text.data());
    try {
        Json header = Json::parse(begin, begin + text.size(), check);
        if (!header.is_object()) fail(path, "its header is no JSON object");
        return header;
    } catch (const Json::exception&) {
        fail(path, "its header is no JSON");
    }
}

uint64_t number(const Json& value, const Place& place, const char* what) {
    if (!value.is_number_unsigned()) place.fail(what);
    return value.get<uint64_t>();
}

/// Elements × element size = bytes, without overflow.
void check_size(const SafetensorsEntry& entry, const Place& place) {
    const size_t element = safetensors_dtype_size(entry.dtype);
    if (element == 0) return;
    const bool empty = std::find(entry.shape.begin(), entry.shape.end(), 0) != entry.shape.end();
    size_t bytes = empty ? 0 : element;
    for (const int64_t dim : entry.shape) {
        if (bytes != 0 && static_cast<size_t>(dim) > std::numeric_limits<size_t>::max() / bytes) {
            place.fail("has an impossible shape");
        }
        bytes *= static_cast<size_t>(dim);
    }
    if (bytes != entry.size()) place.fail("has a shape that does not fit its bytes");
}

SafetensorsEntry read_entry(const std::string& name, const Json& value, size_t data_begin, size_t data_size,
                            const std::string& path) {
    const Place place(path, name);
    if (!value.is_object()) place.fail("is no JSON object");
    const auto dtype = value.find("dtype");
    const auto shape = value.find("shape");
    const auto offsets = value.find("data_offsets");
    if (dtype == value.end() || !dtype->is_string()) place.fail("has no dtype");
    if (shape == value.end() || !shape->is_array()) place.fail("has no shape");
    if (offsets == value.end() || !offsets->is_array() || offsets->size() != 2) place.fail("has no data_offsets");

    SafetensorsEntry entry;
    entry.name = name;
    entry.dtype = dtype->get<std::string>();
    for (const Json& dim : *shape) {
        const uint64_t size = number(dim, place, "has a shape that is not made of whole numbers");
        if (size > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) place.fail("has an impossible shape");
        entry.shape.push_back(static_cast<int64_t>(size));
    }
    const uint64_t begin = number((*offsets)[0], place, "has data_offsets that are not whole numbers");
    const uint64_t end = number((*offsets)[1], place, "has data_offsets that are not whole numbers");
    if (begin > end) place.fail("ends before it begins");
    if (end > data_size) {
        throw Error(
            ErrorCode::bad_model,
            "{}: is truncated: tensor \"{}\" needs {} bytes after the header, the file has {}; download it again", path,
            place.tensor, end, data_size);
    }
    entry.begin = data_begin + static_cast<size_t>(begin);
    entry.end = data_begin + static_cast<size_t>(end);
    check_size(entry, place);
    return entry;
}

/// The format allows neither gaps nor overlaps: a file that has them is not what its author wrote.
void check_cover(const std::vector<SafetensorsEntry>& entries, size_t begin, size_t file_size,
                 const std::string& path) {
    std::vector<std::pair<size_t, size_t>> ranges;
    for (const SafetensorsEntry& entry : entries) ranges.emplace_back(entry.begin, entry.end);
    std::sort(ranges.begin(), ranges.end());
    size_t at = begin;
    for (const auto& [from, to] : ranges) {
        if (from != at) fail(path, "its tensors overlap or leave gaps");
        at = to;
    }
    if (at != file_size) fail(path, "there are bytes after the last tensor");
}

}  // namespace

size_t safetensors_dtype_size(const std::string& dtype) {
    static const std::map<std::string, size_t> sizes = {
        {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"I16", 2}, {"U16", 2}, {"F16", 2},
        {"BF16", 2}, {"I32", 4}, {"U32", 4}, {"F32", 4},     {"F64", 8},     {"I64", 8}, {"U64", 8},
    };
    const auto found = sizes.find(dtype);
    return found == sizes.end() ? 0 : found->second;
}

const SafetensorsEntry* SafetensorsHeader::find(const std::string& name) const {
    const auto found = std::lower_bound(entries.begin(), entries.end(), name,
                                        [](const SafetensorsEntry& e, const std::string& n) { return e.name < n; });
    return found != entries.end() && found->name == name ? &*found : nullptr;
}

SafetensorsHeader parse_safetensors(std::span<const std::byte> file, const std::string& path) {
    constexpr size_t prefix = 8;
    if (file.size() < prefix) fail(path, "it is too short");
    uint64_t length = 0;
    for (size_t i = 0; i < prefix; ++i) length |= std::to_integer<uint64_t>(file[i]) << (8 * i);
    if (length > header_limit_bytes) fail(path, "its header claims to be larger than 16 MiB");
    if (length > file.size() - prefix) fail(path, "it ends inside its header");
    const size_t data_begin = prefix + static_cast<size_t>(length);

    const Json json = parse_header(file.subspan(prefix, static_cast<size_t>(length)), path);
    SafetensorsHeader header;
    for (const auto& [name, value] : json.items()) {  // ascending: nlohmann's objects are ordered maps
        if (name == metadata_key) {
            if (!value.is_object()) fail(path, "its __metadata__ is no JSON object");
            for (const auto& [key, text] : value.items()) {
                if (!text.is_string()) fail(path, "its __metadata__ holds something that is no string");
                header.metadata[key] = text.get<std::string>();
            }
            continue;
        }
        header.entries.push_back(read_entry(name, value, data_begin, file.size() - data_begin, path));
    }
    check_cover(header.entries, data_begin, file.size(), path);
    return header;
}

}  // namespace ft
