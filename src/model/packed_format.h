#pragma once
// The packed file's bytes: what reader and writer share. docs/formats.md, "Packed model", describes every field;
// a change of it needs a new version.
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/packed_model.h"

namespace ft {

struct PackedHeader {
    char magic[8];
    uint32_t version;
    uint32_t zero;
    uint64_t meta_size;  ///< bytes of the meta block, which follows the header
    uint64_t meta_checksum;
    uint64_t file_size;
    uint64_t reserved[2];
    uint64_t header_checksum;  ///< of the 56 bytes before
};
static_assert(sizeof(PackedHeader) == 64);

constexpr char packed_magic[8] = {'F', 'T', 'P', 'A', 'C', 'K', 'E', 'D'};
constexpr uint32_t packed_version = 1;
constexpr uint64_t packed_alignment = 64;  ///< of every weight's offset: a cache line, the widest vector

/// Everything before the weights. `entries` are sorted by name.
struct PackedMeta {
    std::string packing, fingerprint;
    ModelConfig config;
    GenerationConfig generation;
    Vocabulary vocabulary;
    struct Entry {
        std::string name;
        uint64_t offset = 0, size = 0, checksum = 0;
    };
    std::vector<Entry> entries;
};

/// The length depends on names, lists and counts only, not on offsets and checksums: it is known before weights are
/// packed.
std::vector<std::byte> write_packed_meta(const PackedMeta& meta);

/// Throws Error{bad_model} on anything that write_packed_meta could not have written.
PackedMeta read_packed_meta(std::span<const std::byte> bytes, const std::string& where);

/// The numbers of a configuration in the order of the file.
constexpr int ModelConfig::*packed_config_fields[] = {
    &ModelConfig::n_mels,          &ModelConfig::d_model,       &ModelConfig::encoder_layers,
    &ModelConfig::decoder_layers,  &ModelConfig::encoder_heads, &ModelConfig::decoder_heads,
    &ModelConfig::encoder_ffn,     &ModelConfig::decoder_ffn,   &ModelConfig::vocabulary,
    &ModelConfig::audio_positions, &ModelConfig::text_positions};
constexpr int32_t GenerationConfig::*packed_token_fields[] = {
    &GenerationConfig::end_of_text,   &GenerationConfig::start_of_transcript, &GenerationConfig::transcribe,
    &GenerationConfig::translate,     &GenerationConfig::start_of_previous,   &GenerationConfig::no_speech,
    &GenerationConfig::no_timestamps, &GenerationConfig::timestamp_begin};

}  // namespace ft
