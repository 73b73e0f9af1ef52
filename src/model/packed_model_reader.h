#pragma once
// The packed file's reader over memory, for PackedModel::open, tests and fuzzing.
#include "model/packed_model.h"

namespace ft {

class PackedModelReader {
  public:
    /// As PackedModel::open; `bytes` must outlive the result, `where` is only named in errors. Throws Error{bad_model}.
    static PackedModel parse(std::span<const std::byte> bytes, const std::string& where, const std::string& packing,
                             bool verify_weights);
};

}  // namespace ft
