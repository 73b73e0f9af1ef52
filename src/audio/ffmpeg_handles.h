#pragma once
// FFmpeg's objects as move-only C++ handles. Only .cpp files of this folder include this.
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/frame.h>
#include <libavutil/mem.h>
#include <libswresample/swresample.h>
}

#include <memory>
#include <string>

namespace ft {

struct FfmpegDeleter {
    void operator()(AVFormatContext* context) const { avformat_close_input(&context); }
    void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
    void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
    void operator()(SwrContext* context) const { swr_free(&context); }
    void operator()(AVIOContext* context) const {
        // The buffer is ours to free: FFmpeg may have exchanged the one that was given.
        av_freep(&context->buffer);
        avio_context_free(&context);
    }
};

template <typename T>
using FfmpegHandle = std::unique_ptr<T, FfmpegDeleter>;

/// FFmpeg's own words for one of its error codes.
inline std::string ffmpeg_message(int code) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(code, text, sizeof text);
    return text;
}

}  // namespace ft
