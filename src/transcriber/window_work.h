#pragma once
// One window on its way to its text: read as a whole, then what the decoder broke off before, then, in other cuts, what
// the first reading leaves in doubt; the better reading stays (repair.h).
#include <cstdint>
#include <deque>
#include <vector>

#include "decoding/hypothesis.h"
#include "speech/window_cut.h"
#include "transcriber/repair.h"
#include "transcriber/window_text.h"

namespace ft {

/// What all windows of a file have in common.
struct WindowRules {
    FallbackOptions fallback;
    bool repair = true;
    bool drop_inventions = true;
    bool speech_is_known = true;  ///< false without a voice detector: nothing says that text is missing
};

/// One part is decoded at a time, so that a window's parts, and with them its text, do not depend on what else is in
/// the batch. One thread.
class WindowWork {
  public:
    /// Numbers of parts lie below it.
    static constexpr int64_t most_parts = 256;
    static constexpr int64_t most_first_parts = 64;  ///< of them, those of the first reading

    /// `rules` outlives it.
    WindowWork(Window window, const WindowRules& rules);

    const Window& window() const { return window_; }
    /// What is to be decoded next; nullptr when the window is finished.
    const Window* part() const { return waiting_.empty() ? nullptr : &waiting_.front(); }
    int64_t part_number() const { return parts_; }
    /// The part is of a second reading.
    bool repairing() const { return repairing_; }
    /// The part is tried at the first temperature only: there may well be no speech in it.
    bool once() const { return window_.rejected || (repairing_ && doubts_[doubt_].fault == Fault::silent); }
    /// Words that the part is read after; none unless said.
    void set_prompt(std::vector<std::string> words) { prompt_ = std::move(words); }
    /// `language`: code of the text to be expected.
    void take(const Hypothesis& hypothesis, WindowText text, const std::string& language);
    /// What was found so far; without language. Once.
    FinishedWindow finish();

  private:
    ReadingContext context() const;
    void end_first_reading();
    void begin_next_repair();
    void settle_repair();
    std::vector<Window> cuts_for(const Doubt& doubt) const;

    const WindowRules& rules_;
    Window window_;
    std::deque<Window> waiting_;
    int64_t parts_ = 0;  // taken
    std::string language_;
    std::vector<std::string> prompt_;        // of the part
    std::vector<std::string> first_prompt_;  // of the first reading, the longest
    std::vector<Reading> first_, second_;
    std::vector<Segment> segments_;  // that stay
    std::vector<Doubt> doubts_;
    size_t doubt_ = 0;  // under repair
    bool repairing_ = false;
    FinishedWindow result_;
};

}  // namespace ft
