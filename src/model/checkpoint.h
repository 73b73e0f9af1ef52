#pragma once
// What every reader of a checkpoint produces: the ModelSource over named tensors, wherever and however they are stored.
#include <map>
#include <string>
#include <vector>

#include "base/mapped_file.h"
#include "model/model_source.h"

namespace ft {

/// How numbers are written in a checkpoint. The blocks are ggml's, 32 numbers each (docs/formats.md).
enum class Encoding : uint8_t { f32, f16, bf16, i8_rows, q4_0, q4_1, q5_0, q5_1, q8_0 };

/// A tensor where it lies in a file.
struct StoredTensor {
    Encoding encoding = Encoding::f32;
    Shape shape;
    std::span<const std::byte> bytes;   ///< exactly what encoding and shape need; checked by the reader
    std::span<const std::byte> scales;  ///< i8_rows: f32, one for each row or one for all; value = stored / scale
};

/// Bytes that a tensor of this shape takes; 0 when the shape does not fit the encoding's blocks. The shape's product
/// must not overflow.
size_t stored_size(Encoding encoding, const Shape& shape);

/// A view where the numbers are plain, otherwise an owned f32 copy. Throws Error{bad_model} when sizes do not fit.
HostTensor decode_tensor(const StoredTensor& tensor);

using TensorMap = std::map<std::string, StoredTensor>;  // by Hugging Face's names

struct Checkpoint {
    ModelConfig config;
    GenerationConfig generation;
    Vocabulary vocabulary;
    std::string format;
    std::string where;  ///< file named in errors
    TensorMap tensors;  ///< views of `mappings` (or of memory that outlives the source)
    std::vector<MappedFile> mappings;
    std::vector<std::filesystem::path> files;
};

/// Throws Error{bad_model, unsupported} when the output projection is stored and differs from the embedding.
std::unique_ptr<ModelSource> make_model_source(Checkpoint checkpoint);

}  // namespace ft
