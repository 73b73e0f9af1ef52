#pragma once
// A window on the ladder of temperatures: which have been tried, what came of them, and which hypothesis that leaves.
// Where attempts run, and beside what, is no matter here.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "decoding/decode_request.h"

namespace ft {

class DecodeTask {
  public:
    /// `arrival`: a number that grows from window to window.
    DecodeTask(DecodeRequest request, int64_t arrival);

    const DecodeRequest& request() const { return request_; }
    int64_t arrival() const { return arrival_; }
    const FallbackOptions& fallback() const { return request_.plan->fallback; }
    const LogitsRules& rules() const { return request_.plan->rules; }

    /// The lowest temperature that nobody has begun, as an index; nothing when there is none.
    std::optional<size_t> begin_next();
    /// An attempt left before it was finished: it may be begun again.
    void take_back(size_t temperature) { states_[temperature] = State::waiting; }
    /// As if none had been begun.
    void start_again();
    void finish(size_t temperature, Hypothesis hypothesis);

    bool has_failed_once() const { return states_[0] == State::done; }
    /// What trying the temperatures in turn comes to: the first hypothesis that passes, or the best when none does;
    /// nothing while an attempt is missing that could still change it.
    std::optional<Hypothesis> settled() const;

  private:
    enum class State : uint8_t { waiting, running, done };

    size_t ladder() const;

    DecodeRequest request_;
    int64_t arrival_;
    std::vector<State> states_;         // by temperature
    std::vector<Hypothesis> attempts_;  // likewise, valid where done
};

}  // namespace ft
