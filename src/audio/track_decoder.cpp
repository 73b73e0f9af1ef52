#include "audio/track_decoder.h"

#include <utility>

#include "base/error.h"

namespace ft {

TrackDecoder::TrackDecoder(MediaFile& file)
    : TrackDecoder(std::make_unique<PacketDecoder>(file, *file.track().codecpar),
                   [&file](AVPacket& packet) { return file.next(packet); }) {}

TrackDecoder::TrackDecoder(std::unique_ptr<PacketDecoder> decoder, PacketFunction read)
    : decoder_(std::move(decoder)), read_(std::move(read)), packet_(av_packet_alloc()) {
    if (!packet_) throw Error(ErrorCode::out_of_memory, "audio cannot be decoded: too little memory");
}

const AVFrame* TrackDecoder::next() {
    for (;;) {
        if (const AVFrame* frame = decoder_->receive()) return frame;
        if (draining_) return nullptr;
        if (read_(*packet_)) {
            decoder_->send(packet_.get());
            av_packet_unref(packet_.get());
        } else {
            draining_ = true;
            decoder_->send(nullptr);
        }
    }
}

}  // namespace ft
