#include "audio/sample_format.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

extern "C" {
#include <libavutil/samplefmt.h>
}

namespace ft {

namespace {

template <typename T>
float to_float(T value) {
    if constexpr (std::is_same_v<T, uint8_t>) {
        return static_cast<float>(static_cast<int>(value) - 128) * (1.0f / 128);
    } else if constexpr (std::is_integral_v<T>) {
        // 2^(bits-1): full scale of a signed sample.
        constexpr float scale = static_cast<float>(1.0 / (static_cast<double>(uint64_t{1} << (sizeof(T) * 8 - 1))));
        return static_cast<float>(value) * scale;
    } else {
        const auto sample = static_cast<float>(value);
        return std::isnan(sample) ? 0.0f : std::clamp(sample, -8.0f, 8.0f);
    }
}

template <typename T>
void convert(const AVFrame& frame, bool planar, std::vector<std::vector<float>>& planes) {
    const auto count = static_cast<size_t>(frame.nb_samples);
    const size_t stride = planar ? 1 : planes.size();
    for (size_t c = 0; c < planes.size(); ++c) {
        const T* in = planar ? reinterpret_cast<const T*>(frame.extended_data[c])
                             : reinterpret_cast<const T*>(frame.extended_data[0]) + c;
        float* out = planes[c].data();
        for (size_t i = 0; i < count; ++i) out[i] = to_float(in[i * stride]);
    }
}

}  // namespace

bool to_planar_float(const AVFrame& frame, int channels, std::vector<std::vector<float>>& planes) {
    planes.resize(static_cast<size_t>(channels));
    for (auto& plane : planes) plane.resize(static_cast<size_t>(frame.nb_samples));
    const auto format = static_cast<AVSampleFormat>(frame.format);
    const bool planar = av_sample_fmt_is_planar(format) != 0;
    switch (av_get_packed_sample_fmt(format)) {
        case AV_SAMPLE_FMT_U8:
            convert<uint8_t>(frame, planar, planes);
            return true;
        case AV_SAMPLE_FMT_S16:
            convert<int16_t>(frame, planar, planes);
            return true;
        case AV_SAMPLE_FMT_S32:
            convert<int32_t>(frame, planar, planes);
            return true;
        case AV_SAMPLE_FMT_S64:
            convert<int64_t>(frame, planar, planes);
            return true;
        case AV_SAMPLE_FMT_FLT:
            convert<float>(frame, planar, planes);
            return true;
        case AV_SAMPLE_FMT_DBL:
            convert<double>(frame, planar, planes);
            return true;
        default:
            return false;
    }
}

}  // namespace ft
