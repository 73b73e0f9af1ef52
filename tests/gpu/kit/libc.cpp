// What Debian's FFmpeg takes from a newer libc than Ubuntu 22.04 has.
#include <sys/random.h>

#include <cstdint>
#include <cstdlib>

extern "C" uint32_t arc4random() {
    uint32_t value = 0;
    if (getrandom(&value, sizeof(value), 0) != sizeof(value)) std::abort();
    return value;
}
