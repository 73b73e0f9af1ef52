#pragma once
// Who has which rows of the batch. An attempt at a window holds slots of the decoder's cache; guesses give theirs back
// when somebody needs them; and when memory runs out the batch shrinks: guesses leave first, then the windows that came
// last. Nothing is decoded here: that is batch_decoder.h.
#include <cstddef>
#include <memory>
#include <vector>

#include "decoding/decode_task.h"
#include "decoding/search.h"

namespace ft {

/// One temperature of a window, and its rows of the batch.
struct DecodeAttempt {
    std::shared_ptr<DecodeTask> task;
    size_t temperature = 0;  // index
    std::vector<int> slots;
    Search search;
    float no_speech_prob = 0.0F;
    bool prompt_read = false;
};

/// One thread at a time. An attempt whose task has another one under way at a lower temperature is a guess: it may turn
/// out to be needless.
class BatchRows {
  public:
    explicit BatchRows(int slots);

    std::vector<DecodeAttempt>& attempts() { return attempts_; }
    const std::vector<DecodeAttempt>& attempts() const { return attempts_; }

    size_t slots() const { return slots_; }
    size_t taken() const { return slots_ - free_slots_.size(); }
    /// Without those of guesses.
    size_t needed() const;
    size_t taken_by(const DecodePlan* plan) const;
    /// Room for so many rows if guesses leave. A batch without any has room for all that there are slots.
    bool has_room(size_t rows) const;
    /// The same without anybody leaving.
    bool has_spare(size_t rows) const { return rows <= free_slots_.size() && taken() + rows <= limit_; }

    /// Free slots, after the guesses that are furthest ahead have left where there are too few. Throws
    /// Error{internal} when that is not enough. Whoever takes them adds an attempt that holds them.
    std::vector<int> take(size_t count);
    /// A slot for what is done before anybody takes it; taken and given back at once.
    int borrow();
    void add(DecodeAttempt attempt) { attempts_.push_back(std::move(attempt)); }
    /// Of the free slots those that became free last, from 0: for what is done before anybody takes them.
    int free_slot(size_t i) const { return free_slots_[free_slots_.size() - 1 - i]; }

    void leave(size_t attempt);
    void leave_all_of(const DecodeTask& task);
    void leave_all_of(const DecodePlan* plan);

    /// From now on no more rows than this are taken, one at least; a window alone keeps what it has. Gives the windows
    /// that had to leave, in the order in which they came.
    std::vector<std::shared_ptr<DecodeTask>> limit(size_t rows);
    /// Takes out the window that came last; null when there is none.
    std::shared_ptr<DecodeTask> take_out_newest();

  private:
    bool is_guess(const DecodeAttempt& attempt) const;
    bool drop_furthest_guess();
    std::shared_ptr<DecodeTask> newest() const;

    const size_t slots_;
    size_t limit_;
    std::vector<DecodeAttempt> attempts_;
    std::vector<int> free_slots_;
};

}  // namespace ft
