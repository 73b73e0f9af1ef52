// Checkpoint → packed file, one weight in memory at a time.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/checksum64.h"
#include "base/error.h"
#include "base/replacement_file.h"
#include "model/packed_format.h"

namespace ft {

namespace {

/// A tensor's numbers at the end of `values`. Throws Error{bad_model} when one of them is none.
void append_numbers(const ModelSource& source, const std::string& name, std::vector<float>& values) {
    std::vector<float> part = source.tensor(name).to_f32();
    if (!std::all_of(part.begin(), part.end(), [](float value) { return std::isfinite(value); })) {
        throw Error(ErrorCode::bad_model, "{}: tensor {} holds infinite or undefined numbers; fetch the model again",
                    source.files().empty() ? source.format() : source.files().front().string(), name);
    }
    if (values.empty()) {
        values = std::move(part);
    } else {
        values.insert(values.end(), part.begin(), part.end());
    }
}

std::vector<std::byte> pack_weight(const ModelSource& source, const WeightPacker& packer, const WeightSpec& spec) {
    std::vector<float> weight, bias;
    for (const std::string& name : spec.weights) append_numbers(source, name, weight);
    const size_t part = static_cast<size_t>(spec.shape[0]) / spec.weights.size();
    for (const std::string& name : spec.biases) {
        if (name.empty()) {
            bias.resize(bias.size() + part);
        } else {
            append_numbers(source, name, bias);
        }
    }
    const Shape bias_shape = bias.empty() ? Shape{} : Shape{static_cast<int64_t>(bias.size())};
    return packer.pack(spec.kind, {DType::f32, spec.shape, std::as_bytes(std::span<const float>(weight))},
                       {DType::f32, bias_shape, std::as_bytes(std::span<const float>(bias))});
}

template <typename T>
std::span<const std::byte> bytes_of(const T& value) {
    return std::as_bytes(std::span<const T, 1>(&value, 1));
}

void write_header(ReplacementFile& file, const std::vector<std::byte>& meta) {
    PackedHeader header{};
    std::memcpy(header.magic, packed_magic, sizeof packed_magic);
    header.version = packed_version;
    header.meta_size = meta.size();
    header.meta_checksum = checksum64(meta);
    header.file_size = file.size();
    header.header_checksum = checksum64(bytes_of(header).first(offsetof(PackedHeader, header_checksum)));
    file.rewrite(0, bytes_of(header));
    file.rewrite(sizeof header, meta);
}

}  // namespace

void write_packed_model(const ModelSource& source, const WeightPacker& packer, const std::filesystem::path& path) {
    const std::vector<WeightSpec> specs = weight_specs(source.config());
    PackedMeta meta{packer.packing(),    fingerprint(source), source.config(),
                    source.generation(), source.vocabulary(), {}};
    for (const WeightSpec& spec : specs) meta.entries.push_back({spec.name, 0, 0, 0});
    std::sort(meta.entries.begin(), meta.entries.end(), [](const auto& a, const auto& b) { return a.name < b.name; });

    ReplacementFile file(path);
    file.append(std::vector<std::byte>(sizeof(PackedHeader) + write_packed_meta(meta).size()));
    for (const WeightSpec& spec : specs) {
        const std::vector<std::byte> packed = pack_weight(source, packer, spec);
        file.align(packed_alignment);
        const auto entry =
            std::find_if(meta.entries.begin(), meta.entries.end(), [&](const auto& e) { return e.name == spec.name; });
        entry->offset = file.size();
        entry->size = packed.size();
        entry->checksum = checksum64(packed);
        file.append(packed);
    }
    write_header(file, write_packed_meta(meta));
    file.commit();
}

}  // namespace ft
