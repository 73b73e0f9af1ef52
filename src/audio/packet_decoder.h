#pragma once
// One codec: packets in, frames of samples out.
#include <cstdint>

#include "audio/media_file.h"

namespace ft {

/// Decodes on the thread that calls it. Damaged packets are counted and passed over. One thread at a time; those of
/// one file may be used beside each other and, once made, beside MediaFile::next().
class PacketDecoder {
  public:
    /// `parameters` of the track. Throws Error{bad_media, out_of_memory}. `file` outlives this.
    PacketDecoder(const MediaFile& file, const AVCodecParameters& parameters);

    /// Null at the end of the track. receive() must have returned null before. Throws Error{out_of_memory}.
    void send(const AVPacket* packet);

    /// The next frame of what was sent, valid until the next call; null when there is none. Throws
    /// Error{out_of_memory}.
    const AVFrame* receive();

    int64_t damaged_packets() const { return damaged_; }

    /// The last packet was damaged.
    bool in_damage() const { return last_damaged_; }

    /// What was damaged so far was not of interest.
    void forget_damage() {
        damaged_ = 0;
        last_damaged_ = false;
    }

  private:
    void note_damage(int result);

    const MediaFile& file_;
    FfmpegHandle<AVCodecContext> codec_;
    FfmpegHandle<AVFrame> frame_;
    int64_t damaged_ = 0;
    bool last_damaged_ = false;
};

}  // namespace ft
