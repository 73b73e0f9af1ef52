#include "wav_audio_reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "base/error.h"

namespace ft {

namespace {

struct CloseFile {
    void operator()(std::FILE* file) const { std::fclose(file); }
};

class WavReader final : public AudioReader {
  public:
    explicit WavReader(const std::string& path) : path_(path), file_(std::fopen(path.c_str(), "rb")) {
        if (file_ == nullptr) throw Error(ErrorCode::not_found, "{}: cannot be opened: {}", path, std::strerror(errno));
        read_header();
        info_.container = "wav";
        info_.codec = "pcm_s16le";
        info_.source_rate = sample_rate;
        info_.channels = channels_;
        info_.duration_s = seconds_of(static_cast<int64_t>(left_ / (2 * static_cast<uint64_t>(channels_))));
    }

    const AudioInfo& info() const override { return info_; }
    const std::vector<std::string>& warnings() const override { return warnings_; }

    bool read(std::vector<float>& samples, size_t max_samples) override {
        const size_t count = read_frames(max_samples);
        samples.assign(count, 0.0F);
        const float share = 1.0F / (32768.0F * static_cast<float>(channels_));
        for (size_t i = 0; i < count; ++i) {
            for (int c = 0; c < channels_; ++c) samples[i] += static_cast<float>(frame(i, c)) * share;
        }
        return count > 0;
    }

    bool read_channels(std::vector<std::vector<float>>& channels, size_t max_samples) override {
        const size_t count = read_frames(max_samples);
        channels.assign(static_cast<size_t>(channels_), std::vector<float>(count));
        for (size_t i = 0; i < count; ++i) {
            for (int c = 0; c < channels_; ++c)
                channels[static_cast<size_t>(c)][i] = static_cast<float>(frame(i, c)) / 32768.0F;
        }
        return count > 0;
    }

  private:
    [[noreturn]] void refuse(const char* why) const {
        throw Error(ErrorCode::bad_media, "{}: {}: give a WAV file of 16-bit PCM at 16,000 Hz", path_, why);
    }
    uint32_t number(const unsigned char* bytes, int size) const {
        uint32_t value = 0;
        for (int i = size - 1; i >= 0; --i) value = value << 8 | bytes[i];
        return value;
    }
    void must_read(unsigned char* to, size_t size) {
        if (std::fread(to, 1, size, file_.get()) != size) refuse("ends within its header");
    }

    /// RIFF, then chunks of name, size and bytes, padded to an even size; the format comes before the data.
    void read_header() {
        unsigned char head[12];
        must_read(head, sizeof(head));
        if (std::memcmp(head, "RIFF", 4) != 0 || std::memcmp(head + 8, "WAVE", 4) != 0) refuse("is no WAV file");
        for (;;) {
            unsigned char chunk[8];
            must_read(chunk, sizeof(chunk));
            const uint32_t size = number(chunk + 4, 4);
            if (std::memcmp(chunk, "data", 4) == 0) {
                if (channels_ == 0) refuse("has no format before its data");
                left_ = size;
                return;
            }
            long skip = static_cast<long>(size) + static_cast<long>(size % 2);
            if (std::memcmp(chunk, "fmt ", 4) == 0) {
                unsigned char format[16];
                if (size < sizeof(format)) refuse("has a format that is cut short");
                must_read(format, sizeof(format));
                take_format(format);
                skip -= static_cast<long>(sizeof(format));
            }
            if (std::fseek(file_.get(), skip, SEEK_CUR) != 0) refuse("ends within its header");
        }
    }

    void take_format(const unsigned char* format) {
        constexpr uint32_t pcm = 1, extensible = 0xFFFE;
        const uint32_t code = number(format, 2), channels = number(format + 2, 2);
        if ((code != pcm && code != extensible) || number(format + 14, 2) != 16) refuse("is not 16-bit PCM");
        if (number(format + 4, 4) != static_cast<uint32_t>(sample_rate)) refuse("has another sampling rate");
        if (channels < 1 || channels > 16) refuse("has no channel, or more than 16");
        channels_ = static_cast<int>(channels);
    }

    /// -> frames now in bytes_
    size_t read_frames(size_t most) {
        const size_t frame_bytes = 2 * static_cast<size_t>(channels_);
        bytes_.resize(static_cast<size_t>(std::min<uint64_t>(most, left_ / frame_bytes)) * frame_bytes);
        const size_t got = std::fread(bytes_.data(), 1, bytes_.size(), file_.get());
        if (std::ferror(file_.get()) != 0) throw Error(ErrorCode::io, "{}: reading failed", path_);
        left_ -= got;
        if (got < bytes_.size()) {
            warnings_.push_back("the file ends early: its header says that there is more");
            left_ = 0;
        }
        const size_t count = got / frame_bytes;
        if (count == 0 && !heard_) refuse("has no samples");
        heard_ = true;
        return count;
    }

    int16_t frame(size_t at, int channel) const {
        const unsigned char* bytes =
            bytes_.data() + 2 * (at * static_cast<size_t>(channels_) + static_cast<size_t>(channel));
        return static_cast<int16_t>(static_cast<uint16_t>(bytes[0] | bytes[1] << 8));
    }

    std::string path_;
    std::unique_ptr<std::FILE, CloseFile> file_;
    AudioInfo info_;
    std::vector<std::string> warnings_;
    std::vector<unsigned char> bytes_;
    int channels_ = 0;
    uint64_t left_ = 0;
    bool heard_ = false;
};

}  // namespace

std::unique_ptr<AudioReader> open_wav(const std::string& path) {
    return std::make_unique<WavReader>(path);
}

}  // namespace ft
