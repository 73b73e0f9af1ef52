#pragma once
// What the worker wants from the engine (jobs/transcribe.h), over the loaded model.
#include "jobs/transcribe.h"
#include "service/engine_holder.h"

namespace ft {

/// Any thread may call any function, also at once.
class EngineTranscribe : public Transcribe {
  public:
    /// `holder` outlives it.
    explicit EngineTranscribe(EngineHolder& holder) : holder_(holder) {}

    std::string plan(const Job& job) override;
    /// Messages of errors call the audio as the user did, not where we keep it.
    Transcript transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                          const std::atomic<bool>& stop) override;

  private:
    EngineHolder& holder_;
};

}  // namespace ft
