#pragma once
// Packets of one track → frames of samples.
#include <cstdint>

#include "audio/media_file.h"

namespace ft {

/// Decodes on one thread (recordings are decoded beside each other, each on its own). Damaged packets are counted and
/// passed over.
class TrackDecoder {
  public:
    /// Throws Error{bad_media, out_of_memory}. `file` outlives this.
    explicit TrackDecoder(MediaFile& file);

    /// The next frame, valid until the next call; null at the end. Throws Error{io, out_of_memory}.
    const AVFrame* next();

    int64_t damaged_packets() const { return damaged_; }

    /// At the end: the last packet was damaged, as it is in a file that was cut off.
    bool ended_in_damage() const { return last_damaged_; }

  private:
    bool receive();
    void note_damage(int result);

    MediaFile& file_;
    FfmpegHandle<AVCodecContext> codec_;
    FfmpegHandle<AVPacket> packet_;
    FfmpegHandle<AVFrame> frame_;
    int64_t damaged_ = 0;
    bool last_damaged_ = false;
    bool draining_ = false;
};

}  // namespace ft
