#pragma once
// A loaded model as the service sees it; apps/ make it, as they know where models come from.
#include <functional>
#include <memory>
#include <string>

#include "transcriber/transcriber.h"

namespace ft {

/// Any thread may call any function, also at once: files share one batch.
class Engine {
  public:
    virtual ~Engine() = default;
    /// As the user named it; a model given as a folder by that folder's name, as clients need not know our paths.
    virtual std::string model() const = 0;
    /// Why it does not run on the device that it would rather use, as one clause; "": it does.
    virtual std::string device_note() const { return ""; }
    /// As Transcriber::plan and Transcriber::transcribe, with the detector's file and the provenance filled in.
    virtual std::string plan(TranscribeOptions options) = 0;
    virtual Transcript transcribe(const std::string& audio, TranscribeOptions options,
                                  const TranscribeHooks& hooks) = 0;
};

/// Finds, prepares and loads. Throws Error.
using LoadEngine = std::function<std::shared_ptr<Engine>()>;

}  // namespace ft
