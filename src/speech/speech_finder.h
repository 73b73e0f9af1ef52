#pragma once
// A stream of PCM → spans of speech: cuts it into the detector's frames and follows the probabilities.
#include <span>
#include <vector>

#include "speech/voice_activity.h"

namespace ft {

/// One stream, one thread. Without a detector everything is speech. Bounded memory: less than a frame of PCM is kept.
class SpeechFinder {
  public:
    /// `detector` may be null and must outlive the finder.
    SpeechFinder(VoiceDetector* detector, const VadOptions& options);

    /// Next samples; finished spans are appended. A span that goes on for long is given in adjoining parts.
    void push(std::span<const float> pcm, std::vector<Span>& spans);
    void finish(std::vector<Span>& spans);
    /// No span still to come begins before this sample.
    int64_t open_from() const;

  private:
    void detect(std::span<const float> frames, std::vector<Span>& spans);

    VoiceDetector* detector_;
    SpanBuilder builder_;
    std::vector<float> frames_, probabilities_;
    int64_t total_ = 0, given_ = 0;
};

}  // namespace ft
