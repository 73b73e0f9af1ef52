#pragma once
// A stretch of a track's packets, decoded by itself so that its frames are those of decoding from the start.
#include <exception>
#include <memory>
#include <optional>
#include <vector>

#include "audio/media_file.h"
#include "audio/packet_decoder.h"

namespace ft {

using Packet = FfmpegHandle<AVPacket>;
using Frame = FfmpegHandle<AVFrame>;

/// How many packets before a range its decoder must have seen to stand where one that saw all would stand; nothing for
/// codecs that remember more than a few packets (aac draws noise from one sequence for the whole file, ac3 dithers),
/// and when `packets` are too few. Opus predicts and filters without end, but what a decoder has not seen fades until
/// the samples are the same to the last bit: after two seconds at 106 borders of 108, after four at all of them, but
/// where a tone has faded into digital silence (1e-45 apart). So continues() is asked of every range. Pure.
std::optional<size_t> primer_length(AVCodecID codec, const std::vector<Packet>& packets);

/// Packets are filled in by the thread that reads them; decode() then belongs to one thread, the results to the next.
struct DecodedRange {
    std::vector<Packet> primer;   ///< the last packets of the range before: decoded for what they leave behind
    std::vector<Packet> packets;  ///< at least one, but for the last range
    std::unique_ptr<PacketDecoder> decoder;
    bool first = false;            ///< of the track
    bool last = false;             ///< after its packets the decoder is drained
    bool can_be_continued = true;  ///< there is a primer for the range after it

    std::vector<Frame> frames;
    Frame before;  ///< the primer's last frame; null when it gave none
    /// Nothing happened that the primer of the range after might not tell: then that one is right, too. A range is
    /// right in itself when all before it were ordinary, whatever happens in it.
    bool ordinary = true;
    std::exception_ptr failure;  ///< after the frames

    /// Throws nothing: see failure.
    void decode(const AVCodecParameters& shape) noexcept;

    /// The range before ended with the very samples that the primer ended with (or there was none).
    bool continues(const DecodedRange& earlier) const;

    /// Once more, by the decoder of the range before, which must be ordinary and gives it away: as without ranges.
    void decode_after(DecodedRange& earlier, const AVCodecParameters& shape) noexcept;

  private:
    void decode_packet(const AVPacket* packet, const AVCodecParameters& shape, std::vector<Frame>& into);
    void take(const AVFrame& frame, const AVCodecParameters& shape);
    bool is_ordinary(const AVPacket& packet) const;

    int64_t last_timestamp_ = AV_NOPTS_VALUE;
};

}  // namespace ft
