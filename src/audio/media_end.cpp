// MediaFile: does the file end where it says it does?
#include <algorithm>
#include <cstring>
#include <string_view>

#include "audio/media_file.h"
#include "base/error.h"

namespace ft {

namespace {

/// A wav that was written into a pipe holds the largest length there is, or nearly (sox), instead of its own.
bool is_placeholder_length(const AVCodecParameters& codec, double declared_s) {
    const double bytes = declared_s * static_cast<double>(codec.bit_rate) / 8;
    const auto near = [&](double limit) { return bytes > limit - 65536 && bytes <= limit + 65536; };
    return near(2147483648.0) || near(4294967296.0);
}

}  // namespace

std::optional<double> MediaFile::declared_s() const {
    if (container_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return std::nullopt;
    if (track_->duration <= 0) return std::nullopt;
    const double declared = static_cast<double>(track_->duration) * av_q2d(track_->time_base);
    if (std::string_view(format_->name) == "wav" && is_placeholder_length(*track_->codecpar, declared)) {
        return std::nullopt;
    }
    return declared;
}

std::string MediaFile::early_end(double decoded_s) {
    const auto clearly_shorter = [](double is, double should) { return is < should - 0.3 - 0.002 * should; };
    const std::optional<double> declared = declared_s();
    if (declared && clearly_shorter(decoded_s, *declared)) {
        return fmt::format("{:.1f} s of the {:.1f} s that it declares could be read", decoded_s, *declared);
    }
    if (!declared && container_->duration > 0 &&
        container_->duration_estimation_method == AVFMT_DURATION_FROM_STREAM) {
        const double start_s = container_->start_time == AV_NOPTS_VALUE ? 0.0 : static_cast<double>(container_->start_time) / AV_TIME_BASE;
        const double whole_s = static_cast<double>(container_->duration) / AV_TIME_BASE;
        const double read_s = std::max(decoded_s, last_packet_s_ - start_s);
        if (clearly_shorter(read_s, whole_s)) {
            return fmt::format("{:.1f} s of the {:.1f} s that it declares could be read", read_s, whole_s);
        }
    }
    if (!last_error_.empty()) return fmt::format("reading stopped after {:.1f} s ({})", decoded_s, last_error_);
    if (ogg_is_cut()) return fmt::format("its last page is missing or incomplete after {:.1f} s", decoded_s);
    return {};
}

bool MediaFile::ogg_is_cut() {
    // An Ogg file declares no length, but its last page says that it is the last, and how long it is.
    const std::optional<int64_t> size = source_->size();
    if (std::string_view(format_->name) != "ogg" || !size) return false;
    constexpr int64_t longest_page = 27 + 255 + 255 * 255;
    const int64_t start = std::max<int64_t>(0, *size - 2 * longest_page);
    std::string tail(static_cast<size_t>(*size - start), '\0');
    size_t filled = 0;
    while (filled < tail.size()) {
        const int64_t got = source_->read_at(start + static_cast<int64_t>(filled),
                                             reinterpret_cast<uint8_t*>(tail.data()) + filled, tail.size() - filled);
        if (got <= 0) return false;
        filled += static_cast<size_t>(got);
    }
    const size_t page = tail.rfind("OggS");
    if (page == std::string::npos || page + 27 > tail.size()) return true;
    const auto byte = [&](size_t at) { return static_cast<unsigned char>(tail[page + at]); };
    constexpr unsigned last_page_flag = 4;
    const size_t segments = byte(26);
    size_t end = page + 27 + segments;
    if (end > tail.size()) return true;
    for (size_t i = 0; i < segments; ++i) end += byte(27 + i);
    return (byte(5) & last_page_flag) == 0 || end > tail.size();
}

}  // namespace ft
