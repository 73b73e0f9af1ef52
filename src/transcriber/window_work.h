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
    std::vector<std::string> prompt;
};

/// One part is decoded at a time, so that a window's parts, and with them its text, do not depend on what else is in
/// the batch. One thread.
class WindowWork {
  public:
    /// Numbers of parts lie below it.
    static constexpr int64_t most_parts = 256;

    /// `rules` outlives it.
    WindowWork(Window window, const WindowRules& rules);

    const Window& window() const { return window_; }
    /// What is to be decoded next; nullptr when the window is finished.
    const Window* part() const { return waiting_.empty() ? nullptr : &waiting_.front(); }
    int64_t part_number() const { return parts_; }
    /// `language`: code of the text to be expected; `prompted`: the part was read after the initial prompt.
    void take(const Hypothesis& hypothesis, WindowText text, const std::string& language, bool prompted);
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
    std::vector<Reading> first_, second_;
    std::vector<Segment> segments_;  // that stay
    std::vector<Doubt> doubts_;
    size_t doubt_ = 0;  // under repair
    bool repairing_ = false;
    FinishedWindow result_;
};

}  // namespace ft
