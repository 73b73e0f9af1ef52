#pragma once
// 16-kHz WAV files behind AudioReader, for programs that must do without FFmpeg's libraries.
#include <memory>
#include <string>

#include "audio/audio_reader.h"

namespace ft {

/// 16-bit PCM of any number of channels up to 16, at 16,000 Hz; other WAV files are refused. A file that ends before
/// its header says is read to where it ends, with a warning. Throws as AudioReader::open.
std::unique_ptr<AudioReader> open_wav(const std::string& path);

}  // namespace ft
