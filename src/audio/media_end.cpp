// MediaFile: does the file end where it says it does?
#include <algorithm>
#include <string_view>

#include "audio/declared_size.h"
#include "audio/media_file.h"
#include "base/error.h"

namespace ft {

namespace {

bool clearly_shorter(double is_s, double should_s) {
    return is_s < should_s - 0.3 - 0.002 * should_s;
}

std::string shortfall(double read_s, double declared_s) {
    return fmt::format("{:.1f} s of the {:.1f} s that it declares could be read", read_s, declared_s);
}

}  // namespace

bool MediaFile::is_placeholder(double declared_s) const {
    if (std::string_view(format_->name) != "wav") return false;
    const double bytes = declared_s * static_cast<double>(track_->codecpar->bit_rate) / 8;
    const auto near = [bytes](double limit) { return bytes > limit - 65536 && bytes <= limit + 65536; };
    return near(2147483648.0) || near(4294967296.0);
}

std::optional<double> MediaFile::declared_s() const {
    if (container_->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return std::nullopt;
    if (track_->duration <= 0) return std::nullopt;
    const double declared = static_cast<double>(track_->duration) * av_q2d(track_->time_base);
    return is_placeholder(declared) ? std::nullopt : std::optional<double>(declared);
}

std::string MediaFile::why_nothing() {
    if (std::string_view(format_->name).starts_with("mov") && refers_to_other_files(*source_)) {
        return "holds no samples but refers to another file for them; give that file itself";
    }
    return fmt::format("not a single sample of its audio ({} in {}) could be decoded", info_.codec, info_.container);
}

std::string MediaFile::early_end(double track_s, double clock_s) {
    const std::optional<double> declared = declared_s();
    if (declared && clearly_shorter(track_s, *declared)) return shortfall(track_s, *declared);
    // Only the container has a length (matroska): the track may rightly end before the pictures do.
    if (!declared && container_->duration > 0 && container_->duration_estimation_method == AVFMT_DURATION_FROM_STREAM) {
        const double whole_s = static_cast<double>(container_->duration) / AV_TIME_BASE;
        const double read_s = std::max(clock_s, last_packet_s_);
        if (clearly_shorter(read_s, whole_s)) return shortfall(read_s, whole_s);
    }
    if (!last_error_.empty()) return fmt::format("reading stopped after {:.1f} s ({})", track_s, last_error_);
    const std::optional<int64_t> size = source_->size();
    const std::optional<int64_t> bytes = declared_bytes(*source_);
    // Writers that counted a header twice are no damage: a tenth of a second must be missing.
    if (size && bytes && static_cast<double>(*bytes - *size) * track_s > 0.1 * static_cast<double>(*size)) {
        return fmt::format("only {} of the {} bytes that it declares are there, {:.1f} s", *size, *bytes, track_s);
    }
    if (std::string_view(format_->name) == "ogg" && ogg_is_cut(*source_)) {
        return fmt::format("its last page is missing or incomplete after {:.1f} s", track_s);
    }
    return {};
}

}  // namespace ft
