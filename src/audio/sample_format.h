#pragma once
// FFmpeg's sample formats → one float vector a channel.
#include <vector>

#include "audio/ffmpeg_handles.h"

namespace ft {

/// The frame's samples in [-1, 1] nominally, [channels][nb_samples]; what is not a number becomes 0, and what lies
/// beyond ±8 is cut there, so that one broken float cannot poison the filter after it. False for unknown formats.
bool to_planar_float(const AVFrame& frame, int channels, std::vector<std::vector<float>>& planes);

}  // namespace ft
