#include "audio/packet_decoder.h"

#include "base/error.h"

namespace ft {

PacketDecoder::PacketDecoder(const MediaFile& file, const AVCodecParameters& parameters) : file_(file) {
    const AVCodec* decoder = avcodec_find_decoder(parameters.codec_id);
    codec_.reset(avcodec_alloc_context3(decoder));
    frame_.reset(av_frame_alloc());
    if (!codec_ || !frame_ || avcodec_parameters_to_context(codec_.get(), &parameters) < 0) {
        throw Error(ErrorCode::out_of_memory, "{}: cannot be decoded: too little memory", file.name());
    }
    codec_->pkt_timebase = file.time_base();  // lets FFmpeg move timestamps past the encoder's delay
    codec_->thread_count = 1;
    // FLAC frames carry checksums: one that fails would be loud noise, and is better left out.
    if (parameters.codec_id == AV_CODEC_ID_FLAC) codec_->err_recognition |= AV_EF_CRCCHECK | AV_EF_EXPLODE;
    const int opened = avcodec_open2(codec_.get(), decoder, nullptr);
    if (opened < 0) {
        throw Error(ErrorCode::bad_media, "{}: its audio ({}) cannot be decoded: {}", file.name(), file.info().codec,
                    ffmpeg_message(opened));
    }
}

void PacketDecoder::note_damage(int result) {
    if (result == AVERROR(ENOMEM)) {
        throw Error(ErrorCode::out_of_memory, "{}: too little memory to decode it", file_.name());
    }
    ++damaged_;
    last_damaged_ = true;
}

void PacketDecoder::send(const AVPacket* packet) {
    const int result = avcodec_send_packet(codec_.get(), packet);
    if (packet != nullptr && result < 0 && result != AVERROR_EOF) note_damage(result);
}

const AVFrame* PacketDecoder::receive() {
    av_frame_unref(frame_.get());
    const int result = avcodec_receive_frame(codec_.get(), frame_.get());
    if (result >= 0) {
        last_damaged_ = false;
        return frame_.get();
    }
    if (result != AVERROR(EAGAIN) && result != AVERROR_EOF) note_damage(result);
    return nullptr;
}

}  // namespace ft
