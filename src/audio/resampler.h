#pragma once
// Mono at any rate → mono at 16 kHz, within [-1, 1].
#include <span>
#include <vector>

#include "audio/ffmpeg_handles.h"

namespace ft {

/// A rate change in the middle starts a new filter; the old one gives its tail first, so no sample is lost.
class Resampler {
  public:
    /// Samples that follow have this rate, in Hz; appends the tail of the earlier rate, if there was one.
    /// Throws Error{out_of_memory}.
    void set_rate(int rate, std::vector<float>& out);

    /// Appends what is ready. set_rate() comes first. Throws Error{out_of_memory, internal}.
    void push(std::span<const float> mono, std::vector<float>& out);

    /// Appends the filter's tail; the end of the stream.
    void flush(std::vector<float>& out);

  private:
    void convert(const float* in, int count, std::vector<float>& out);

    FfmpegHandle<SwrContext> swr_;
    int rate_ = 0;
};

}  // namespace ft
