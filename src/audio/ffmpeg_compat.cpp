#include "audio/ffmpeg_compat.h"

#include <cstdarg>
#include <cstring>
#include <mutex>

#include "base/log.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/log.h>
}

namespace ft {

namespace {

constexpr bool has_bit(uint64_t mask, uint64_t bits) {
    return (mask & bits) != 0;
}

ChannelRole role_of(uint64_t bit) {
    if (has_bit(bit, AV_CH_FRONT_CENTER)) return ChannelRole::centre;
    if (has_bit(bit, AV_CH_LOW_FREQUENCY | AV_CH_LOW_FREQUENCY_2)) return ChannelRole::low_frequency;
    constexpr uint64_t front = AV_CH_FRONT_LEFT | AV_CH_FRONT_RIGHT | AV_CH_FRONT_LEFT_OF_CENTER |
                               AV_CH_FRONT_RIGHT_OF_CENTER | AV_CH_STEREO_LEFT | AV_CH_STEREO_RIGHT | AV_CH_WIDE_LEFT |
                               AV_CH_WIDE_RIGHT;
    return has_bit(bit, front) ? ChannelRole::front : ChannelRole::surround;
}

/// Channels stand in the order of their bits.
std::vector<ChannelRole> roles_of(uint64_t mask, int channels) {
    std::vector<ChannelRole> roles;
    for (int bit = 0; bit < 64; ++bit) {
        if (has_bit(mask, uint64_t{1} << bit)) roles.push_back(role_of(uint64_t{1} << bit));
    }
    if (static_cast<int>(roles.size()) != channels) roles.assign(static_cast<size_t>(channels), ChannelRole::plain);
    return roles;
}

void log_line(void* context, int level, const char* format, va_list arguments) {
    if (level > AV_LOG_WARNING || !spdlog::should_log(spdlog::level::debug)) return;
    // That decoders of pictures are kept shut is our own wish (media_file.cpp), told at length at every probing.
    if (std::strstr(format, "not on whitelist") != nullptr) return;
    char line[512];
    int print_prefix = 1;
    const int written = av_log_format_line2(context, level, format, arguments, line, sizeof line, &print_prefix);
    if (written <= 0) return;
    std::string_view text(line);
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    try {
        spdlog::debug("ffmpeg: {}", text);
    } catch (...) {  // C calls this: a line may be lost, an exception may not pass
    }
}

}  // namespace

#if LIBAVUTIL_VERSION_INT >= AV_VERSION_INT(57, 28, 100)  // FFmpeg 5.1: AVChannelLayout

int channel_count(const AVFrame& frame) {
    return frame.ch_layout.nb_channels;
}
int channel_count(const AVCodecParameters& parameters) {
    return parameters.ch_layout.nb_channels;
}

std::vector<ChannelRole> channel_roles(const AVFrame& frame) {
    const AVChannelLayout& layout = frame.ch_layout;
    return roles_of(layout.order == AV_CHANNEL_ORDER_NATIVE ? layout.u.mask : 0, layout.nb_channels);
}

FfmpegHandle<SwrContext> make_mono_resampler(int source_rate, int target_rate) {
    AVChannelLayout mono = {};
    av_channel_layout_default(&mono, 1);
    SwrContext* context = nullptr;
    const int result = swr_alloc_set_opts2(&context, &mono, AV_SAMPLE_FMT_FLT, target_rate, &mono, AV_SAMPLE_FMT_FLT,
                                           source_rate, 0, nullptr);
    FfmpegHandle<SwrContext> resampler(context);
    if (result < 0 || swr_init(resampler.get()) < 0) resampler.reset();
    return resampler;
}

#else  // FFmpeg 4.4: a mask and a count

int channel_count(const AVFrame& frame) {
    return frame.channels;
}
int channel_count(const AVCodecParameters& parameters) {
    return parameters.channels;
}

std::vector<ChannelRole> channel_roles(const AVFrame& frame) {
    return roles_of(frame.channel_layout, frame.channels);
}

FfmpegHandle<SwrContext> make_mono_resampler(int source_rate, int target_rate) {
    FfmpegHandle<SwrContext> resampler(swr_alloc_set_opts(nullptr, AV_CH_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, target_rate,
                                                          AV_CH_LAYOUT_MONO, AV_SAMPLE_FMT_FLT, source_rate, 0,
                                                          nullptr));
    if (resampler && swr_init(resampler.get()) < 0) resampler.reset();
    return resampler;
}

#endif

void route_ffmpeg_log() {
    // FFmpeg has one callback for the process; setting it again to the same value is harmless but is a data race.
    static std::once_flag once;
    std::call_once(once, [] { av_log_set_callback(log_line); });
}

}  // namespace ft
