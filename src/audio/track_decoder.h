#pragma once
// Packets of one track → frames of samples, on one thread or on several.
#include <cstdint>
#include <functional>
#include <memory>

#include "audio/media_file.h"
#include "audio/packet_decoder.h"

namespace ft {

/// The frames of a track in their order.
class FrameSource {
  public:
    virtual ~FrameSource() = default;

    /// The next frame, valid until the next call; null at the end. Throws Error{io, bad_media, out_of_memory}.
    virtual const AVFrame* next() = 0;

    /// Passed over so far; decoding may be some packets ahead of the frame that next() gave.
    virtual int64_t damaged_packets() const = 0;

    /// At the end: the last packet was damaged, as it is in a file that was cut off.
    virtual bool ended_in_damage() const = 0;
};

/// Decodes packet by packet on the caller's thread.
class TrackDecoder final : public FrameSource {
  public:
    /// The next packet; false at the end.
    using PacketFunction = std::function<bool(AVPacket&)>;

    /// Throws Error{bad_media, out_of_memory}. `file` outlives this.
    explicit TrackDecoder(MediaFile& file);

    /// Goes on where `decoder` stands, with packets from `read`.
    TrackDecoder(std::unique_ptr<PacketDecoder> decoder, PacketFunction read);

    const AVFrame* next() override;
    int64_t damaged_packets() const override { return decoder_->damaged_packets(); }
    bool ended_in_damage() const override { return decoder_->in_damage(); }

  private:
    std::unique_ptr<PacketDecoder> decoder_;
    PacketFunction read_;
    FfmpegHandle<AVPacket> packet_;
    bool draining_ = false;
};

}  // namespace ft
