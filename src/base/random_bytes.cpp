#include "base/random_bytes.h"

#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace ft {

std::string random_bytes(size_t count) {
    std::string bytes(count, '\0');
    // Up to 256 bytes come whole or not at all.
    if (count > 256) throw Error(ErrorCode::internal, "{} random bytes are asked for at once", count);
    if (::getrandom(bytes.data(), count, 0) != static_cast<ssize_t>(count))
        throw Error(ErrorCode::io, "the system gives no random numbers: {}", std::strerror(errno));
    return bytes;
}

}  // namespace ft
