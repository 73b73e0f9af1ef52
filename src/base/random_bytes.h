#pragma once
// The system's randomness, fit for secrets.
#include <cstddef>
#include <string>

namespace ft {

/// At most 256 bytes. Throws Error{io} when the system gives none.
std::string random_bytes(size_t count);

}  // namespace ft
