#include "speech/speech_finder.h"

namespace ft {

namespace {
// Without a detector the stream is handed on in parts of this length; they adjoin, so nothing is cut here.
constexpr int64_t part_samples = int64_t{4} * 16000;
}  // namespace

SpeechFinder::SpeechFinder(VoiceDetector* detector, const VadOptions& options)
    : detector_(detector), builder_(options) {
    if (detector_ != nullptr) detector_->reset();
}

void SpeechFinder::detect(std::span<const float> frames, std::vector<Span>& spans) {
    probabilities_.clear();
    detector_->process(frames, probabilities_);
    builder_.push(probabilities_, spans);
}

void SpeechFinder::push(std::span<const float> pcm, std::vector<Span>& spans) {
    total_ += static_cast<int64_t>(pcm.size());
    if (detector_ == nullptr) {
        for (; total_ - given_ >= part_samples; given_ += part_samples)
            spans.push_back({given_, given_ + part_samples});
        return;
    }
    frames_.insert(frames_.end(), pcm.begin(), pcm.end());
    const size_t whole = frames_.size() / vad_frame_samples * vad_frame_samples;
    detect(std::span(frames_).first(whole), spans);
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<long>(whole));
}

void SpeechFinder::finish(std::vector<Span>& spans) {
    if (detector_ == nullptr) {
        if (total_ > given_) spans.push_back({given_, total_});
        given_ = total_;
        return;
    }
    if (!frames_.empty()) {
        frames_.resize(vad_frame_samples);
        detect(frames_, spans);
        frames_.clear();
    }
    builder_.finish(total_, spans);
}

int64_t SpeechFinder::open_from() const {
    return detector_ == nullptr ? given_ : builder_.earliest_begin();
}

}  // namespace ft
