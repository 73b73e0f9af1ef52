#pragma once
// What the worker wants from the engine: a file, and the windows that were finished before, become a transcript.
#include <atomic>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "jobs/job.h"
#include "transcript/transcript.h"

namespace ft {

struct TranscribeRequest {
    std::filesystem::path audio;
    const Job* job = nullptr;  ///< options; outlives the call
    /// Ascending, any subset; all of the plan that plan() names now.
    std::vector<FinishedWindow> finished;
};

/// One call of transcribe() at a time for each object and thread.
class Transcribe {
  public:
    virtual ~Transcribe() = default;
    /// A name for all that decides where windows begin and what is found in them: model, precision, options, the
    /// versions of the detector and the packer. Windows finished under another plan are of no use. Throws
    /// Error{invalid_argument} for options that make no sense.
    virtual std::string plan(const Job& job) = 0;
    /// The same transcript, whatever part of the windows comes from `finished`. Throws Error; Error{cancelled} soon
    /// after `stop` has become true.
    virtual Transcript transcribe(const TranscribeRequest& request, const WindowFunction& on_window,
                                  const std::atomic<bool>& stop) = 0;
};

}  // namespace ft
