#include "model_store/prepared_model.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "base/sha256.h"
#include "model_store/packed_stamp.h"

namespace ft {

namespace {

std::string hash_of_weights(const ModelSource& source) {
    std::vector<std::filesystem::path> weights;
    for (const std::filesystem::path& file : source.files()) {
        if (file.extension() == ".bin" || file.extension() == ".safetensors") weights.push_back(file);
    }
    if (weights.empty()) return "";
    if (weights.size() == 1) return sha256_hex_of_file(weights[0]);
    std::sort(weights.begin(), weights.end());
    std::string list;
    for (const std::filesystem::path& file : weights)
        list += sha256_hex_of_file(file) + "  " + file.filename().string() + "\n";
    return sha256_hex(std::as_bytes(std::span(list)));
}

/// Whether nothing has changed since the stamp was written. The header is read too: it tells another version of the
/// format.
bool still_true(const PackedStamp& known, const PackedStamp& now, const std::filesystem::path& file) {
    try {
        if (known.checkpoint != now.checkpoint || known.packing != now.packing || known.packed != file_state(file))
            return false;
        PackedModel::open(file, now.packing, /*verify_weights=*/false);
        return true;
    } catch (const Error&) {
        return false;
    }
}

/// Why the packed file cannot be used for this checkpoint; empty when it can. Reads all of it.
std::string what_is_wrong(const std::filesystem::path& file, const std::string& packing, const ModelSource& source) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) return "is used for the first time";
    try {
        const PackedModel packed = PackedModel::open(file, packing, /*verify_weights=*/true);
        return packed.source_fingerprint() == fingerprint(source) ? "" : "has changed since it was prepared";
    } catch (const Error& failure) {
        if (failure.code() != ErrorCode::bad_model) throw;
        return fmt::format("has to be prepared again ({})", failure.what());
    }
}

}  // namespace

PreparedModel prepare_packed_model(const LocatedModel& model, const ModelStore& store, const WeightPacker& packer,
                                   const std::function<void(const std::string&)>& notice) {
    const std::string& packing = packer.packing();
    PreparedModel prepared;
    prepared.file = store.packed_path(model, packing);
    // Taken before anything is read: a change during the work makes the stamp outdated, never wrong.
    PackedStamp stamp;
    stamp.checkpoint = checkpoint_state(model.path);
    stamp.packing = packing;
    if (const auto known = read_stamp(prepared.file); known && still_true(*known, stamp, prepared.file)) {
        prepared.source_format = known->source_format;
        prepared.source_sha256 = known->source_sha256;
        return prepared;
    }
    const std::unique_ptr<ModelSource> source = open_model_source(model.path);
    if (const std::string reason = what_is_wrong(prepared.file, packing, *source); !reason.empty()) {
        notice(fmt::format("{} {}; preparing it, which takes some seconds", model.name.given, reason));
        try {
            write_packed_model(*source, packer, prepared.file);
        } catch (const Error& error) {
            if (error.code() != ErrorCode::permission) throw;
            // The folder with the outdated or missing file is only for reading here.
            prepared.file = store.writable_packed_path(model, packing);
            write_packed_model(*source, packer, prepared.file);
        }
        prepared.packed_now = true;
    }
    stamp.source_format = prepared.source_format = source->format();
    stamp.source_sha256 = prepared.source_sha256 = hash_of_weights(*source);
    stamp.packed = file_state(prepared.file);
    try {
        write_stamp(prepared.file, stamp);
    } catch (const Error&) {
        // A read-only folder with a packed file in it (a machine image): the next start checks everything again.
    }
    return prepared;
}

}  // namespace ft
