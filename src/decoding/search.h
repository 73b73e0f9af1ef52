#pragma once
// How one attempt at a window looks for its text: greedily, by a beam, or by samples (openai/whisper, decoding.py,
// GreedyDecoder and BeamSearchDecoder). No network here: tokens' probabilities in, the next tokens to read out.
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "tensor/backend.h"

namespace ft {

struct SearchOptions {
    int beam_size = 1;      ///< texts followed at temperature 0; 1: greedy. At most max_beam_size
    float patience = 1.0F;  ///< a beam ends when beam_size · patience of its texts have ended (Kasai et al. 2022)
    int best_of = 1;        ///< texts sampled at temperatures above 0. At most max_beam_size
    /// Texts are ranked by log-probability / ((5 + length) / 6)^penalty (Wu et al. 2016); none: by its mean.
    std::optional<float> length_penalty = {};
    /// A text of the beam that is less likely than the likeliest of its length by more than this, as a logarithm, is
    /// given up, and so is one that has come to say the same as a likelier one: where the model is sure, a beam is one
    /// text wide. Infinite: none is.
    float beam_margin = std::numeric_limits<float>::infinity();

    /// Texts side by side at this temperature.
    int width(float temperature) const { return temperature > 0.0F ? best_of : beam_size; }
};
constexpr int max_beam_size = 16;

/// Rows of a batch that a window takes: as many as its widest attempt.
int widest(const SearchOptions& options, std::span<const float> temperatures);

/// A text under way, and the row of the self-attention cache that holds its past.
struct Sequence {
    int slot = 0;
    std::vector<int32_t> tokens = {};  ///< after the prompt
    std::vector<float> logprobs = {};  ///< of each token
    double sum_logprob = 0.0;

    void append(const Candidate& token);
};

/// The past of one sequence goes on in another slot, too.
struct SlotCopy {
    int from = 0, to = 0;
};

class Search {
  public:
    /// `slots`: at least width(temperature). `longest`: tokens of a text at most.
    Search(const SearchOptions& options, float temperature, std::vector<int> slots, int32_t end_of_text, int longest);

    /// Sequences that want a next token. Before the first one there is one, which reads the prompt for all.
    const std::vector<Sequence>& live() const { return live_; }
    /// Choices wanted for each live sequence, which differ in their random number only.
    int draws() const { return first_ && !is_beam() ? width_ : 1; }
    /// What TokenRule::top must be.
    int top() const { return is_beam() ? width_ + 1 : 1; }

    /// Takes draws() choices for each live sequence, in order. Pasts are to be copied before the next step, in order;
    /// each holds all tokens but the last one.
    std::vector<SlotCopy> advance(std::span<const Choice> choices);

    /// Ends with what there is.
    void give_up();

    bool over() const { return over_; }
    /// Once over: the text that ranks first, with its end where it came to one. looped: it was broken off because it
    /// repeats itself.
    struct Found {
        std::vector<int32_t> tokens;
        std::vector<float> logprobs;
        double sum_logprob = 0.0;
        bool looped = false;
    };
    Found best() const;

  private:
    void finish(Sequence sequence, bool looped = false);
    bool is_beam() const { return temperature_ == 0.0F && width_ > 1; }
    std::vector<SlotCopy> advance_each(std::span<const Choice> choices);
    std::vector<SlotCopy> advance_beam(std::span<const Choice> choices);
    double rank(const Found& found) const;

    SearchOptions options_;
    float temperature_;
    int width_;
    std::vector<int> slots_;
    int32_t end_of_text_;
    size_t longest_;
    std::vector<Sequence> live_;
    std::vector<Found> finished_;
    bool first_ = true, over_ = false;
};

}  // namespace ft
