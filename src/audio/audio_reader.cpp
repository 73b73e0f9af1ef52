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

constexpr size_t most_lanes = 16;

/// What is put out as one channel: all of the file's, or one of them.
struct Lane {
    std::optional<Downmixer> downmixer;
    Resampler resampler;
    std::vector<float> mono;   // at the frames' rate
    std::vector<float> ready;  // at 16 kHz
};

std::unique_ptr<FrameSource> make_decoder(MediaFile& file, int threads) {
    if (RangeDecoder::suits(file, threads)) return std::make_unique<RangeDecoder>(file, threads);
    return std::make_unique<TrackDecoder>(file);
}

/// packets → frames → one float vector a channel → lanes → 16 kHz; silence goes in between lanes and 16 kHz.
class FfmpegAudioReader final : public AudioReader {
  public:
    FfmpegAudioReader(std::unique_ptr<ByteSource> source, const AudioReading& reading)
        : file_(std::move(source)),
          decoder_(make_decoder(file_, reading.threads)),
          timeline_(file_.clock()),
          reading_(reading.channels),
          lanes_(1) {}

    const AudioInfo& info() const override { return file_.info(); }
    const std::vector<std::string>& warnings() const override { return warnings_; }

    bool read(std::vector<float>& samples, size_t max_samples) override {
        if (reading_ != ChannelReading::mix) throw Error(ErrorCode::internal, "this reader gives channels");
        const size_t count = fill(max_samples);
        take(lanes_.front(), count, samples);
        return count > 0;
    }

    bool read_channels(std::vector<std::vector<float>>& channels, size_t max_samples) override {
        if (reading_ != ChannelReading::split) throw Error(ErrorCode::internal, "this reader mixes the channels");
        const size_t count = fill(max_samples);
        channels.resize(lanes_.size());
        for (size_t c = 0; c < lanes_.size(); ++c) take(lanes_[c], count, channels[c]);
        return count > 0;
    }

  private:
    /// -> samples that are ready, at most as many.
    size_t fill(size_t max_samples) {
        for (Lane& lane : lanes_)
            lane.ready.erase(lane.ready.begin(), lane.ready.begin() + static_cast<ptrdiff_t>(taken_));
        taken_ = 0;
        while (!ended_ && lanes_.front().ready.size() < max_samples) step();
        return taken_ = std::min(max_samples, lanes_.front().ready.size());
    }
    static void take(const Lane& lane, size_t count, std::vector<float>& samples) {
        samples.assign(lane.ready.begin(), lane.ready.begin() + static_cast<ptrdiff_t>(count));
    }

    void step();
    void take_frame(const AVFrame& frame);
    void set_shape(const AVFrame& frame, int channels);
    void put_silence();
    void resample();
    void refuse_noise(int64_t allowance) const;
    void finish();

    MediaFile file_;
    std::unique_ptr<FrameSource> decoder_;
    Timeline timeline_;
    const ChannelReading reading_;
    std::vector<Lane> lanes_;                 // one, or as many as the first frame has channels
    std::vector<ChannelRole> roles_;          // [channels] of the frames now coming
    int rate_ = 0;                            // Hz, of the frames now coming
    std::vector<std::vector<float>> planes_;  // [channels][samples] of one frame
    std::vector<const float*> plane_starts_;  // [channels]
    size_t taken_ = 0;                        // of what is ready
    const AVFrame* frame_ = nullptr;          // waits until the silence before it is put out
    int64_t silence_left_ = 0;                // samples at rate_
    double decoded_s_ = 0;                    // silence not included
    double start_s_ = 0;                      // of the track, on the file's clock
    int64_t frames_ = 0;
    int64_t unusable_frames_ = 0;
    bool ended_ = false;
    std::vector<std::string> warnings_;
};

void FfmpegAudioReader::step() {
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
    if (rate_ > 0 && roles == roles_ && frame.sample_rate == rate_) return;
    if (rate_ > 0) {
        for (Lane& lane : lanes_) lane.downmixer->flush(lane.mono);
        resample();
    } else if (reading_ == ChannelReading::split) {
        if (roles.size() > most_lanes) {
            throw Error(ErrorCode::unsupported,
                        "{}: has {} channels, and at most {} are transcribed one by one: mix them", file_.name(),
                        roles.size(), most_lanes);
        }
        lanes_ = std::vector<Lane>(roles.size());
    }
    roles_ = std::move(roles);
    rate_ = frame.sample_rate;
    for (size_t c = 0; c < lanes_.size(); ++c) {
        std::vector<float> weights = downmix_weights(roles_);
        if (reading_ == ChannelReading::split) {
            weights.assign(roles_.size(), 0.0F);
            if (c < weights.size()) weights[c] = 1.0F;
        }
        lanes_[c].downmixer.emplace(std::move(weights), rate_);
        lanes_[c].resampler.set_rate(rate_, lanes_[c].ready);
    }
    plane_starts_.resize(static_cast<size_t>(channels));
}

void FfmpegAudioReader::take_frame(const AVFrame& frame) {
    if (!to_planar_float(frame, static_cast<int>(roles_.size()), planes_)) {
        ++unusable_frames_;
        return;
    }
    for (size_t c = 0; c < planes_.size(); ++c) plane_starts_[c] = planes_[c].data();
    for (Lane& lane : lanes_) lane.downmixer->push(plane_starts_, planes_[0].size(), lane.mono);
    resample();
    const double length_s = static_cast<double>(frame.nb_samples) / rate_;
    timeline_.advance(length_s);
    decoded_s_ += length_s;
}

void FfmpegAudioReader::put_silence() {
    const int64_t count = std::min<int64_t>(silence_left_, rate_);  // a second at a time: memory stays flat
    for (Lane& lane : lanes_) {
        lane.downmixer->flush(lane.mono);
        lane.mono.resize(lane.mono.size() + static_cast<size_t>(count), 0.0f);
    }
    resample();
    silence_left_ -= count;
    timeline_.advance(static_cast<double>(count) / rate_);
}

void FfmpegAudioReader::resample() {
    for (Lane& lane : lanes_) {
        lane.resampler.push(lane.mono, lane.ready);
        lane.mono.clear();
    }
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
    for (Lane& lane : lanes_) lane.downmixer->flush(lane.mono);
    resample();
    for (Lane& lane : lanes_) lane.resampler.flush(lane.ready);

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

std::unique_ptr<AudioReader> AudioReader::open(const std::string& path, const AudioReading& reading) {
    return open_audio(open_byte_source(path), reading);
}

std::unique_ptr<AudioReader> open_audio(std::unique_ptr<ByteSource> source, const AudioReading& reading) {
    return std::make_unique<FfmpegAudioReader>(std::move(source), reading);
}

std::vector<float> read_all(AudioReader& reader) {
    std::vector<float> all;
    std::vector<float> part;
    while (reader.read(part, size_t{1} << 16)) all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace ft
