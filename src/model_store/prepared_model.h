#pragma once
// A checkpoint → the packed file that a run maps: made at the first use, made again when it no longer fits.
#include <filesystem>
#include <functional>
#include <string>

#include "model/packed_model.h"
#include "model_store/model_store.h"
#include "tensor/backend.h"

namespace ft {

struct PreparedModel {
    std::filesystem::path file;  ///< what Transcriber maps
    std::string source_format;   ///< "safetensors", "ctranslate2", "ggml"
    /// SHA-256 of the file with the weights as it was published; of several (shards), of "<sha256>  <name>\n" for each.
    std::string source_sha256;
    bool packed_now = false;
};

/// Returns the packed file of `model` as `packer` lays it out, which is packed when there is none, when the checkpoint
/// has changed since, or when the packed file is damaged or of another version; `notice` gets a sentence about the
/// reason before the work begins. What was checked is remembered in a stamp beside the packed file, so that the next
/// start needs neither the checkpoint's contents nor a checksum over all weights. Processes that do this at the same
/// time do not collide. Throws Error{bad_model, permission, io}.
PreparedModel prepare_packed_model(const LocatedModel& model, const ModelStore& store, const WeightPacker& packer,
                                   const std::function<void(const std::string&)>& notice);

}  // namespace ft
