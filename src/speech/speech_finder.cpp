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

void SpeechFinder::look_ahead(std::span<const float> pcm) {
    if (detector_ == nullptr) return;
    heard_ += std::ssize(pcm);
    frames_.insert(frames_.end(), pcm.begin(), pcm.end());
    const size_t whole = frames_.size() / vad_frame_samples * vad_frame_samples;
    detector_->process(std::span(frames_).first(whole), probabilities_);
    frames_.erase(frames_.begin(), frames_.begin() + static_cast<long>(whole));
}

void SpeechFinder::push(std::span<const float> pcm, std::vector<Span>& spans) {
    total_ += std::ssize(pcm);
    if (detector_ == nullptr) {
        for (; total_ - given_ >= part_samples; given_ += part_samples)
            spans.push_back({given_, given_ + part_samples});
        return;
    }
    if (heard_ < total_) look_ahead(pcm.last(static_cast<size_t>(total_ - heard_)));
    const int64_t frames = (total_ - given_) / vad_frame_samples;
    builder_.push(std::span(probabilities_).first(static_cast<size_t>(frames)), spans);
    probabilities_.erase(probabilities_.begin(), probabilities_.begin() + frames);
    given_ += frames * vad_frame_samples;
}

void SpeechFinder::finish(std::vector<Span>& spans) {
    if (detector_ == nullptr) {
        if (total_ > given_) spans.push_back({given_, total_});
        given_ = total_;
        return;
    }
    if (!frames_.empty()) {
        frames_.resize(vad_frame_samples);
        detector_->process(frames_, probabilities_);
        frames_.clear();
    }
    builder_.push(probabilities_, spans);
    probabilities_.clear();
    builder_.finish(total_, spans);
}

int64_t SpeechFinder::open_from() const {
    return detector_ == nullptr ? given_ : builder_.earliest_begin();
}

}  // namespace ft
