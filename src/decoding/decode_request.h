#pragma once
// What is asked of a BatchDecoder and what it answers: one window, and how the windows of its job are decoded.
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "decoding/hypothesis.h"
#include "decoding/logits_rules.h"
#include "decoding/search.h"
#include "model/decoder.h"

namespace ft {

/// How the windows of one job are decoded. Immutable while rows use it.
struct DecodePlan {
    LogitsRules rules;
    FallbackOptions fallback;  ///< at least one temperature
    uint64_t seed = 0;         ///< of the sampling at temperatures above 0
    bool word_times = false;   ///< fill Hypothesis::times: costs a further reading of the finished text
    SearchOptions search = {};

    int width() const { return widest(search, fallback.temperatures); }
    /// Texts that mostly listen to a window side by side: a beam with a margin is one text where the model is sure.
    int listeners() const { return std::isfinite(search.beam_margin) ? 1 : width(); }
};

/// One window to decode.
struct DecodeRequest {
    const DecodePlan* plan = nullptr;  ///< outlives the request; its address tells jobs apart
    int64_t id = 0;                    ///< among the plan's requests; given back
    std::unique_ptr<CrossCache> window;
    std::vector<int32_t> prompt;  ///< from start_of_previous or start_of_transcript on
    double duration_s = 30.0;     ///< of the window's sound, for word times
    /// The plan's first temperature only, and broken off where the model sees no speech or believes itself no more.
    bool once = false;
    int64_t stream = 0;  ///< of random numbers: what is sampled depends on it and on the plan's seed
};

struct DecodeResult {
    const DecodePlan* plan = nullptr;
    int64_t id = 0;
    Hypothesis hypothesis;
};

}  // namespace ft
