#include "speech/rejected_sound.h"

#include <algorithm>

namespace ft {

namespace {

constexpr int64_t shortest_rejected = 16000;  // a second: less is a cough or a door

VadOptions sound_options() {
    VadOptions options;
    options.min_speech_ms = 400;
    options.min_silence_ms = 400;
    options.speech_pad_ms = 200;
    return options;
}

}  // namespace

RejectedSound::RejectedSound(int64_t max_pause)
    : max_pause_(max_pause), level_(make_energy_detector()), finder_(level_.get(), sound_options()) {}

void RejectedSound::push_pcm(std::span<const float> pcm) {
    finder_.push(pcm, sounds_);
}

void RejectedSound::push_speech(const Span& span) {
    if (!heard_.empty() && span.begin - heard_.back().end <= max_pause_) {
        heard_.back().end = std::max(heard_.back().end, span.end);
    } else {
        heard_.push_back({span.begin, span.end});
    }
}

void RejectedSound::subtract_heard(const Span& sound, std::vector<Span>& rejected) {
    int64_t begin = sound.begin;
    for (const Span& heard : heard_) {
        if (heard.end <= begin || heard.begin >= sound.end) continue;
        if (heard.begin - begin >= shortest_rejected) rejected.push_back({begin, heard.begin});
        begin = heard.end;
    }
    if (sound.end - begin >= shortest_rejected) rejected.push_back({begin, sound.end});
}

void RejectedSound::collect(int64_t speech_from, std::vector<Span>& rejected) {
    // A pause that is still short may yet become part of a window.
    const bool may_be_kept = !heard_.empty() && speech_from - heard_.back().end <= max_pause_;
    const int64_t decided = may_be_kept ? heard_.back().end : speech_from;
    size_t done = 0;
    for (; done < sounds_.size() && sounds_[done].end <= decided; ++done) subtract_heard(sounds_[done], rejected);
    sounds_.erase(sounds_.begin(), sounds_.begin() + static_cast<ptrdiff_t>(done));
    const int64_t open = open_from();
    // The last one stays: it may go on.
    while (heard_.size() > 1 && heard_.front().end <= open) heard_.erase(heard_.begin());
}

void RejectedSound::finish(std::vector<Span>& rejected) {
    finder_.finish(sounds_);
    for (const Span& sound : sounds_) subtract_heard(sound, rejected);
    sounds_.clear();
}

int64_t RejectedSound::open_from() const {
    return sounds_.empty() ? finder_.open_from() : std::min(sounds_.front().begin, finder_.open_from());
}

}  // namespace ft
