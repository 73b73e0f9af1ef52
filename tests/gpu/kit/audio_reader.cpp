// The kit cannot carry FFmpeg: whatever is opened is a WAV file.
#include "wav_audio_reader.h"

namespace ft {

std::unique_ptr<AudioReader> AudioReader::open(const std::string& path, const AudioReading&) {
    return open_wav(path);
}

}  // namespace ft
