#pragma once
// What the voice detector rejected, but what stands out from the noise all the same: speech that it may have missed.
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "speech/speech_finder.h"
#include "speech/voice_activity.h"

namespace ft {

/// One stream, one thread. A second detector, by level, listens along: hum, noise and quiet are nothing to it, so that
/// they cost nothing. Memory is bounded: spans only, no sound.
class RejectedSound {
  public:
    /// `max_pause`: samples between two spans of speech that windows keep anyway (PackOptions::max_pause_s).
    explicit RejectedSound(int64_t max_pause);

    void push_pcm(std::span<const float> pcm);
    /// Spans as the speech finder gives them, in order.
    void push_speech(const Span& span);
    /// Appends what is known to be rejected by now: stretches of at least a second, ascending. No span of speech still
    /// to come begins before `speech_from`.
    void collect(int64_t speech_from, std::vector<Span>& rejected);
    /// After the last span of speech.
    void finish(std::vector<Span>& rejected);
    /// Nothing that is still to come begins before this sample.
    int64_t open_from() const;

  private:
    void subtract_heard(const Span& sound, std::vector<Span>& rejected);

    const int64_t max_pause_;
    std::unique_ptr<VoiceDetector> level_;
    SpeechFinder finder_;
    std::vector<Span> sounds_;  // not yet compared
    std::vector<Span> heard_;   // by windows: speech with its short pauses, as far as sounds may meet it
};

}  // namespace ft
