// Speech by level alone, for when there is no network: a frame that stands out from the noise floor, unless nothing has
// changed for a second, as in hum and noise. It errs towards speech: what is dropped here is never transcribed.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "speech/voice_activity.h"

namespace ft {

namespace {

constexpr float high_pass = 0.97F;           // pole; 3 dB down at 76 Hz: no DC, little hum
constexpr double silence_db = -100.0;        // stands for digital silence
constexpr double quietest_floor_db = -62.0;  // below it nobody is understood: also what quiet noise is compared with
constexpr double first_floor_db = -52.0;     // a quiet room, until the floor is known
constexpr double margin_db = 9.0;            // above the floor: as likely speech as not
constexpr double slope_db = 2.0;             // from there to 73 %
constexpr int floor_frames = 128;            // 4.1 s: even fluent speech has a pause or closure in it
constexpr int steady_frames = 32;            // 1 s
constexpr double steady_range_db = 3.0;      // white noise stays within 2 dB, syllables never do

class EnergyDetector final : public VoiceDetector {
  public:
    EnergyDetector() { reset(); }

    std::string name() const override { return "energy"; }

    void process(std::span<const float> pcm, std::vector<float>& probabilities) override {
        if (pcm.size() % vad_frame_samples != 0) {
            throw Error(ErrorCode::internal, "the voice detector takes whole frames of {} samples, not {} samples",
                        vad_frame_samples, pcm.size());
        }
        for (; !pcm.empty(); pcm = pcm.subspan(vad_frame_samples)) {
            probabilities.push_back(judge(level_db(pcm.first(vad_frame_samples))));
        }
    }

    void reset() override {
        levels_.fill(first_floor_db);
        frames_ = 0;
        last_in_ = last_out_ = 0.0F;
    }

  private:
    /// Mean power without DC, in dB of full scale.
    double level_db(std::span<const float> frame) {
        if (frames_ == 0 && std::isfinite(frame.front())) last_in_ = frame.front();  // a DC offset is no click
        double power = 0.0;
        for (const float sample : frame) {
            const float in = std::isfinite(sample) ? std::clamp(sample, -8.0F, 8.0F) : 0.0F;
            last_out_ = in - last_in_ + high_pass * last_out_;
            last_in_ = in;
            power += static_cast<double>(last_out_) * last_out_;
        }
        if (std::abs(last_out_) < 1e-20F) last_out_ = 0.0F;  // no denormal numbers after the sound has died away
        return std::max(silence_db, 10.0 * std::log10(power / vad_frame_samples + 1e-12));
    }

    float judge(double level) {
        levels_[static_cast<size_t>(frames_ % floor_frames)] = level;
        ++frames_;
        double floor = *std::min_element(levels_.begin(), levels_.end());
        if (is_steady()) floor = std::max(floor, level);
        floor = std::max(floor, quietest_floor_db);
        return static_cast<float>(1.0 / (1.0 + std::exp(-(level - floor - margin_db) / slope_db)));
    }

    /// Whether the last second (at the start: what there is, from a quarter of a second on) kept one level.
    bool is_steady() const {
        const int64_t count = std::min<int64_t>(frames_, steady_frames);
        if (count < steady_frames / 4) return false;
        double low = 1e9, high = -1e9;
        for (int64_t i = frames_ - count; i < frames_; ++i) {
            low = std::min(low, levels_[static_cast<size_t>(i % floor_frames)]);
            high = std::max(high, levels_[static_cast<size_t>(i % floor_frames)]);
        }
        return high - low < steady_range_db;
    }

    std::array<double, floor_frames> levels_{};  // of the last frames, a ring
    int64_t frames_ = 0;
    float last_in_ = 0.0F, last_out_ = 0.0F;  // of the high-pass filter
};

}  // namespace

std::unique_ptr<VoiceDetector> make_energy_detector() {
    return std::make_unique<EnergyDetector>();
}

}  // namespace ft
