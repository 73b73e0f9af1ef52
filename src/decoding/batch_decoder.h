#pragma once
// Decoding of many windows at once: the rows of the batch are texts that one attempt at one window follows; finished
// attempts leave, queued windows enter, and a window whose hypothesis fails its checks is tried at the next temperature
// without holding up the others. Windows of different jobs share the batch.
#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "decoding/hypothesis.h"
#include "decoding/logits_rules.h"
#include "decoding/search.h"
#include "decoding/tokenizer.h"
#include "decoding/word_aligner.h"
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

/// One thread at a time. A window's result depends neither on the other windows of the batch, nor on the slots, nor on
/// whether its temperatures were tried one after the other or side by side.
class BatchDecoder {
  public:
    BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, int slots);
    ~BatchDecoder();

    /// Room for one more window of this plan.
    bool has_room(const DecodePlan& plan) const;
    bool idle() const;
    int slots() const { return static_cast<int>(slots_); }
    int rows() const;
    /// Without those of guesses that add() would take back.
    int rows_needed() const;
    int rows_of(const DecodePlan* plan) const;
    /// Needs room. Throws Error{invalid_argument} when the prompt leaves no room for text, or the plan has no
    /// temperature or is wider than the batch; the batch stays as it was.
    void add(DecodeRequest request);
    /// Windows that climb the ladder of temperatures try its further steps at once, in slots that nobody else needs;
    /// add() takes those slots back. For when no window waits: a lone row costs nearly as much as a full batch.
    void use_spare_slots();
    /// A window of a plan.
    struct Name {
        const DecodePlan* plan = nullptr;
        int64_t id = 0;
    };
    /// From now on the batch takes no more rows than this; one window alone may have more. What is beyond leaves, and
    /// is to be added again, from its beginning: guesses first, then the windows that came last, but never all of them.
    /// Gives their names in the order in which they came.
    std::vector<Name> limit_rows(int rows);
    /// Takes out the only window that is left.
    std::optional<Name> take_out_last();
    /// One token for every row; windows that are finished are appended to `results`. After Error{out_of_memory} the
    /// batch is as it was, or windows that were about to finish begin anew: the step can be tried again.
    void step(std::vector<DecodeResult>& results);
    /// Forgets the windows of a job.
    void remove(const DecodePlan* plan);

    /// Probability of each language token after start_of_transcript, in the order of GenerationConfig::languages. Needs
    /// room for a window.
    std::vector<float> language_probabilities(const GenerationConfig& generation, const CrossCache& window);

  private:
    struct Task;
    struct Attempt;

    void begin(std::shared_ptr<Task> task, size_t temperature, std::vector<int> slots);
    void collect_inputs();
    void take_choices(const std::vector<Choice>& choices);
    Hypothesis hypothesis_of(const Attempt& attempt) const;
    bool is_ahead(const Attempt& attempt) const;
    bool is_hopeless(const Attempt& attempt) const;
    std::vector<int> take_slots(int count);
    bool drop_furthest_guess();
    std::shared_ptr<Task> newest_task() const;
    void leave(size_t attempt);
    void leave_all_of(const Task& task);
    int longest_text(const DecodeRequest& request) const;
    AlignRequest text_of(const DecodeRequest& request, const Hypothesis& hypothesis) const;
    void add_times(std::span<const std::shared_ptr<Task>> tasks, std::span<DecodeResult> results);

    const WhisperModel& model_;
    const Tokenizer& tokenizer_;
    Decoder decoder_;
    WordAligner aligner_;
    const size_t slots_;
    size_t row_limit_;
    int64_t arrivals_ = 0;
    std::vector<Attempt> attempts_;
    std::vector<int> free_slots_;
    // Of the step under way.
    std::vector<DecoderInput> inputs_;
    std::vector<int32_t> items_;
    std::vector<TokenRule> token_rules_;
};

}  // namespace ft
