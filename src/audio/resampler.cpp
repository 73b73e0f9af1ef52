#include "audio/resampler.h"

#include <algorithm>
#include <iterator>

#include "audio/audio_reader.h"
#include "audio/ffmpeg_compat.h"
#include "base/error.h"

namespace ft {

namespace {

/// Floats of the file, and the filter's overshoot, may go beyond.
float within_full_scale(float sample) {
    return std::clamp(sample, -1.0f, 1.0f);
}

}  // namespace

void Resampler::set_rate(int rate, std::vector<float>& out) {
    if (rate == rate_) return;
    flush(out);
    rate_ = rate;
    swr_.reset();
    if (rate == sample_rate) return;
    swr_ = make_mono_resampler(rate, sample_rate);
    if (!swr_) throw Error(ErrorCode::out_of_memory, "no resampler from {} Hz can be made: too little memory", rate);
}

void Resampler::push(std::span<const float> mono, std::vector<float>& out) {
    if (!swr_) {
        std::transform(mono.begin(), mono.end(), std::back_inserter(out), within_full_scale);
        return;
    }
    // In parts, so that the buffers inside stay small whatever a decoder's frame size is.
    constexpr size_t part = 1 << 15;
    for (size_t done = 0; done < mono.size(); done += part) {
        convert(mono.data() + done, static_cast<int>(std::min(part, mono.size() - done)), out);
    }
}

void Resampler::flush(std::vector<float>& out) {
    for (size_t before = out.size(); swr_; before = out.size()) {
        convert(nullptr, 0, out);
        if (out.size() == before) return;
    }
}

void Resampler::convert(const float* in, int count, std::vector<float>& out) {
    const int room = std::max(0, swr_get_out_samples(swr_.get(), count)) + 64;
    const size_t start = out.size();
    out.resize(start + static_cast<size_t>(room));
    auto* target = reinterpret_cast<uint8_t*>(out.data() + start);
    const auto* source = reinterpret_cast<const uint8_t*>(in);
    const int got = swr_convert(swr_.get(), &target, room, in ? &source : nullptr, count);
    out.resize(start + static_cast<size_t>(std::max(0, got)));
    std::transform(out.begin() + static_cast<ptrdiff_t>(start), out.end(), out.begin() + static_cast<ptrdiff_t>(start),
                   within_full_scale);
    if (got < 0) throw Error(ErrorCode::internal, "resampling from {} Hz failed: {}", rate_, ffmpeg_message(got));
}

}  // namespace ft
