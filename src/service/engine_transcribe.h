#pragma once
// What the worker wants from the engine (jobs/transcribe.h), over the loaded model.
#include <functional>
#include <utility>

#include "base/error.h"
#include "jobs/transcribe.h"
#include "service/engine_holder.h"

namespace ft {

/// Any thread may call any function, also at once.
class EngineTranscribe : public Transcribe {
  public:
    /// `holder` outlives it. `lost` is called, by the thread that transcribed, after Error{device_lost}: no engine of
    /// this process will work any more, so somebody has to start another.
    EngineTranscribe(EngineHolder& holder, std::function<void(const Error&)> lost)
        : holder_(holder), lost_(std::move(lost)) {}

    std::string plan(const Job& job) override;
    /// Messages of errors call the audio as the user did, not where we keep it.
    Transcript transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                          const std::atomic<bool>& stop) override;

  private:
    EngineHolder& holder_;
    const std::function<void(const Error&)> lost_;
};

}  // namespace ft
