#pragma once
// The reader behind AudioReader::open(), for any source of bytes.
#include <memory>

#include "audio/audio_reader.h"
#include "audio/byte_source.h"

namespace ft {

/// As AudioReader::open(), which is this on open_byte_source(path).
std::unique_ptr<AudioReader> open_audio(std::unique_ptr<ByteSource> source, const AudioReading& reading = {});

}  // namespace ft
