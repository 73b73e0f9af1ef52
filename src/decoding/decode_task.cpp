#include "decoding/decode_task.h"

#include <algorithm>

namespace ft {

DecodeTask::DecodeTask(DecodeRequest request, int64_t arrival)
    : request_(std::move(request)),
      arrival_(arrival),
      states_(request_.once ? 1 : fallback().temperatures.size(), State::waiting),
      attempts_(states_.size()) {}

/// Temperatures to try. Where the first text fails and the model hears no speech, guesses are not worth many.
size_t DecodeTask::ladder() const {
    constexpr size_t enough = 3;
    const bool doubted = has_failed_once() && sounds_like_no_speech(attempts_[0], fallback());
    return doubted ? std::min(enough, states_.size()) : states_.size();
}

std::optional<size_t> DecodeTask::begin_next() {
    const auto end = states_.begin() + static_cast<ptrdiff_t>(ladder());
    const auto next = std::find(states_.begin(), end, State::waiting);
    if (next == end) return std::nullopt;
    *next = State::running;
    return static_cast<size_t>(next - states_.begin());
}

void DecodeTask::start_again() {
    std::fill(states_.begin(), states_.end(), State::waiting);
}

void DecodeTask::finish(size_t temperature, Hypothesis hypothesis) {
    states_[temperature] = State::done;
    attempts_[temperature] = std::move(hypothesis);
}

std::optional<Hypothesis> DecodeTask::settled() const {
    const Hypothesis* best = nullptr;
    const size_t last = ladder();
    for (size_t i = 0; i < last; ++i) {
        if (states_[i] != State::done) return std::nullopt;
        const bool failed = needs_fallback(attempts_[i], fallback());
        if (!best || !failed || score(attempts_[i], fallback()) > score(*best, fallback())) best = &attempts_[i];
        if (!failed || i + 1 == last) {
            Hypothesis result = *best;
            result.attempts = static_cast<int>(i) + 1;
            return result;
        }
    }
    return std::nullopt;
}

}  // namespace ft
