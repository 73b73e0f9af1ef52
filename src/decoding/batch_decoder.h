#pragma once
// Decoding of many windows at once: the rows of the batch are texts that one attempt at one window follows; finished
// attempts leave, queued windows enter, and a window whose hypothesis fails its checks is tried at the next temperature
// without holding up the others. Windows of different jobs share the batch.
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "decoding/batch_rows.h"
#include "decoding/decode_request.h"
#include "decoding/tokenizer.h"
#include "decoding/word_aligner.h"
#include "model/decoder.h"

namespace ft {

/// One thread at a time. A window's result depends neither on the other windows of the batch, nor on the slots, nor on
/// whether its temperatures were tried one after the other or side by side.
class BatchDecoder {
  public:
    BatchDecoder(const WhisperModel& model, Backend& backend, const Tokenizer& tokenizer, int slots);

    /// Room for one more window of this plan.
    bool has_room(const DecodePlan& plan) const;
    bool idle() const { return rows_.attempts().empty(); }
    int slots() const { return static_cast<int>(rows_.slots()); }
    int rows() const { return static_cast<int>(rows_.taken()); }
    /// Without those of guesses that add() would take back.
    int rows_needed() const { return static_cast<int>(rows_.needed()); }
    int rows_of(const DecodePlan* plan) const { return static_cast<int>(rows_.taken_by(plan)); }
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
    /// One token for every row, or for as many as Backend::linear computes alike (most_rows_of_a_step), prompts first;
    /// windows that are finished are appended to `results`. After Error{out_of_memory} the
    /// batch is as it was, or windows that were about to finish begin anew: the step can be tried again.
    void step(std::vector<DecodeResult>& results);
    /// Forgets the windows of a job.
    void remove(const DecodePlan* plan) { rows_.leave_all_of(plan); }

    /// Probability of each language token after start_of_transcript, in the order of GenerationConfig::languages. Needs
    /// room for a window.
    std::vector<float> language_probabilities(const GenerationConfig& generation, const CrossCache& window);

  private:
    using TaskPtr = std::shared_ptr<DecodeTask>;

    void begin(TaskPtr task, size_t temperature, std::vector<int> slots);
    void choose_who_takes_part();
    void collect_inputs();
    void take_choices(const std::vector<Choice>& choices);
    Hypothesis hypothesis_of(const DecodeAttempt& attempt) const;
    int longest_text(const DecodeRequest& request) const;
    AlignRequest text_of(const DecodeRequest& request, const Hypothesis& hypothesis) const;
    void add_times(std::span<const TaskPtr> tasks, std::span<DecodeResult> results);

    const WhisperModel& model_;
    const Tokenizer& tokenizer_;
    Decoder decoder_;
    WordAligner aligner_;
    BatchRows rows_;
    int64_t arrivals_ = 0;
    // Of the step under way.
    std::vector<DecodeAttempt*> taking_part_;
    std::vector<DecoderInput> inputs_;
    std::vector<int32_t> items_;
    std::vector<TokenRule> token_rules_;
};

}  // namespace ft
