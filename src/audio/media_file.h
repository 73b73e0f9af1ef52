#pragma once
// One container, opened under the policy, and the packets of the one audio track that is transcribed.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audio/audio_reader.h"
#include "audio/byte_source.h"
#include "audio/ffmpeg_handles.h"
#include "audio/timeline.h"

namespace ft {

/// What recordings have: 1 to 768 kHz and up to 64 channels. Beyond it headers are damaged.
constexpr int lowest_rate = 1000;
constexpr int highest_rate = 768000;
constexpr int most_channels = 64;
constexpr bool is_possible_shape(int rate, int channels) {
    return rate >= lowest_rate && rate <= highest_rate && channels > 0 && channels <= most_channels;
}

/// Not movable: FFmpeg holds pointers into it. One thread at a time.
class MediaFile {
  public:
    /// Recognizes the container, refuses everything but plain media, and chooses the track: the one marked as default,
    /// else the one FFmpeg thinks best. Throws Error{bad_media, unsupported, io}, one sentence with the source's name.
    explicit MediaFile(std::unique_ptr<ByteSource> source);
    MediaFile(const MediaFile&) = delete;
    MediaFile& operator=(const MediaFile&) = delete;

    const std::string& name() const { return source_->name(); }
    const AudioInfo& info() const { return info_; }
    const AVStream& track() const { return *track_; }
    /// Of the packets' timestamps, from the first to the last.
    AVRational time_base() const { return time_base_; }
    ClockPolicy clock() const;

    /// Only the ending of its name, not its content, told what the file is: what follows may be noise.
    bool is_doubtful() const { return doubtful_; }

    /// All its bytes are there, so that reading ahead waits for nobody.
    bool is_whole() const { return source_->size().has_value(); }

    /// The next packet of the track; false at the end, for whatever reason. Throws Error{io} when the source fails.
    bool next(AVPacket& packet);

    /// Why the file ends before it should, as the container shows it; empty when it ends properly. `track_s` is the
    /// length that the track had, gaps included, and `clock_s` where it ended. After next() has returned false.
    std::string early_end(double track_s, double clock_s);

    /// Why not a single sample could be decoded, for the error's sentence.
    std::string why_nothing();

  private:
    static int read_bytes(void* self, uint8_t* buffer, int count);
    static int64_t seek_bytes(void* self, int64_t offset, int whence);

    void recognize();
    void open_container();
    void choose_track();
    void fill_info();
    bool is_playable(const AVStream& stream) const;
    [[noreturn]] void refuse(const std::string& reason) const;
    void check_source() const;
    std::optional<double> declared_s() const;
    /// A wav that was written into a pipe holds the largest length there is, or nearly, instead of its own.
    bool is_placeholder(double declared_s) const;

    std::unique_ptr<ByteSource> source_;
    int64_t position_ = 0;  // FFmpeg's, in the source
    FfmpegHandle<AVIOContext> io_;
    decltype(AVFormatContext::iformat) format_ = nullptr;  // const from FFmpeg 5.0 on
    FfmpegHandle<AVFormatContext> container_;
    AVStream* track_ = nullptr;
    AVRational time_base_ = {0, 1};
    AudioInfo info_;
    bool doubtful_ = false;
    int failures_in_a_row_ = 0;
    double last_packet_s_ = 0;  // of any track that is read, on the container's clock
    std::string last_error_;    // that ended the file
};

}  // namespace ft
