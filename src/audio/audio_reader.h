#pragma once
// Any container and codec with an audio track → 16 kHz mono float PCM, as a stream.
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/sample_time.h"

namespace ft {

struct AudioInfo {
    std::string container;    ///< FFmpeg's short name, e.g. "mov,mp4,m4a,3gp,3g2,mj2".
    std::string codec;        ///< e.g. "aac".
    int source_rate = 0;      ///< Hz, in the file.
    int channels = 0;         ///< in the file.
    double duration_s = 0.0;  ///< as the container says; 0 when it does not know (pipes).
};

enum class ChannelReading { mix, split };

/// How a file is read.
struct AudioReading {
    ChannelReading channels = ChannelReading::mix;  ///< `split`: for read_channels(), else for read()
    /// That may decode, the reader's among them. The samples and all else are the same whatever it is; it only matters
    /// for long files of some codecs (range_decoder.h).
    int threads = 1;
};

/// Reads one source from start to end, once. Move-only in effect; one thread at a time.
/// Memory is bounded whatever the length. Times are those of the samples: sample i lies at i / 16000 s.
class AudioReader {
  public:
    virtual ~AudioReader() = default;

    /// Opens a file; "-" reads standard input. Throws Error{not_found, permission, bad_media, io}: one sentence that
    /// names the file and the reason. Only the file and pipe protocols and plain media formats are allowed: playlists
    /// and formats that refer to other files (HLS, concat, …) are refused.
    static std::unique_ptr<AudioReader> open(const std::string& path, const AudioReading& reading = {});

    virtual const AudioInfo& info() const = 0;

    /// Replaces `samples` by the next 1..max_samples samples in [-1, 1]; false (and empty) at the end.
    /// A damaged or truncated stream ends where it ends: warnings() then says so.
    /// Throws Error{bad_media} when not a single sample could be decoded, Error{io} when reading fails.
    virtual bool read(std::vector<float>& samples, size_t max_samples) = 0;

    /// As read(), each channel by itself: [channels][samples], all of equal length, as many channels in every call.
    /// Where a stream goes on with other channels, missing ones are silent and further ones are left out.
    /// Throws Error{unsupported} for more than 16 channels.
    virtual bool read_channels(std::vector<std::vector<float>>& channels, size_t max_samples) = 0;

    /// Sentences for the result, complete once read() has returned false.
    virtual const std::vector<std::string>& warnings() const = 0;
};

/// The whole source at once, for tests and short files.
std::vector<float> read_all(AudioReader& reader);

}  // namespace ft
