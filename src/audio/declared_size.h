#pragma once
// What a container's headers say about its length and its samples' place, where FFmpeg keeps that to itself.
#include <cstdint>
#include <optional>

#include "audio/byte_source.h"

namespace ft {

/// The bytes that a wav, w64, avi, caf or asf (wma) file declares to have up to the end of its samples; nothing for
/// other files and for those that were written into a pipe and hold a placeholder.
std::optional<int64_t> declared_bytes(ByteSource& source);

/// True when a mov or mp4 file says that samples of it lie in another file: why there is nothing to decode.
bool refers_to_other_files(ByteSource& source);

/// True when an Ogg file does not end with a complete page that is marked as the last one. Only once size() is known.
bool ogg_is_cut(ByteSource& source);

}  // namespace ft
