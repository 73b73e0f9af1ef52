#pragma once
// The few places where FFmpeg 4.4, 5.1 and later differ. No other file looks at FFmpeg's version.
#include <vector>

#include "audio/downmix.h"
#include "audio/ffmpeg_handles.h"

namespace ft {

int channel_count(const AVFrame& frame);
int channel_count(const AVCodecParameters& parameters);

/// Where each channel of the frame belongs, [channels]; all `plain` when the file does not say.
std::vector<ChannelRole> channel_roles(const AVFrame& frame);

/// Mono float at `source_rate` Hz → mono float at `target_rate` Hz; null when there is no memory.
FfmpegHandle<SwrContext> make_mono_resampler(int source_rate, int target_rate);

/// Sends FFmpeg's log lines to ours at debug level instead of stderr. Any thread, any number of times.
void route_ffmpeg_log();

}  // namespace ft
