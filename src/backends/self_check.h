#pragma once
// Trust, but look: a device whose driver, chip or build is not as expected may answer quickly and wrongly.
#include "tensor/backend.h"

namespace ft {

/// Every kind of operation once on small random shapes, beside the reference backend; some 20 ms of the caller's
/// thread. Throws Error{internal} that names the first operation whose results are not within the backend's precision,
/// and what the backend throws.
void check_arithmetic(Backend& backend);

}  // namespace ft
