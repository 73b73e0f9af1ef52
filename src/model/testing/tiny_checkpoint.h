#pragma once
// A complete Whisper, small and random, for tests that must not need a download: written in every format that is read.
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"
#include "model/model_source.h"

namespace ft {

struct TinyTensor {
    Shape shape;
    std::vector<float> values;
};

struct TinyCheckpoint {
    ModelConfig config;
    GenerationConfig generation;  ///< what a reader must find
    Vocabulary vocabulary;
    std::vector<std::pair<std::string, std::string>> merges;  ///< raw bytes, in the order of rank
    /// By Hugging Face's names; every value is exact in float16, so that f32, f16 and split files agree to the bit.
    std::map<std::string, TinyTensor> tensors;
};

struct TinyOptions {
    uint64_t seed = 1;
    int d_model = 128;  ///< a multiple of 64
    int layers = 2;     ///< of encoder and decoder each
    int n_mels = 80;
};
/// Same options, same numbers, on every machine.
TinyCheckpoint make_tiny_checkpoint(const TinyOptions& options = {});
/// Keeps the first positions of the decoder: a random model never comes to an end, so its texts are as long as they may
/// be.
void shorten_texts(TinyCheckpoint& tiny, int positions);

/// Log-mel of noise for a whole window, [n_mels, 2·audio_positions]: another for every seed.
std::vector<float> random_log_mel(const ModelConfig& config, uint32_t seed);

struct TinyFolderOptions {
    DType dtype = DType::f16;       ///< f32, f16 or bf16 (rounded)
    int shards = 1;                 ///< more than 1: model-0000N-of-0000M.safetensors and the index
    bool store_projection = false;  ///< proj_out.weight as a copy of the embedding
    bool tokenizer_json = true;     ///< otherwise vocab.json, merges.txt and added_tokens.json
    bool generation_json = true;
};
/// A Hugging Face folder. Replaces what is there.
void write_tiny_folder(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder,
                       const TinyFolderOptions& options = {});

/// A CTranslate2 folder: f32, f16, bf16 or i8_rows (linear layers, convolutions and embedding; the rest f32).
void write_tiny_ctranslate2(const TinyCheckpoint& checkpoint, const std::filesystem::path& folder,
                            Encoding encoding = Encoding::f16);

/// A whisper.cpp file; matrices in `encoding` (any but i8_rows), vectors and positions in f32.
void write_tiny_ggml(const TinyCheckpoint& checkpoint, const std::filesystem::path& file,
                     Encoding encoding = Encoding::f16);

/// Bytes of `values` in an encoding of checkpoints; for i8_rows `row` values share one of the scales.
struct EncodedTensor {
    std::string bytes;
    std::vector<float> scales;
};
EncodedTensor encode_tensor(const std::vector<float>& values, Encoding encoding, size_t row);

/// A safetensors file of these tensors.
void write_safetensors(const std::map<std::string, TinyTensor>& tensors, const std::filesystem::path& file,
                       DType dtype);

}  // namespace ft
