#pragma once
// The one loaded model of a process: loaded when it is first wanted, given back after an idle time.
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/clock.h"
#include "service/engine.h"

namespace ft {

/// Any thread may call any function.
class EngineHolder {
  public:
    /// `idle_ms`: unused for so long, the model goes and its memory with it; 0: never. `clock` outlives the holder.
    EngineHolder(LoadEngine load, const Clock& clock, int64_t idle_ms);

    /// Loads when nothing is loaded; whoever asks meanwhile waits for the same load. It stays loaded while what is
    /// returned is held. Throws Error: out_of_memory, or bad_model for all else, as the recording is not at fault.
    std::shared_ptr<Engine> get();
    /// Has been loaded once, so that a request will be worked on.
    bool ready() const { return ready_.load(); }
    bool loaded() const;
    /// The model's name; empty before it was loaded for the first time.
    std::string model() const;
    /// Lets the model go if it is idle; to be called now and then. True when it went.
    bool release_if_idle();

  private:
    const LoadEngine load_;
    const Clock& clock_;
    const int64_t idle_ms_;
    std::mutex loading_;        // held while loading
    mutable std::mutex mutex_;  // of what follows
    std::shared_ptr<Engine> engine_;
    std::string model_;
    int64_t used_ms_ = 0;  // boot clock
    std::atomic<bool> ready_{false};
};

}  // namespace ft
