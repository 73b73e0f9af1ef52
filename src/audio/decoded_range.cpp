#include "audio/decoded_range.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "audio/ffmpeg_compat.h"
#include "base/error.h"

namespace ft {

namespace {

/// mp3: a frame's bits may begin in the frames before it, up to 511 bytes back. A frame has at most 38 bytes that are
/// not such bits. What comes out further depends on the frame before (overlap, filter bank), and one is to spare.
std::optional<size_t> mp3_primer(const std::vector<Packet>& packets) {
    constexpr int reservoir = 511;
    constexpr int overhead = 38;
    constexpr size_t overlapping = 3;
    int bytes = 0;
    for (size_t count = 1; count <= packets.size(); ++count) {
        bytes += std::max(0, packets[packets.size() - count]->size - overhead);
        if (bytes < reservoir) continue;
        return count + overlapping <= packets.size() ? std::optional<size_t>(count + overlapping) : std::nullopt;
    }
    return std::nullopt;
}

/// Samples at 48 kHz in a packet (RFC 6716, §3.1 and §3.2); 0 for one that cannot be.
int64_t opus_samples(const AVPacket& packet) {
    if (packet.size < 1) return 0;
    const int configuration = packet.data[0] >> 3, code = packet.data[0] & 3;
    constexpr int64_t silk[] = {480, 960, 1920, 2880}, hybrid[] = {480, 960}, celt[] = {120, 240, 480, 960};
    const int64_t frame = configuration < 12   ? silk[configuration & 3]
                          : configuration < 16 ? hybrid[configuration & 1]
                                               : celt[configuration & 3];
    if (code < 3) return code == 0 ? frame : 2 * frame;
    return packet.size < 2 ? 0 : frame * (packet.data[1] & 63);
}

std::optional<size_t> opus_primer(const std::vector<Packet>& packets) {
    constexpr int64_t fading = 4 * 48000;
    int64_t samples = 0;
    for (size_t count = 1; count <= packets.size(); ++count) {
        samples += opus_samples(*packets[packets.size() - count]);
        if (samples >= fading) return count;
    }
    return std::nullopt;
}

}  // namespace

std::optional<size_t> primer_length(AVCodecID codec, const std::vector<Packet>& packets) {
    if (codec == AV_CODEC_ID_FLAC || codec == AV_CODEC_ID_ALAC) return 0;
    if (codec == AV_CODEC_ID_MP3) return mp3_primer(packets);
    if (codec == AV_CODEC_ID_OPUS) return opus_primer(packets);
    // A block overlaps with the one before, and the first block that a decoder sees gives nothing.
    constexpr size_t vorbis_primer = 3;
    if (codec == AV_CODEC_ID_VORBIS && packets.size() >= vorbis_primer) return vorbis_primer;
    return std::nullopt;
}

bool DecodedRange::is_ordinary(const AVPacket& packet) const {
    const bool very_first = first && &packet == packets.front().get();  // may say how much of the start is padding
    return (packet.side_data_elems == 0 || very_first) &&
           (packet.flags & (AV_PKT_FLAG_DISCARD | AV_PKT_FLAG_CORRUPT)) == 0;
}

void DecodedRange::take(const AVFrame& frame, const AVCodecParameters& shape) {
    // FFmpeg chooses between two timestamps by what it saw since the start, unless both say the same and they grow.
    ordinary = ordinary && frame.sample_rate == shape.sample_rate && frame.format == shape.format &&
               channel_count(frame) == channel_count(shape) && frame.pts == frame.pkt_dts &&
               (frame.pts == AV_NOPTS_VALUE || last_timestamp_ == AV_NOPTS_VALUE || frame.pts > last_timestamp_);
    if (frame.pts != AV_NOPTS_VALUE) last_timestamp_ = frame.pts;
}

void DecodedRange::decode_packet(const AVPacket* packet, const AVCodecParameters& shape, std::vector<Frame>& into) {
    decoder->send(packet);
    while (const AVFrame* frame = decoder->receive()) {
        take(*frame, shape);
        into.emplace_back(av_frame_clone(frame));
        if (!into.back()) throw std::bad_alloc();
    }
}

void DecodedRange::decode(const AVCodecParameters& shape) noexcept {
    try {
        std::vector<Frame> dropped;
        for (const Packet& packet : primer) decode_packet(packet.get(), shape, dropped);
        if (!dropped.empty()) before = std::move(dropped.back());
        decoder->forget_damage();  // the packets that the primer's first ones build upon are not there
        ordinary = true;
        for (const Packet& packet : packets) {
            const size_t earlier = frames.size();
            ordinary = ordinary && is_ordinary(*packet);
            decode_packet(packet.get(), shape, frames);
            // The padding at the start may swallow whole packets, but must be used up.
            ordinary = ordinary && (frames.size() > earlier || (first && &packet != &packets.back()));
        }
        if (last) decode_packet(nullptr, shape, frames);
        ordinary = ordinary && decoder->damaged_packets() == 0;
    } catch (...) {
        failure = std::current_exception();
    }
}

void DecodedRange::decode_after(DecodedRange& earlier, const AVCodecParameters& shape) noexcept {
    primer.clear();
    before.reset();
    frames.clear();
    failure = nullptr;
    last_timestamp_ = AV_NOPTS_VALUE;
    decoder = std::move(earlier.decoder);
    decode(shape);
}

bool DecodedRange::continues(const DecodedRange& earlier) const {
    if (primer.empty()) return true;
    if (!before || earlier.frames.empty() || before->nb_samples != earlier.frames.back()->nb_samples) return false;
    const AVFrame& a = *before;
    const AVFrame& b = *earlier.frames.back();
    const auto format = static_cast<AVSampleFormat>(a.format);
    const bool planar = av_sample_fmt_is_planar(format) != 0;
    const int planes = planar ? channel_count(a) : 1;
    const size_t bytes = static_cast<size_t>(a.nb_samples) * static_cast<size_t>(av_get_bytes_per_sample(format)) *
                         static_cast<size_t>(planar ? 1 : channel_count(a));
    if (a.format != b.format || channel_count(a) != channel_count(b)) return false;
    for (int i = 0; i < planes; ++i) {
        if (std::memcmp(a.extended_data[i], b.extended_data[i], bytes) != 0) return false;
    }
    return true;
}

}  // namespace ft
