#pragma once
// The variables of a CTranslate2 model.bin, where they lie.
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>

#include "tensor/tensor.h"

namespace ft {

/// CTranslate2's numbers for element types.
enum class Ct2Type : uint8_t { f32 = 0, i8 = 1, i16 = 2, i32 = 3, f16 = 4, bf16 = 5 };

struct Ct2Variable {
    std::string name;  ///< its own, also where an alias led to it: its scales go by that
    Ct2Type type = Ct2Type::f32;
    Shape shape;                       ///< empty for a scalar; the product does not overflow
    std::span<const std::byte> bytes;  ///< exactly what type and shape need
};
using Ct2Variables = std::map<std::string, Ct2Variable>;

/// All variables by name, aliases too. Throws Error{bad_model, unsupported}, whatever the bytes are; `where` is only
/// named in errors.
Ct2Variables read_ctranslate2_variables(std::span<const std::byte> bytes, const std::string& where);

}  // namespace ft
