#pragma once
// A stream of PCM → spans of speech: cuts it into the detector's frames and follows the probabilities.
#include <span>
#include <vector>

#include "speech/voice_activity.h"

namespace ft {

/// One stream, one thread. Without a detector everything is speech. Bounded memory: less than a frame of PCM is kept,
/// and a probability for each frame looked at in advance.
class SpeechFinder {
  public:
    /// `detector` may be null and must outlive the finder.
    SpeechFinder(VoiceDetector* detector, const VadOptions& options);

    /// Lets the detector hear the next samples, those that push() has not been given, in one go: faster than in parts,
    /// on several threads above all (make_silero_detector). Spans come with push(), the same with or without this.
    void look_ahead(std::span<const float> pcm);
    /// Next samples; finished spans are appended. A span that goes on for long is given in adjoining parts.
    void push(std::span<const float> pcm, std::vector<Span>& spans);
    void finish(std::vector<Span>& spans);
    /// No span still to come begins before this sample.
    int64_t open_from() const;

  private:
    VoiceDetector* detector_;
    SpanBuilder builder_;
    std::vector<float> frames_;         // heard, not yet a whole frame
    std::vector<float> probabilities_;  // of frames not yet pushed
    int64_t total_ = 0;                 // samples pushed
    int64_t heard_ = 0;                 // samples heard, those of frames_ too
    int64_t given_ = 0;                 // samples pushed that the builder has been told of
};

}  // namespace ft
