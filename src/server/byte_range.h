#pragma once
// The Range header: one range of bytes.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/api.h"

namespace ft {

struct ByteRange {
    int64_t first = 0, last = 0;  ///< both within; first may lie past the end, see no_such_range
};

/// "bytes=5-9", "bytes=5-", "bytes=-3" of something with `size` bytes; nothing for what HTTP says to pass over: other
/// units, several ranges, nonsense.
std::optional<ByteRange> parse_range(std::string_view header, int64_t size);

/// 416, with the size. `what`: "the result"
ApiReply no_such_range(const std::string& what, int64_t size);

/// "bytes 5-9/100"
std::string content_range(const ByteRange& range, int64_t size);

}  // namespace ft
