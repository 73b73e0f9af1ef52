#include "audio/audio_reader.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "audio/audio_stream.h"
#include "audio/downmix.h"
#include "audio/ffmpeg_compat.h"
#include "audio/media_file.h"
#include "audio/range_decoder.h"
#include "audio/resampler.h"
#include "audio/sample_format.h"
#include "audio/timeline.h"
#include "audio/track_decoder.h"
#include "base/error.h"

namespace ft {

namespace {

std::unique_ptr<FrameSource> make_decoder(MediaFile& file, int threads) {
    if (RangeDecoder::suits(file, threads)) return std::make_unique<RangeDecoder>(file, threads);
    return std::make_unique<TrackDecoder>(file);
}

/// packets → frames → one float vector a channel → mono → 16 kHz; silence goes in between mono and 16 kHz.
class FfmpegAudioReader final : public AudioReader {
  public:
    FfmpegAudioReader(std::unique_ptr<ByteSource> source, int threads)
        : file_(std::move(source)), decoder_(make_decoder(file_, threads)), timeline_(file_.clock()) {}

    const AudioInfo& info() const override { return file_.info(); }
    const std::vector<std::string>& warnings() const override { return warnings_; }

    bool read(std::vector<float>& samples, size_t max_samples) override {
        samples.clear();
        while (!ended_ && ready_.size() - taken_ < max_samples) step();
        const size_t count = std::min(max_samples, ready_.size() - taken_);
        const auto begin = ready_.begin() + static_cast<ptrdiff_t>(taken_);
        samples.assign(begin, begin + static_cast<ptrdiff_t>(count));
        taken_ += count;
        return count > 0;
    }

  private:
    void step();
    void take_frame(const AVFrame& frame);
    void set_shape(const AVFrame& frame, int channels);
    void put_silence();
    void resample_mono();
    void refuse_noise(int64_t allowance) const;
    void finish();

    MediaFile file_;
    std::unique_ptr<FrameSource> decoder_;
    Timeline timeline_;
    Resampler resampler_;
    std::optional<Downmixer> downmixer_;
    std::vector<ChannelRole> roles_;          // [channels] of the frames now coming
    int rate_ = 0;                            // Hz, of the frames now coming
    std::vector<std::vector<float>> planes_;  // [channels][samples] of one frame
    std::vector<const float*> plane_starts_;  // [channels]
    std::vector<float> mono_;                 // at rate_
    std::vector<float> ready_;                // at 16 kHz; the first taken_ are gone
    size_t taken_ = 0;
    const AVFrame* frame_ = nullptr;  // waits until the silence before it is put out
    int64_t silence_left_ = 0;        // samples at rate_
    double decoded_s_ = 0;            // silence not included
    double start_s_ = 0;              // of the track, on the file's clock
    int64_t frames_ = 0;
    int64_t unusable_frames_ = 0;
    bool ended_ = false;
    std::vector<std::string> warnings_;
};

void FfmpegAudioReader::step() {
    ready_.erase(ready_.begin(), ready_.begin() + static_cast<ptrdiff_t>(taken_));
    taken_ = 0;
    if (silence_left_ > 0) {
        put_silence();
    } else if (frame_ != nullptr) {
        take_frame(*std::exchange(frame_, nullptr));
    } else if (const AVFrame* frame = decoder_->next()) {
        ++frames_;
        // Some damage at the start is allowed for: a recording may well begin in the middle of a packet.
        refuse_noise(8);
        const int channels = channel_count(*frame);
        if (frame->nb_samples <= 0 || !is_possible_shape(frame->sample_rate, channels)) {
            ++unusable_frames_;
            return;
        }
        set_shape(*frame, channels);
        std::optional<double> timestamp_s;
        if (frame->best_effort_timestamp != AV_NOPTS_VALUE) {
            timestamp_s = static_cast<double>(frame->best_effort_timestamp) * av_q2d(file_.time_base());
        }
        const double silence_s = timeline_.silence_before(timestamp_s);
        silence_left_ = std::llround(silence_s * rate_);
        if (decoded_s_ == 0) start_s_ = silence_s;
        frame_ = frame;
    } else {
        finish();
    }
}

void FfmpegAudioReader::set_shape(const AVFrame& frame, int channels) {
    std::vector<ChannelRole> roles = channel_roles(frame);
    if (downmixer_ && roles == roles_ && frame.sample_rate == rate_) return;
    if (downmixer_) {
        downmixer_->flush(mono_);
        resample_mono();
    }
    roles_ = std::move(roles);
    rate_ = frame.sample_rate;
    downmixer_.emplace(downmix_weights(roles_), rate_);
    plane_starts_.resize(static_cast<size_t>(channels));
    resampler_.set_rate(rate_, ready_);
}

void FfmpegAudioReader::take_frame(const AVFrame& frame) {
    if (!to_planar_float(frame, static_cast<int>(roles_.size()), planes_)) {
        ++unusable_frames_;
        return;
    }
    for (size_t c = 0; c < planes_.size(); ++c) plane_starts_[c] = planes_[c].data();
    downmixer_->push(plane_starts_, planes_[0].size(), mono_);
    resample_mono();
    const double length_s = static_cast<double>(frame.nb_samples) / rate_;
    timeline_.advance(length_s);
    decoded_s_ += length_s;
}

void FfmpegAudioReader::put_silence() {
    downmixer_->flush(mono_);
    const int64_t count = std::min<int64_t>(silence_left_, rate_);  // a second at a time: memory stays flat
    mono_.resize(mono_.size() + static_cast<size_t>(count), 0.0f);
    resample_mono();
    silence_left_ -= count;
    timeline_.advance(static_cast<double>(count) / rate_);
}

void FfmpegAudioReader::resample_mono() {
    resampler_.push(mono_, ready_);
    mono_.clear();
}

/// Decoders find something to play in random bytes with the right ending, if they get enough of them.
void FfmpegAudioReader::refuse_noise(int64_t allowance) const {
    if (!file_.is_doubtful() || decoder_->damaged_packets() < frames_ + allowance) return;
    throw Error(ErrorCode::bad_media, "{}: is named like audio but holds hardly anything that can be decoded",
                file_.name());
}

void FfmpegAudioReader::finish() {
    ended_ = true;
    refuse_noise(0);
    if (decoded_s_ <= 0) throw Error(ErrorCode::bad_media, "{}: {}", file_.name(), file_.why_nothing());
    downmixer_->flush(mono_);
    resample_mono();
    resampler_.flush(ready_);

    std::string early = file_.early_end(timeline_.position_s() - start_s_, timeline_.position_s());
    if (early.empty() && decoder_->ended_in_damage()) {
        early = fmt::format("its last packet, after {:.1f} s, is incomplete or damaged", decoded_s_);
    }
    if (!early.empty()) warnings_.push_back("the file ends early: " + early);
    const int64_t damaged = decoder_->damaged_packets() + unusable_frames_;
    // A file that was cut off nearly always was so in the middle of a packet: that needs no second sentence.
    if (damaged > (early.empty() ? 0 : 1)) {
        warnings_.push_back(damaged == 1 ? std::string("a damaged piece of the audio was passed over")
                                         : fmt::format("{} damaged pieces of the audio were passed over", damaged));
    }
}

}  // namespace

std::unique_ptr<AudioReader> AudioReader::open(const std::string& path, int threads) {
    return open_audio(open_byte_source(path), threads);
}

std::unique_ptr<AudioReader> open_audio(std::unique_ptr<ByteSource> source, int threads) {
    return std::make_unique<FfmpegAudioReader>(std::move(source), threads);
}

std::vector<float> read_all(AudioReader& reader) {
    std::vector<float> all;
    std::vector<float> part;
    while (reader.read(part, size_t{1} << 16)) all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace ft
