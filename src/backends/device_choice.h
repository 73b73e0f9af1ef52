#pragma once
// --device auto: the GPU where there is one that computes rightly, and otherwise what can be had.
#include <functional>
#include <optional>
#include <string>

#include "tensor/backend.h"

namespace ft {

using MakeBackend = std::function<std::unique_ptr<Backend>(const BackendOptions&)>;
using UseBackend = std::function<void(std::unique_ptr<Backend>)>;

/// Opens `first`, looks whether it computes rightly (self_check.h; a GPU only), and hands it to `use`. Where any of
/// these fails for the device's sake (Error{unsupported, out_of_memory, internal}), the same with `otherwise`; then
/// returns why, as one clause, else "". Throws what `make` and `use` throw when there is no `otherwise`, and always
/// what is the user's or the model's fault.
std::string use_backend(const BackendOptions& first, const std::optional<BackendOptions>& otherwise,
                        const UseBackend& use, const MakeBackend& make = make_backend);

}  // namespace ft
